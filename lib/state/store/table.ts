import type { StateDeletion } from '../cut.js';

/** Where a cut collects what it encodes. */
export interface CutSink {
  /** Copies `key[from, to)` and the value. */
  record(table: number, key: Uint8Array, from: number, to: number, value: Uint8Array): void;
  deletion(deletion: StateDeletion): void;
}

/** One table of the machine as cuts, loads and admission see it. */
export interface Table {
  readonly number: number;
  readonly name: string;
  /** Of its records: the first byte of each value. */
  readonly version: number;
  readonly records: number;
  /** Keys, values and a fixed cost per record: a function of the records alone. */
  readonly bytes: number;
  /** Of the records that the next cut will encode, about. */
  readonly changedBytes: number;
  readonly changedRecords: number;
  /** Makes what changed since the last freeze the set to encode. The set before must be empty. */
  freeze(sink: CutSink): void;
  /** Records of the frozen set that may still need encoding. */
  readonly frozen: number;
  /** Encodes up to `budget` records of the frozen set; returns how many it visited. */
  encodeFrozen(budget: number): number;
  /**
   * Makes the next cut encode the records in rows `from` to `to`, changed or not; false when there are none beyond. Once
   * for all rows of a table that is whole; a small table takes them all at once.
   */
  touchRows(from: number, to: number): boolean;
  /** Takes a record as it was encoded; throws MalformedError. */
  load(key: Uint8Array, value: Uint8Array): void;
}
