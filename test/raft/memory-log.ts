import type {
  Configuration,
  Entry,
  HardState,
  LogIndex,
  LogReader,
  Persist,
  SnapshotMeta,
} from '../../lib/raft/index.js';

/** The durable part of one member, in memory: changes only by whole writes, as the contract of storage says. */
export class MemoryLog implements LogReader {
  hardState: HardState = { term: 0, vote: null };
  /** In force at the end of the log. */
  configuration: Configuration;
  private point: SnapshotMeta;
  /** `entries[0]` has index `first`. */
  private entries: Entry[] = [];
  private first: LogIndex;

  constructor(configuration: Configuration, index: LogIndex = 0, term: number = 0) {
    this.configuration = configuration;
    this.point = { index, term, configuration };
    this.first = index + 1;
  }

  base(): SnapshotMeta {
    return this.point;
  }

  firstIndex(): LogIndex {
    return this.first;
  }

  lastIndex(): LogIndex {
    return this.first + this.entries.length - 1;
  }

  termAt(index: LogIndex): number | null {
    if (index === this.point.index) return this.point.term;
    return this.entries[index - this.first]?.term ?? null;
  }

  read(from: LogIndex, to: LogIndex, maxBytes: number): Entry[] {
    if (from < this.first || to > this.lastIndex() + 1 || from >= to) {
      throw new RangeError(`read [${from}, ${to}) of a log with [${this.first}, ${this.lastIndex()}]`);
    }
    const chosen: Entry[] = [];
    let bytes = 0;
    for (const entry of this.entries.slice(from - this.first, to - this.first)) {
      bytes += entry.data.length;
      if (chosen.length > 0 && bytes > maxBytes) break;
      chosen.push(entry);
    }
    return chosen;
  }

  apply(write: Persist): void {
    if (write.truncateFrom !== null) this.entries.length = write.truncateFrom - this.first;
    if (write.snapshot !== null) {
      this.point = write.snapshot;
      this.first = write.snapshot.index + 1;
      this.entries = [];
    }
    for (const entry of write.entries) {
      if (entry.index !== this.lastIndex() + 1)
        throw new Error(`entry ${entry.index} after ${this.lastIndex()}`);
      this.entries.push(entry);
    }
    if (write.hardState !== null) this.hardState = write.hardState;
    if (write.configuration !== null) this.configuration = write.configuration;
  }

  /** Drops entries below `point`, keeping `trailing` of them. */
  compact(point: SnapshotMeta, trailing: number = 0): void {
    const first = Math.max(this.first, point.index + 1 - trailing);
    this.entries = this.entries.slice(first - this.first);
    this.first = first;
    this.point = point;
  }
}
