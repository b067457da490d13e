import { ByteReader, ByteWriter, MalformedError, TepuiError, crc32c } from '../base/index.js';

/**
 * A small record with its checksum in front: [CRC-32C of the rest, 4 bytes][fields]. LevelDB does not verify
 * its own checksums on reads, so every value this room stores carries one.
 */
export function seal(write: (writer: ByteWriter) => void): Uint8Array {
  const writer = new ByteWriter().u32(0);
  write(writer);
  const bytes = writer.finish();
  new DataView(bytes.buffer).setUint32(0, crc32c(bytes, 0, 4), true);
  return bytes;
}

/** Reads what `seal` wrote; throws DAMAGED when the checksum or a field is wrong. */
export function unseal<T>(what: string, bytes: Uint8Array, read: (reader: ByteReader) => T): T {
  try {
    const reader = new ByteReader(bytes);
    const expected = reader.u32();
    const actual = crc32c(bytes, 0, 4);
    if (actual !== expected) {
      throw new TepuiError('DAMAGED', `${what}: checksum ${hex(actual)}, ${hex(expected)} was stored`);
    }
    const value = read(reader);
    reader.expectEnd(what);
    return value;
  } catch (error) {
    if (!(error instanceof MalformedError)) throw error;
    throw new TepuiError('DAMAGED', `${what}: ${error.message}`, { cause: error });
  }
}

function hex(value: number): string {
  return value.toString(16).padStart(8, '0');
}
