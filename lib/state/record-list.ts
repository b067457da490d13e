import { assert } from '../base/index.js';
import type { StateRecord } from './cut.js';

/** Chunks double up to the larger size: most cuts of a quiet group are small. */
const FIRST_CHUNK_BYTES = 1024;
const CHUNK_BYTES = 64 * 1024;
/** Table in 2 bytes, lengths of key and value in 4 each. */
const HEADER_BYTES = 10;

/** Chunks of cuts that are over: the next one is as large, as a rule. What is more goes back to the system. */
const SPARE_CHUNKS = 128;

/** Memory for the records of one cut after the other, so that a busy member makes no garbage of it. */
export class ChunkPool {
  private readonly spare: Uint8Array[] = [];

  take(): Uint8Array {
    return this.spare.pop() ?? new Uint8Array(CHUNK_BYTES);
  }

  give(chunk: Uint8Array): void {
    if (chunk.length === CHUNK_BYTES && this.spare.length < SPARE_CHUNKS) this.spare.push(chunk);
  }
}

interface Chunk {
  readonly bytes: Uint8Array;
  used: number;
}

/**
 * Records one after the other in a few large pieces of memory. A busy cut holds a hundred thousand of them for a second:
 * as objects with arrays of their own they would all be copied by each collection meanwhile, and hold the loop for it.
 * What iterating gives are views that are over as soon as they were used.
 */
export class RecordList implements Iterable<StateRecord> {
  private readonly chunks: Chunk[] = [];
  private readonly pool: ChunkPool;
  private count = 0;
  private cleared = 0;

  constructor(pool: ChunkPool) {
    this.pool = pool;
  }

  get length(): number {
    return this.count;
  }

  /** Copies `key[from, to)` and `value` in. */
  add(table: number, key: Uint8Array, from: number, to: number, value: Uint8Array): void {
    const chunk = this.chunkWithRoom(HEADER_BYTES + to - from + value.length);
    const { bytes } = chunk;
    let at = chunk.used;
    bytes[at++] = table;
    bytes[at++] = table >>> 8;
    at = putU32(bytes, at, to - from);
    at = putU32(bytes, at, value.length);
    // Paths are short: a loop is quicker than a view and a call.
    for (let i = from; i < to; i++) bytes[at++] = key[i]!;
    bytes.set(value, at);
    chunk.used = at + value.length;
    this.count++;
  }

  *[Symbol.iterator](): Generator<StateRecord, void> {
    const { cleared } = this;
    for (const { bytes, used } of this.chunks) {
      for (let at = 0; at < used;) {
        const keyAt = at + HEADER_BYTES;
        const valueAt = keyAt + getU32(bytes, at + 2);
        const end = valueAt + getU32(bytes, at + 6);
        const table = bytes[at]! | (bytes[at + 1]! << 8);
        yield { table, key: bytes.subarray(keyAt, valueAt), value: bytes.subarray(valueAt, end) };
        assert(
          cleared === this.cleared,
          () => `records were cleared while somebody read them, ${this.cleared} times in all`,
        );
        at = end;
      }
    }
  }

  /** Nothing of them is needed any more: views of them will show other records. */
  clear(): void {
    for (const { bytes } of this.chunks) this.pool.give(bytes);
    this.chunks.length = 0;
    this.count = 0;
    this.cleared++;
  }

  private chunkWithRoom(size: number): Chunk {
    const last = this.chunks.at(-1);
    if (last !== undefined && size <= last.bytes.length - last.used) return last;
    const next = Math.min(CHUNK_BYTES, Math.max(FIRST_CHUNK_BYTES, (last?.bytes.length ?? 0) * 2));
    const bytes =
      next === CHUNK_BYTES && size <= next ? this.pool.take() : new Uint8Array(Math.max(next, size));
    const chunk = { bytes, used: 0 };
    this.chunks.push(chunk);
    return chunk;
  }
}

function putU32(bytes: Uint8Array, at: number, value: number): number {
  bytes[at] = value;
  bytes[at + 1] = value >>> 8;
  bytes[at + 2] = value >>> 16;
  bytes[at + 3] = value >>> 24;
  return at + 4;
}

function getU32(bytes: Uint8Array, at: number): number {
  return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0;
}
