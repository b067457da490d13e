/** Limits and times of the driver, named with units. `checkLimits` proves their relations at start-up. */
import { assert } from '../base/index.js';

export interface ReplicaLimits {
  readonly tickMs: number;
  /** Ticks of an election timeout; the same number consensus is configured with. */
  readonly electionTicks: number;
  /** Commands of one sub-batch of a lane. */
  readonly subBatchCommands: number;
  readonly subBatchBytes: number;
  /** Sub-batches sent and not yet applied; further commands wait unnumbered. */
  readonly laneWindow: number;
  /** Commands waiting, numbered or not; beyond it proposals are refused. */
  readonly laneCommands: number;
  readonly laneBytes: number;
  /** Command bytes gathered into one Raft entry. */
  readonly entryBytes: number;
  /** Without an end by then, a proposal is refused (never sent) or unknown (sent). */
  readonly proposalDeadlineMs: number;
  /** Reads waiting at this member; beyond it they are refused. */
  readonly reads: number;
  readonly readDeadlineMs: number;
  /** A read request lost on its way is repeated after this long. */
  readonly readRetryMs: number;
  readonly callDeadlineMs: number;
  readonly calls: number;
  /** A cut of the state is written after this long, or this much changed, whichever comes first. */
  readonly cutIntervalMs: number;
  readonly cutBytes: number;
  /** Time one slice of a cut may hold the loop. */
  readonly cutSliceMs: number;
  /** Log entries kept below the last cut, for members that lag a little. */
  readonly logTailEntries: number;
  /** Entry bytes kept below the last cut: the tail ends where either limit is reached. */
  readonly logTailBytes: number;
  /** Entry bytes kept in memory for peers that are just behind, compacted or not. */
  readonly logCacheBytes: number;
  /** A member that was sent the state keeps the log from being compacted for this long, while it catches up. */
  readonly catchUpMs: number;
  /** Proposals are refused while this much of the log is not covered by a cut. */
  readonly replayBytes: number;
  /** Records loaded per slice at start. */
  readonly loadSliceBytes: number;
  /** Bytes per second at which a state that was received is loaded beside what the member does, as `transferRate` is. */
  readonly loadRate: number;
  /** Bytes per second at which the state is sent to another member, at most: `throttle.ts` goes slower under strain. */
  readonly transferRate: number;
}

export const REPLICA_LIMITS: ReplicaLimits = {
  tickMs: 20,
  electionTicks: 20,
  subBatchCommands: 4096,
  subBatchBytes: 512 << 10,
  laneWindow: 64,
  laneCommands: 100_000,
  laneBytes: 64 << 20,
  entryBytes: 1 << 20,
  proposalDeadlineMs: 10_000,
  reads: 100_000,
  readDeadlineMs: 10_000,
  readRetryMs: 100,
  callDeadlineMs: 10_000,
  calls: 10_000,
  cutIntervalMs: 500,
  cutBytes: 64 << 20,
  cutSliceMs: 2,
  logTailEntries: 5_000,
  logTailBytes: 128 << 20,
  logCacheBytes: 8 << 20,
  catchUpMs: 30_000,
  replayBytes: 512 << 20,
  loadSliceBytes: 256 << 10,
  loadRate: 64 << 20,
  transferRate: 16 << 20,
};

export function checkLimits(limits: ReplicaLimits): void {
  assert(limits.subBatchBytes <= limits.entryBytes, 'a sub-batch must fit an entry');
  assert(limits.laneBytes >= limits.subBatchBytes, 'a lane must hold a sub-batch');
  assert(limits.replayBytes > limits.cutBytes, 'the replay limit must leave room for a cut');
  assert(limits.transferRate > 0 && limits.loadRate > 0, 'a transfer at rate 0 never ends');
  assert(limits.readRetryMs < limits.readDeadlineMs, 'a read must be repeated before it is given up');
}
