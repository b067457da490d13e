import { assert } from '../base/index.js';
import type { Cut, StateDeletion } from './cut.js';
import { RecordList, type ChunkPool } from './record-list.js';
import type { State } from './state.js';
import type { CutSink } from './store/table.js';

/** The cut in progress: collects what tables encode, by slices or because apply is about to change it. */
export class RunningCut implements Cut, CutSink {
  readonly index: number;
  readonly term: number;
  readonly revision: number;
  readonly clockMs: number;
  readonly whole: boolean;
  readonly records: RecordList;
  readonly deletions: StateDeletion[] = [];
  encodedBytes = 0;
  private readonly state: State;
  private finished: string | null = null;

  constructor(state: State, index: number, term: number, pool: ChunkPool) {
    this.records = new RecordList(pool);
    this.state = state;
    this.index = index;
    this.term = term;
    this.revision = state.core.revision;
    this.clockMs = state.core.clockMs;
    this.whole = state.whole;
    state.whole = false;
    for (const table of state.tables) table.freeze(this);
  }

  record(table: number, key: Uint8Array, from: number, to: number, value: Uint8Array): void {
    this.records.add(table, key, from, to, value);
    this.encodedBytes += to - from + value.length;
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

  release(): void {
    assert(
      this.complete,
      () => `the cut at ${this.index} is given up with ${this.remaining} records to encode`,
    );
    this.records.clear();
    this.deletions.length = 0;
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
