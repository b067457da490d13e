import { assert } from '../base/index.js';
import type { Entry, LogIndex, LogReader, Persist, SnapshotMeta, Term } from './types.js';

/** What one entry weighs in the cache beside its data. */
const ENTRY_OVERHEAD_BYTES = 64;
/** Durable and committed entries are kept in memory up to this, for peers and apply that are just behind. */
const DEFAULT_CACHE_BYTES = 8 << 20;

/** The part of a `Persist` that the log fills. */
export type LogWrite = Pick<Persist, 'truncateFrom' | 'snapshot' | 'entries'>;

/**
 * The log as this node sees it: the durable log of the host below, and on top a tail in memory that holds
 * everything not yet durable and, as a cache, some that is.
 *
 * ```
 *   durable log (LogReader)          tail in memory
 *   ─────────────────────────┬────────────┬───────────┬──────────────
 *    base  first …           │cached …  stable    written       last
 *                            └ read here, even where the reader has it too
 * ```
 */
export class Log {
  private readonly reader: LogReader;
  private readonly cacheBytes: number;
  /** `tail[head]` is the entry at `tailFirst`; the slots before `head` wait for the next compaction. */
  private tail: Entry[] = [];
  private head = 0;
  private tailFirst: LogIndex;
  private tailBytes = 0;
  /** Entries up to here are durable and part of this log; 0 until a restored base is. stable ≤ written ≤ last. */
  private stableIndex: LogIndex;
  /** Entries up to here were handed to the host for writing. */
  private written: LogIndex;
  /** Last index on disk once the write in flight is done: below it, a conflict must be truncated. */
  private disk: LogIndex;
  private truncateFrom: LogIndex | null = null;
  /** A base that replaces the durable one and is not yet known to be durable. */
  private restored: SnapshotMeta | null = null;
  private restoredWritten = false;
  /** What the write in flight makes stable; lowered when its entries are overwritten meanwhile (ABA). */
  private inFlight: { to: LogIndex; readonly restored: SnapshotMeta | null } | null = null;

  constructor(reader: LogReader, cacheBytes: number = DEFAULT_CACHE_BYTES) {
    this.reader = reader;
    this.cacheBytes = cacheBytes;
    const last = reader.lastIndex();
    this.tailFirst = last + 1;
    this.stableIndex = last;
    this.written = last;
    this.disk = last;
  }

  get stable(): LogIndex {
    return this.stableIndex;
  }

  get lastIndex(): LogIndex {
    return this.tailFirst + this.tail.length - this.head - 1;
  }

  get lastTerm(): Term {
    return this.knownTermAt(this.lastIndex);
  }

  /** The snapshot point below the log. */
  base(): SnapshotMeta {
    return this.restored ?? this.reader.base();
  }

  get firstIndex(): LogIndex {
    return this.restored === null ? this.reader.firstIndex() : this.restored.index + 1;
  }

  /** Term of the entry at `index` (or of the base), null when compacted or beyond the end. */
  termAt(index: LogIndex): Term | null {
    if (index >= this.tailFirst) return this.inTail(index)?.term ?? null;
    if (this.restored === null) return this.reader.termAt(index);
    return index === this.restored.index ? this.restored.term : null;
  }

  /** `termAt` for an index that must be there. */
  knownTermAt(index: LogIndex): Term {
    const term = this.termAt(index);
    assert(
      term !== null,
      () => `no term at ${index}: log holds ${this.base().index} to ${this.lastIndex}; compacted too far?`,
    );
    return term;
  }

  /** Raft's order (§5.4.1): whether a log ending in (`index`, `term`) is at least as complete as this one. */
  isUpToDate(index: LogIndex, term: Term): boolean {
    const lastTerm = this.lastTerm;
    return term > lastTerm || (term === lastTerm && index >= this.lastIndex);
  }

