import { assert } from '../../lib/base/index.js';
import type {
  Configuration,
  Entry,
  HardState,
  LogIndex,
  LogReader,
  Persist,
  SnapshotMeta,
  Term,
} from '../../lib/raft/types.js';
import type { Cut } from './machine.js';

/**
 * The durable image of one node: what a crash leaves. A write is held back until `complete`, and then takes
 * effect at once and whole; `lose` forgets it. Nothing in between exists, as with one synced batch.
 */
export class SimDisk implements LogReader {
  hardState: HardState = { term: 0, vote: null };
  configuration: Configuration;
  cut: Cut;
  /** Number of the last write begun. */
  writes = 0;
  /** Entries that a write replaced although they were durable. */
  truncated = 0;
  private point: SnapshotMeta;
  /** Entries of (point.index, lastIndex], contiguous. */
  private entries: Entry[] = [];
  private pending: { readonly batch: Persist; readonly received: Cut | null } | null = null;

  constructor(cut: Cut) {
    this.cut = cut;
    this.point = cut.meta;
    this.configuration = cut.meta.configuration;
  }

  get busy(): boolean {
    return this.pending !== null;
  }

  /** Begins a write; at most one is in flight. `received` is the state that `batch.snapshot` stands for. */
  begin(batch: Persist, received: Cut | null): void {
    assert(this.pending === null, 'second write while one is in flight');
    assert((batch.snapshot === null) === (received === null), 'a snapshot is written with its state');
    this.pending = { batch, received };
    this.writes++;
  }

  /** Makes the pending write durable. */
  complete(): Persist {
    const { batch, received } = this.pending!;
    this.pending = null;
    if (batch.truncateFrom !== null) this.truncate(batch.truncateFrom);
    if (received !== null) this.install(received);
    this.append(batch.entries);
    if (batch.hardState !== null) this.hardState = batch.hardState;
    if (batch.configuration !== null) this.configuration = batch.configuration;
    return batch;
  }

  lose(): void {
    this.pending = null;
  }

  /** Makes a cut of the state durable. A snapshot that came in meanwhile may be newer: it stays. */
  writeCut(cut: Cut): void {
    if (cut.meta.index > this.cut.meta.index) this.cut = cut;
  }

  /** Drops the entries up to and including `point.index`. */
  compact(point: SnapshotMeta): void {
    assert(point.index <= this.cut.meta.index, `compaction to ${point.index} beyond the cut`);
    if (point.index <= this.point.index) return;
    this.entries.splice(0, point.index - this.point.index);
    this.point = point;
  }

  base(): SnapshotMeta {
    return this.point;
  }

  firstIndex(): LogIndex {
    return this.point.index + 1;
  }

  lastIndex(): LogIndex {
    return this.point.index + this.entries.length;
  }

  termAt(index: LogIndex): Term | null {
    if (index === this.point.index) return this.point.term;
    return this.entries[index - this.point.index - 1]?.term ?? null;
  }

  entryAt(index: LogIndex): Entry | undefined {
    return this.entries[index - this.point.index - 1];
  }

  read(from: LogIndex, to: LogIndex, maxBytes: number): Entry[] {
    assert(from > this.point.index && to <= this.lastIndex() + 1 && from < to, () => this.range(from, to));
    const first = from - this.point.index - 1;
    let bytes = 0;
    let end = first;
    for (; end < to - this.point.index - 1; end++) {
      bytes += this.entries[end]!.data.length;
      if (end > first && bytes > maxBytes) break;
    }
    return this.entries.slice(first, end);
  }

  private truncate(from: LogIndex): void {
    assert(from > this.point.index, () => `truncation from ${from} at or below base ${this.point.index}`);
    const keep = from - this.point.index - 1;
    this.truncated += Math.max(0, this.entries.length - keep);
    this.entries.length = Math.min(this.entries.length, keep);
  }

  private install(received: Cut): void {
    const { index } = received.meta;
    assert(index > this.point.index, () => `snapshot ${index} at or below base ${this.point.index}`);
    this.entries.splice(0, index - this.point.index);
    this.point = received.meta;
    this.cut = received;
  }

  private append(entries: readonly Entry[]): void {
    for (const entry of entries) {
      const next = this.lastIndex() + 1;
      assert(entry.index === next, () => `entry ${entry.index} written where ${next} belongs`);
      this.entries.push(entry);
    }
  }

  private range(from: LogIndex, to: LogIndex): string {
    return `read of [${from}, ${to}) outside (${this.point.index}, ${this.lastIndex()}]`;
  }
}
