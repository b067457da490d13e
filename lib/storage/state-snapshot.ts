import { createHash, type Hash } from 'node:crypto';
import { TepuiError, assert, crc32c, type SnapshotChunk } from '../base/index.js';
import { ALL_RECORDS, STATE_META_KEY, after } from './keys.js';
import { decodeCutMeta } from './log-records.js';
import { decodeRecord, frameOf } from './state-codec.js';
import type { CutMeta, KvSnapshot, StateSnapshot } from './types.js';

/** Upper bound of a chunk. */
export const CHUNK_BYTES: number = 256 << 10;
const READ_BYTES = 128 << 10;
const READ_ENTRIES = 4096;

/** Where a chunk begins: everything needed to go on from there, and no record data. */
interface Boundary {
  /** What comes before the first record: the meta, at the very beginning only. */
  readonly prefix: Piece | null;
  /** Key of the record in whose frame the chunk begins, and how much of that frame went before. */
  readonly from: Uint8Array;
  readonly skip: number;
  /** Records whose frames end before the chunk. */
  readonly records: number;
  /** Over everything before the chunk. */
  readonly digest: Hash;
}

/** A frame that waits to be handed out. */
interface Piece {
  /** The record's database key; null for the meta. */
  readonly key: Uint8Array | null;
  /** Its frame: the lengths and the key, then the value as the database gave it. Copied once, into the chunk. */
  readonly parts: readonly [Uint8Array, Uint8Array];
}

/**
 * The contents of a state folder as of one moment, as a stream of bytes cut into chunks of equal size:
 *
 *   frame(meta) frame(record) frame(record) …          frame = key length, value length, key, value
 *   ├──── chunk 0 ────┼──── chunk 1 ────┼─ … last ─┤
 *
 * Values go as they are stored, with their checksums, which both sides verify: a record damaged on the sender's
 * disk ends the transfer with DAMAGED there. The digest is the SHA-256 of all bytes. Boundaries passed once are remembered, so
 * that a broken transfer resumes without reading from the start.
 */
export class PinnedState implements StateSnapshot {
  readonly id: string;
  readonly meta: CutMeta;
  private readonly view: KvSnapshot;
  private readonly onClose: () => void;
  private readonly boundaries: Boundary[];
  private open = true;

  constructor(id: string, storedMeta: Uint8Array, view: KvSnapshot, onClose: () => void) {
    this.id = id;
    this.meta = decodeCutMeta(storedMeta);
    this.view = view;
    this.onClose = onClose;
    const prefix = { key: null, parts: frameOf(STATE_META_KEY, storedMeta) };
    const digest = createHash('sha256');
    this.boundaries = [{ prefix, from: ALL_RECORDS.from, skip: 0, records: 0, digest }];
  }

  /**
   * Each call reads on its own; several transfers may share one snapshot. Throws OUT_OF_RANGE beyond the end and
   * once the snapshot is closed, DAMAGED at a bad record.
   */
  async *chunks(offset: number): AsyncGenerator<SnapshotChunk> {
    const start = this.boundaries[Math.min(offset, this.boundaries.length - 1)]!;
    let number = Math.min(offset, this.boundaries.length - 1);
    const reader = new StreamReader(this.view, start, () => this.open);
    for (;;) {
      const bytes = await reader.take(CHUNK_BYTES);
      const last = reader.atEnd ? { digest: reader.digestHex(), records: reader.records } : null;
      if (last === null && this.boundaries.length === number + 1) this.boundaries.push(reader.boundary());
      if (number >= offset) yield { number, bytes, crc: crc32c(bytes), last };
      number++;
      if (last === null) continue;
      if (offset >= number) throw new TepuiError('OUT_OF_RANGE', `chunk ${offset} of ${number}`);
      return;
    }
  }

  async close(): Promise<void> {
    if (!this.open) return;
    this.open = false;
    this.onClose();
    await this.view.close();
  }
}

class StreamReader {
  private readonly view: KvSnapshot;
  private readonly isOpen: () => boolean;
  /** The next read of the database begins here. */
  private from: Uint8Array;
  private queue: Piece[] = [];
  /** Bytes of the first piece that were handed out. */
  private used: number;
  /** Bytes of the queue that were not. */
  private bytes = 0;
  private exhausted = false;
  private readonly digest: Hash;
  /** Records handed out whole: all of them once the stream is at its end. */
  records: number;

  constructor(view: KvSnapshot, start: Boundary, isOpen: () => boolean) {
    this.view = view;
    this.isOpen = isOpen;
    this.from = start.from;
    if (start.prefix !== null) this.push(start.prefix);
    this.used = start.skip;
    this.bytes -= start.skip;
    this.records = start.records;
    this.digest = start.digest.copy();
  }

  get atEnd(): boolean {
    return this.exhausted && this.bytes === 0;
  }

  /** The next `size` bytes of the stream; fewer at its end. */
  async take(size: number): Promise<Uint8Array> {
    // One byte more than asked for, so that the chunk that ends the stream is known to be the last.
    while (!this.exhausted && this.bytes <= size) await this.fill();
    const bytes = this.drain(Math.min(size, this.bytes));
    this.digest.update(bytes);
    return bytes;
  }

  digestHex(): string {
    return this.digest.copy().digest('hex');
  }

  boundary(): Boundary {
    const from = this.queue[0]?.key ?? this.from;
    return { prefix: null, from, skip: this.used, records: this.records, digest: this.digest.copy() };
  }

  private push(piece: Piece): void {
    this.queue.push(piece);
    this.bytes += lengthOf(piece);
  }

  private async fill(): Promise<void> {
    if (!this.isOpen()) throw new TepuiError('OUT_OF_RANGE', 'the snapshot was closed');
    const slice = await this.view.read({ from: this.from, to: ALL_RECORDS.to }, READ_ENTRIES, READ_BYTES);
    const last = slice.at(-1);
    this.exhausted = last === undefined;
    for (const [key, value] of slice) {
      decodeRecord(key, value);
      this.push({ key, parts: frameOf(key, value) });
    }
    if (last !== undefined) this.from = after(last[0]);
  }

  private drain(size: number): Uint8Array {
    const bytes = new Uint8Array(size);
    let at = 0;
    let done = 0;
    while (at < size) {
      const piece = this.queue[done];
      assert(piece !== undefined, () => `${at} of ${size} bytes are buffered`);
      const copied = copyPart(piece, this.used, bytes, at);
      at += copied;
      this.used += copied;
      if (this.used < lengthOf(piece)) break;
      this.used = 0;
      done++;
      if (piece.key !== null) this.records++;
    }
    this.queue = this.queue.slice(done);
    this.bytes -= size;
    return bytes;
  }
}

function lengthOf({ parts: [head, value] }: Piece): number {
  return head.length + value.length;
}

/** Copies a frame from its byte `from` on to the end of `target`, or as much of it as fits; returns how much. */
function copyPart({ parts: [head, value] }: Piece, from: number, target: Uint8Array, at: number): number {
  const ofHead = head.subarray(from, from + target.length - at);
  target.set(ofHead, at);
  const start = from + ofHead.length - head.length;
  if (start < 0) return ofHead.length;
  const ofValue = value.subarray(start, start + target.length - at - ofHead.length);
  target.set(ofValue, at + ofHead.length);
  return ofHead.length + ofValue.length;
}