  /**
   * The highest index at or below `index` whose term is at most `term`, the base included; the base's index
   * when there is none above it, and `index` itself when it is below the base. Terms never fall along a log, so
   * this halves its way.
   */
  lastIndexOfTerm(index: LogIndex, term: Term): LogIndex {
    let low = Math.min(this.firstIndex - 1, index);
    let high = Math.min(index, this.lastIndex);
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (this.knownTermAt(middle) <= term) low = middle;
      else high = middle - 1;
    }
    return Math.max(low, 0);
  }

  /** Entries of `[from, to)`: at least one, then as many as fit; may stop early where the tail begins. */
  read(from: LogIndex, to: LogIndex, maxBytes: number): Entry[] {
    if (from < this.tailFirst) return this.reader.read(from, Math.min(to, this.tailFirst), maxBytes);
    const start = this.head + from - this.tailFirst;
    const limit = Math.min(this.tail.length, start + to - from);
    let end = start;
    let bytes = 0;
    while (end < limit) {
      bytes += this.tail[end]!.data.length;
      if (bytes > maxBytes && end > start) break;
      end++;
    }
    return this.tail.slice(start, end);
  }

  /** Bytes of data in the entries `[from, to)`, all of which must be in memory (uncommitted ones are). */
  dataBytes(from: LogIndex, to: LogIndex): number {
    let bytes = 0;
    for (let index = from; index < to; index++) {
      const entry = this.inTail(index);
      assert(
        entry !== undefined,
        () => `entry ${index} left memory too early: tail starts at ${this.tailFirst}`,
      );
      bytes += entry.data.length;
    }
    return bytes;
  }

  /** Adds one entry after the last. */
  append(entry: Entry): void {
    assert(
      entry.index === this.lastIndex + 1,
      () => `entry ${entry.index} does not follow ${this.lastIndex}: a gap in the log`,
    );
    this.tail.push(entry);
    this.tailBytes += entry.data.length + ENTRY_OVERHEAD_BYTES;
  }

  /** Removes the entries at and above `from` (a conflict with the leader, §5.3). */
  truncate(from: LogIndex): void {
    assert(from >= this.firstIndex, () => `truncation at ${from} below the first entry ${this.firstIndex}`);
    if (from <= this.disk) this.truncateFrom = Math.min(this.truncateFrom ?? from, from);
    this.stableIndex = Math.min(this.stableIndex, from - 1);
    this.written = Math.min(this.written, from - 1);
    if (this.inFlight !== null) this.inFlight.to = Math.min(this.inFlight.to, from - 1);
    this.cutTail(from);
  }

  /** Replaces everything by a snapshot point: nothing above it is known to match. */
  restore(meta: SnapshotMeta): void {
    this.restored = meta;
    this.restoredWritten = false;
    this.tail = [];
    this.head = 0;
    this.tailBytes = 0;
    this.tailFirst = meta.index + 1;
    this.truncateFrom = null;
    this.stableIndex = 0;
    this.written = meta.index;
    if (this.inFlight !== null) this.inFlight.to = 0;
  }

  hasUnwritten(): boolean {
    const restoring = this.restored !== null && !this.restoredWritten;
    return this.written < this.lastIndex || this.truncateFrom !== null || restoring;
  }

  /** Everything not handed out yet, for one write; `acknowledge` must follow before the next. */
  takeUnwritten(): LogWrite {
    assert(this.inFlight === null, 'a write is in flight already');
    const snapshot = this.restoredWritten ? null : this.restored;
    const truncateFrom = snapshot === null ? this.truncateFrom : cutAbove(snapshot.index, this.disk);
    const last = this.lastIndex;
    const entries = this.tail.slice(this.head + this.written + 1 - this.tailFirst);
    this.truncateFrom = null;
    this.restoredWritten = true;
    this.written = last;
    this.disk = last;
    this.inFlight = { to: last, restored: snapshot };
    return { truncateFrom, snapshot, entries };
  }

  /** The write in flight is durable: what it held and was not overwritten meanwhile is stable. */
  acknowledge(): void {
    const { inFlight } = this;
    assert(inFlight !== null, 'no write is in flight');
    this.inFlight = null;
    this.stableIndex = Math.max(this.stableIndex, inFlight.to);
    if (inFlight.restored !== null && inFlight.restored === this.restored) this.restored = null;
  }

  /** Drops cached entries from the front. `upTo` bounds what nobody may need from memory (the commit index). */
  trim(upTo: LogIndex): void {
    const bound = Math.min(upTo, this.stableIndex);
    while (this.tailBytes > this.cacheBytes && this.tailFirst <= bound) {
      this.tailBytes -= this.tail[this.head]!.data.length + ENTRY_OVERHEAD_BYTES;
      this.head++;
      this.tailFirst++;
    }
    if (this.head > 256 && this.head * 2 > this.tail.length) {
      this.tail = this.tail.slice(this.head);
      this.head = 0;
    }
  }

  private inTail(index: LogIndex): Entry | undefined {
    return index < this.tailFirst ? undefined : this.tail[this.head + index - this.tailFirst];
  }

  private cutTail(from: LogIndex): void {
    if (from <= this.tailFirst) {
      this.tail = [];
      this.head = 0;
      this.tailBytes = 0;
      this.tailFirst = from;
      return;
    }
    for (let index = from; index <= this.lastIndex; index++) {
      this.tailBytes -= this.inTail(index)!.data.length + ENTRY_OVERHEAD_BYTES;
    }
    this.tail.length = this.head + from - this.tailFirst;
  }
}

function cutAbove(index: LogIndex, last: LogIndex): LogIndex | null {
  return last > index ? index + 1 : null;
}
