import { TepuiError, crc32c } from '../base/index.js';
import { recordKey, splitRecordKey } from './keys.js';
import type { Memory } from './slab.js';
import type { StateRecord } from './types.js';

/**
 * The database value of a record: [CRC-32C, 4 bytes little-endian][the machine's bytes]. The checksum covers
 * the database key too, so that a value under another's key is recognised.
 */
const CHECKSUM_BYTES = 4;

/** The pair as it is stored, in memory taken from `slab`. */
export function encodeRecord(record: StateRecord, slab: Memory): { key: Uint8Array; value: Uint8Array } {
  const key = recordKey(record.table, record.key, slab);
  const value = slab.take(CHECKSUM_BYTES + record.value.length);
  value.set(record.value, CHECKSUM_BYTES);
  putU32(value, 0, crc32c(value, crc32c(key), CHECKSUM_BYTES));
  return { key, value };
}

/** Views into `key` and `value`. Throws DAMAGED. */
export function decodeRecord(key: Uint8Array, value: Uint8Array): StateRecord {
  const actual = crc32c(value, crc32c(key), CHECKSUM_BYTES);
  const stored = value.length < CHECKSUM_BYTES ? -1 : getU32(value, 0);
  if (key.length < 3 || actual !== stored) {
    const name = Buffer.from(key).toString('hex');
    throw new TepuiError('DAMAGED', `state record ${name}: wrong checksum (${value.length} bytes)`);
  }
  // Not `subarray`: the database gives buffers of Node, whose views cost several times as much.
  const size = value.length - CHECKSUM_BYTES;
  const { table, key: own } = splitRecordKey(key);
  return { table, key: own, value: new Uint8Array(value.buffer, value.byteOffset + CHECKSUM_BYTES, size) };
}

/** A piece of a snapshot stream: the database pair with both lengths in front (4 bytes little-endian each). */
export const FRAME_HEADER_BYTES = 8;

/** The frame in two parts: the lengths with the key, and `value` itself. */
export function frameOf(key: Uint8Array, value: Uint8Array): [Uint8Array, Uint8Array] {
  const head = new Uint8Array(FRAME_HEADER_BYTES + key.length);
  putU32(head, 0, key.length);
  putU32(head, 4, value.length);
  head.set(key, FRAME_HEADER_BYTES);
  return [head, value];
}

/** The lengths of key and value in the frame that begins at `at`. */
export function frameLengths(bytes: Uint8Array, at: number): { key: number; value: number } {
  return { key: getU32(bytes, at), value: getU32(bytes, at + 4) };
}

function putU32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value;
  bytes[at + 1] = value >>> 8;
  bytes[at + 2] = value >>> 16;
  bytes[at + 3] = value >>> 24;
}

function getU32(bytes: Uint8Array, at: number): number {
  return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0;
}
