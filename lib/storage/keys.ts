import { MalformedError, concatBytes, utf8Decode, utf8Encode, type NodeId } from '../base/index.js';
import type { LogIndex } from '../raft/types.js';
import type { Memory } from './slab.js';
import type { KvRange } from './types.js';

/**
 * Keys of both databases. Numbers are big-endian, so that the order of bytes is the order of numbers.
 * docs/data-on-disk.md lists all of them; the first byte names the range and is never given a second meaning.
 *
 *   raft/   'b' base   'c' configuration   'h' hard state   'i' owner   's' state folder in force
 *           'a' + node id: acknowledged point   'n' + name: note   'e' + index (8 bytes): entry
 *   state/  'm' meta   'r' + table (2 bytes) + key: record
 */
const letter = (text: string): Uint8Array => utf8Encode(text);

export interface RaftKeys {
  readonly base: Uint8Array;
  readonly configuration: Uint8Array;
  readonly hardState: Uint8Array;
  readonly owner: Uint8Array;
  readonly stateFolder: Uint8Array;
}

export const RAFT_KEYS: RaftKeys = {
  base: letter('b'),
  configuration: letter('c'),
  hardState: letter('h'),
  owner: letter('i'),
  stateFolder: letter('s'),
};

export const STATE_META_KEY: Uint8Array = letter('m');

const ACKNOWLEDGED = letter('a');
const NOTE = letter('n');
const ENTRY = 0x65;
const RECORD = 0x72;
const ENTRY_KEY_BYTES = 9;
const RECORD_PREFIX_BYTES = 3;

export function acknowledgedKey(peer: NodeId): Uint8Array {
  return concatBytes([ACKNOWLEDGED, utf8Encode(peer)]);
}

export function noteKey(name: string): Uint8Array {
  return concatBytes([NOTE, utf8Encode(name)]);
}

export const ACKNOWLEDGED_RANGE: KvRange = { from: ACKNOWLEDGED, to: letter('b') };
export const NOTE_RANGE: KvRange = { from: NOTE, to: letter('o') };
export const EVERYTHING: KvRange = { from: new Uint8Array(0), to: Uint8Array.of(0xff) };

/** The text of an 'a' or 'n' key, or null when it is none (a damaged key). */
export function textAfterPrefix(key: Uint8Array): string | null {
  try {
    return utf8Decode(key, 1);
  } catch (error) {
    if (error instanceof MalformedError) return null;
    throw error;
  }
}

/** The key of the entry at `index`: 'e', then the index in 8 bytes. */
export function entryKey(index: LogIndex): Uint8Array {
  const key = new Uint8Array(ENTRY_KEY_BYTES);
  key[0] = ENTRY;
  const high = Math.floor(index / 0x1_0000_0000);
  for (let i = 0; i < 4; i++) {
    key[4 - i] = high >>> (8 * i);
    key[8 - i] = index >>> (8 * i);
  }
  return key;
}

/** The index in an entry's key, or null when it is not one (a damaged key). */
export function indexOfKey(key: Uint8Array): LogIndex | null {
  if (key.length !== ENTRY_KEY_BYTES || key[0] !== ENTRY) return null;
  let index = 0;
  for (let i = 1; i < ENTRY_KEY_BYTES; i++) index = index * 256 + key[i]!;
  return Number.isSafeInteger(index) ? index : null;
}

export const ALL_ENTRIES: KvRange = { from: entryKey(0), to: Uint8Array.of(ENTRY + 1) };

export function recordKey(table: number, key: Uint8Array, slab: Memory): Uint8Array {
  const whole = slab.take(RECORD_PREFIX_BYTES + key.length);
  whole[0] = RECORD;
  whole[1] = table >>> 8;
  whole[2] = table;
  whole.set(key, RECORD_PREFIX_BYTES);
  return whole;
}

/** Table and key of a record's database key (of at least three bytes); views into it. */
export function splitRecordKey(whole: Uint8Array): { table: number; key: Uint8Array } {
  const size = whole.length - RECORD_PREFIX_BYTES;
  const key = new Uint8Array(whole.buffer, whole.byteOffset + RECORD_PREFIX_BYTES, size);
  return { table: whole[1]! * 256 + whole[2]!, key };
}

export const ALL_RECORDS: KvRange = { from: Uint8Array.of(RECORD), to: Uint8Array.of(RECORD + 1) };

/** The smallest key above `key`: where the next slice of a range begins. */
export function after(key: Uint8Array): Uint8Array {
  const next = new Uint8Array(key.length + 1);
  next.set(key);
  return next;
}
