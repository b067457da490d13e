import type { Report } from './report.js';

/** The sum over the runs of a batch, whatever they were of. */
export interface Tally<R> {
  readonly seeds: number;
  readonly events: number;
  readonly virtualSeconds: number;
  /** Seeds that were run twice to compare their traces. */
  repeated: number;
  readonly failures: readonly Report<unknown>[];
  add(report: R): void;
  /** What the batch should have seen and did not, one line each. A batch that saw little proves little. */
  shortfalls(): string[];
  /** What it saw, for people. */
  rows(): [string, string][];
  /** The same for programs. */
  json(): object;
}
