import { hash } from 'node:crypto';
import { TepuiError, crc32c, equalBytes, takeFront } from '../base/index.js';
import type { Entry, EntryKind, LogIndex } from '../raft/types.js';
import { CHAIN_BYTES } from './log-records.js';

/**
 * The value of one log entry. Fixed-width and little-endian, so that what is hashed is one piece of memory:
 *
 *   0      4        20         36     40     48      56     57
 *   ├ CRC ─┼─ chain ─┼ previous ┼ size ┼ term ┼ index ┼ kind ┼ data … ┤
 *          └──────────────── covered by the CRC-32C ─────────────────┘
 *                    └────────── SHA-256, first 16 bytes = chain ────┘
 *
 * `previous` is the chain of the entry before: a record found in another's place, left over from an earlier
 * leader or taken from another log does not link up, however good its checksum.
 */
const CHAIN_AT = 4;
const PREVIOUS_AT = CHAIN_AT + CHAIN_BYTES;
const SIZE_AT = PREVIOUS_AT + CHAIN_BYTES;
const TERM_AT = SIZE_AT + 4;
const INDEX_AT = TERM_AT + 8;
const KIND_AT = INDEX_AT + 8;
const DATA_AT = KIND_AT + 1;

/** Numbered for ever. */
const KINDS: readonly EntryKind[] = ['normal', 'noop', 'configuration'];

/** An entry as it is on disk, taken apart; `entry.data` and `chain` are views of the value. */
export interface StoredEntry {
  readonly entry: Entry;
  readonly chain: Uint8Array;
}

/** The header is put in front of the data where there is room for it, else both into new memory. */
export function encodeEntry(entry: Entry, previous: Uint8Array): Uint8Array {
  const { data } = entry;
  const value = takeFront(data, DATA_AT) ?? copied(data);
  const view = new DataView(value.buffer, value.byteOffset, value.length);
  value.set(previous, PREVIOUS_AT);
  view.setUint32(SIZE_AT, data.length, true);
  putInteger(view, TERM_AT, entry.term);
  putInteger(view, INDEX_AT, entry.index);
  value[KIND_AT] = KINDS.indexOf(entry.kind);
  value.set(chainOf(value), CHAIN_AT);
  view.setUint32(0, crc32c(value, 0, 4), true);
  return value;
}

function copied(data: Uint8Array): Uint8Array {
  const value = new Uint8Array(DATA_AT + data.length);
  value.set(data, DATA_AT);
  return value;
}

/** The parts of a value this room has just encoded: nothing is verified again. */
export function storedEntry(entry: Entry, value: Uint8Array): StoredEntry {
  return {
    entry: { term: entry.term, index: entry.index, kind: entry.kind, data: value.subarray(DATA_AT) },
    chain: value.subarray(CHAIN_AT, CHAIN_AT + CHAIN_BYTES),
  };
}

/**
 * Reads a value found at `index`. Throws DAMAGED unless size, checksum and hash are right, the index is the
 * expected one and, where the chain of the entry before is given, the value builds on it.
 */
export function decodeEntry(value: Uint8Array, index: LogIndex, previous: Uint8Array | null): StoredEntry {
  if (value.length < DATA_AT) throw damaged(index, `${value.length} bytes, at least ${DATA_AT} expected`);
  const view = new DataView(value.buffer, value.byteOffset, value.length);
  const size = view.getUint32(SIZE_AT, true);
  if (size !== value.length - DATA_AT) {
    throw damaged(index, `${value.length - DATA_AT} bytes of data, its header says ${size}`);
  }
  if (crc32c(value, 0, 4) !== view.getUint32(0, true)) throw damaged(index, 'wrong checksum');
  const chain = value.subarray(CHAIN_AT, CHAIN_AT + CHAIN_BYTES);
  if (!equalBytes(chain, chainOf(value))) throw damaged(index, 'wrong hash');
  const found = getInteger(view, INDEX_AT);
  if (found !== index) throw damaged(index, `the record of entry ${found} is in its place`);
  if (previous !== null && !equalBytes(previous, value.subarray(PREVIOUS_AT, SIZE_AT))) {
    throw damaged(index, 'it does not build on the entry before it');
  }
  const kind = KINDS[value[KIND_AT]!];
  if (kind === undefined) throw damaged(index, `unknown kind ${value[KIND_AT]}`);
  const term = getInteger(view, TERM_AT);
  return { entry: { term, index, kind, data: value.subarray(DATA_AT) }, chain };
}

function chainOf(value: Uint8Array): Uint8Array {
  return hash('sha256', value.subarray(PREVIOUS_AT), 'buffer').subarray(0, CHAIN_BYTES);
}

function damaged(index: LogIndex, why: string): TepuiError {
  return new TepuiError('DAMAGED', `log entry ${index}: ${why}`, { fields: { index } });
}

function putInteger(view: DataView, at: number, value: number): void {
  view.setUint32(at, value % 0x1_0000_0000, true);
  view.setUint32(at + 4, Math.floor(value / 0x1_0000_0000), true);
}

function getInteger(view: DataView, at: number): number {
  return view.getUint32(at, true) + view.getUint32(at + 4, true) * 0x1_0000_0000;
}
