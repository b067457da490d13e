import { TepuiError, concatBytes, crc32c } from '../base/index.js';
import { recordKey, splitRecordKey } from './keys.js';
import type { StateRecord } from './types.js';

/**
 * The database value of a record: [CRC-32C, 4 bytes little-endian][the machine's bytes]. The checksum covers
 * the database key too, so that a value under another's key is recognised.
 */
const CHECKSUM_BYTES = 4;

export function encodeRecord(record: StateRecord): { key: Uint8Array; value: Uint8Array } {
  const key = recordKey(record.table, record.key);
  const value = new Uint8Array(CHECKSUM_BYTES + record.value.length);
  value.set(record.value, CHECKSUM_BYTES);
  new DataView(value.buffer).setUint32(0, crc32c(value, crc32c(key), CHECKSUM_BYTES), true);
  return { key, value };
}

/** Views into `key` and `value`. Throws DAMAGED. */
export function decodeRecord(key: Uint8Array, value: Uint8Array): StateRecord {
  const actual = crc32c(value, crc32c(key), CHECKSUM_BYTES);
  const stored =
    value.length < CHECKSUM_BYTES ? -1 : new DataView(value.buffer, value.byteOffset, 4).getUint32(0, true);
  if (key.length < 3 || actual !== stored) {
    const name = Buffer.from(key).toString('hex');
    throw new TepuiError('DAMAGED', `state record ${name}: wrong checksum (${value.length} bytes)`);
  }
  const { table, key: own } = splitRecordKey(key);
  return { table, key: own, value: value.subarray(CHECKSUM_BYTES) };
}

/** A piece of a snapshot stream: the database pair with both lengths in front (4 bytes little-endian each). */
export const FRAME_HEADER_BYTES = 8;

export function frameOf(key: Uint8Array, value: Uint8Array): Uint8Array {
  const header = new Uint8Array(FRAME_HEADER_BYTES);
  const view = new DataView(header.buffer);
  view.setUint32(0, key.length, true);
  view.setUint32(4, value.length, true);
  return concatBytes([header, key, value]);
}
