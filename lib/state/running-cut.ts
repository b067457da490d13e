import { assert } from '../base/index.js';
import type { Cut, StateDeletion, StateRecord } from './cut.js';
import type { State } from './state.js';
import type { CutSink } from './store/table.js';

/** Chunks double up to the larger size: most cuts of a quiet group are small. */
const FIRST_CHUNK_BYTES = 1024;
const CHUNK_BYTES = 64 * 1024;

/** The cut in progress: collects what tables encode, by slices or because apply is about to change it. */
export class RunningCut implements Cut, CutSink {
  readonly index: number;
  readonly term: number;
  readonly revision: number;
  readonly clockMs: number;
  readonly whole: boolean;
  readonly records: StateRecord[] = [];
  readonly deletions: StateDeletion[] = [];
  encodedBytes = 0;
  private readonly state: State;
  private finished: string | null = null;
  private chunk: Uint8Array = new Uint8Array(0);
  private used = 0;

  constructor(state: State, index: number, term: number) {
    this.state = state;
    this.index = index;
    this.term = term;
    this.revision = state.core.revision;
    this.clockMs = state.core.clockMs;
    this.whole = state.whole;
    state.whole = false;
    for (const table of state.tables) table.freeze(this);
  }

  keep(source: Uint8Array, from: number, to: number): Uint8Array {
    const size = to - from;
    if (size > this.chunk.length - this.used) {
      const next = Math.min(CHUNK_BYTES, Math.max(FIRST_CHUNK_BYTES, this.chunk.length * 2));
      this.chunk = new Uint8Array(Math.max(next, size));
      this.used = 0;
    }
    const at = this.used;
    this.used += size;
    this.chunk.set(source.subarray(from, to), at);
    return this.chunk.subarray(at, this.used);
  }

  record(record: StateRecord): void {
    this.records.push(record);
    this.encodedBytes += record.key.length + record.value.length;
  }

  deletion(deletion: StateDeletion): void {
    if (this.whole) return;
    this.deletions.push(deletion);
    this.encodedBytes += deletion.key.length;
  }

  encodeSlice(budgetRecords: number): boolean {
    let budget = budgetRecords;
    for (const table of this.state.tables) {
      if (budget <= 0) break;
      if (table.frozen > 0) budget -= table.encodeFrozen(budget);
    }
    if (this.remaining > 0) return false;
    // Taken here: nothing of this cut is left to count, and nothing of the next counts before its own freeze.
    this.finished ??= this.state.digest.toString();
    return true;
  }

  get complete(): boolean {
    return this.finished !== null;
  }

  get remaining(): number {
    let remaining = 0;
    for (const table of this.state.tables) remaining += table.frozen;
    return remaining;
  }

  get digest(): string {
    assert(this.finished !== null, () => `the cut at ${this.index} has ${this.remaining} records to encode`);
    return this.finished;
  }
}
