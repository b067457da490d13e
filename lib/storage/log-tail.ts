import { assert } from '../base/index.js';
import type { LogIndex } from '../raft/types.js';
import type { StoredEntry } from './entry-codec.js';

/** Freed places at the front before the array is moved together. */
const SLACK = 4096;

/**
 * The newest entries, kept in memory so that replication, apply and the next append touch no disk. Contiguous
 * up to the end of the log; at most `limitBytes` of data, and always at least the last entry.
 */
export class LogTail {
  private readonly limitBytes: number;
  private entries: StoredEntry[] = [];
  /** Places at the front of `entries` that are no longer in use. */
  private gone = 0;
  private bytes = 0;

  constructor(limitBytes: number) {
    this.limitBytes = limitBytes;
  }

  get(index: LogIndex): StoredEntry | undefined {
    const first = this.entries[this.gone];
    if (first === undefined || index < first.entry.index) return undefined;
    return this.entries[this.gone + index - first.entry.index];
  }

  push(stored: StoredEntry): void {
    const last = this.entries.at(-1);
    assert(
      last === undefined || stored.entry.index === last.entry.index + 1,
      () => `entry ${stored.entry.index} follows ${last?.entry.index} in the tail`,
    );
    this.entries.push(stored);
    this.bytes += stored.entry.data.length;
    while (this.bytes > this.limitBytes && this.entries.length - this.gone > 1) this.dropFirst();
  }

  /** Forgets the entries at and above `from`. */
  truncate(from: LogIndex): void {
    while (this.entries.length > this.gone && this.entries.at(-1)!.entry.index >= from) {
      this.bytes -= this.entries.pop()!.entry.data.length;
    }
    if (this.entries.length === this.gone) this.clear();
  }

  /** Forgets the entries up to and including `index`. */
  compact(index: LogIndex): void {
    while (this.entries.length > this.gone && this.entries[this.gone]!.entry.index <= index) this.dropFirst();
    if (this.entries.length === this.gone) this.clear();
  }

  clear(): void {
    this.entries = [];
    this.gone = 0;
    this.bytes = 0;
  }

  private dropFirst(): void {
    this.bytes -= this.entries[this.gone]!.entry.data.length;
    this.gone++;
    if (this.gone < SLACK) return;
    this.entries = this.entries.slice(this.gone);
    this.gone = 0;
  }
}
