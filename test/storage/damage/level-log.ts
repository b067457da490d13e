const BLOCK = 32 << 10;
const HEADER = 7;

/**
 * Where the physical records of a LevelDB log file (or MANIFEST) lie: in blocks of 32 KiB, each record with
 * CRC 4, length 2, type 1 in front; what is left of a block and too short for a header is padding.
 */
export function recordsOf(bytes: Buffer): { readonly at: number; readonly size: number }[] {
  const records = [];
  for (let at = 0; at + HEADER <= bytes.length;) {
    const left = BLOCK - (at % BLOCK);
    if (left < HEADER) {
      at += left;
      continue;
    }
    const size = HEADER + bytes.readUInt16LE(at + 4);
    if (at + size > bytes.length) break;
    records.push({ at, size });
    at += size;
  }
  return records;
}
