/**
 * CRC-32C (Castagnoli, RFC 3720 appendix B.4), sixteen bytes a step ("slicing": Kounavis and Berry, A Systematic
 * Approach to Building High Performance Software-based CRC Generators, ISCC 2005).
 */

const POLYNOMIAL = 0x82f63b78;
const STEP = 16;
/** Table k, at 256 × k, has what a byte contributes when k more bytes follow it. */
const TABLES: Int32Array = buildTables();

function buildTables(): Int32Array {
  const tables = new Int32Array(STEP * 256);
  for (let n = 0; n < 256; n++) {
    let c = n;
    for (let k = 0; k < 8; k++) c = c & 1 ? (c >>> 1) ^ POLYNOMIAL : c >>> 1;
    tables[n] = c;
  }
  for (let at = 256; at < tables.length; at++) {
    const previous = tables[at - 256]!;
    tables[at] = tables[previous & 0xff]! ^ (previous >>> 8);
  }
  return tables;
}

/** The checksum of `bytes[from, to)`, continuing from `seed` (the checksum of what came before). */
export function crc32c(
  bytes: Uint8Array,
  seed: number = 0,
  from: number = 0,
  to: number = bytes.length,
): number {
  // One flat table and no loop within a step: the compiler then keeps everything in registers.
  const t = TABLES;
  let c = ~seed;
  let i = from;
  for (; i + STEP <= to; i += STEP) {
    c ^= bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24);
    c =
      t[0xf00 + (c & 0xff)]! ^
      t[0xe00 + ((c >>> 8) & 0xff)]! ^
      t[0xd00 + ((c >>> 16) & 0xff)]! ^
      t[0xc00 + (c >>> 24)]! ^
      t[0xb00 + bytes[i + 4]!]! ^
      t[0xa00 + bytes[i + 5]!]! ^
      t[0x900 + bytes[i + 6]!]! ^
      t[0x800 + bytes[i + 7]!]! ^
      t[0x700 + bytes[i + 8]!]! ^
      t[0x600 + bytes[i + 9]!]! ^
      t[0x500 + bytes[i + 10]!]! ^
      t[0x400 + bytes[i + 11]!]! ^
      t[0x300 + bytes[i + 12]!]! ^
      t[0x200 + bytes[i + 13]!]! ^
      t[0x100 + bytes[i + 14]!]! ^
      t[bytes[i + 15]!]!;
  }
  for (; i < to; i++) c = t[(c ^ bytes[i]!) & 0xff]! ^ (c >>> 8);
  return ~c >>> 0;
}
