import { percentile, round } from '../support/statistics.js';
import type { Answer } from './member.js';

/** A second of load. */
export interface Slice {
  /** One of each loaded member. */
  readonly answers: readonly Answer[];
  readonly ms: number;
  /** Processor time of the receiver, milliseconds; 0 while it is away. */
  readonly receiverMs: number;
  /** Time that all processors of the machine together were busy, whoever used them. */
  readonly busyMs: number;
}

/** What many slices had in common. */
export interface Phase {
  readonly seconds: number;
  readonly writes_per_second: number;
  readonly commit_p50_ms: number;
  readonly commit_p99_ms: number;
  /** The median of each second's own p99. */
  readonly commit_p99_median_ms: number;
  readonly commit_max_ms: number;
  readonly failed: number;
  readonly leader_sync_p99_ms: number;
  readonly follower_sync_p99_ms: number;
  readonly leader_loop_p99_ms: number;
  readonly leader_loop_max_ms: number;
  /** Processors each used, all threads together. */
  readonly leader_cores: number;
  readonly follower_cores: number;
  readonly receiver_cores: number;
  /** Processors in use on the whole machine: what else runs on it is in here. */
  readonly machine_cores: number;
}

export function describe(slices: readonly Slice[]): Phase {
  const answers = slices.flatMap((slice) => slice.answers);
  const latencies = answers.flatMap((answer) => answer.latencies);
  const ms = sum(slices.map((slice) => slice.ms));
  const leading = answers.filter((answer) => answer.leading);
  const following = answers.filter((answer) => !answer.leading);
  const p99s = slices.map((slice) =>
    percentile(
      slice.answers.flatMap((answer) => answer.latencies),
      99,
    ),
  );
  const syncP99 = (some: readonly Answer[]): number =>
    round(
      percentile(
        some.flatMap((answer) => answer.syncs),
        99,
      ),
      2,
    );
  const cores = (usedMs: readonly number[]): number => round(sum(usedMs) / ms, 2);
  return {
    seconds: round(ms / 1000),
    writes_per_second: Math.round((latencies.length / ms) * 1000),
    commit_p50_ms: round(percentile(latencies, 50), 2),
    commit_p99_ms: round(percentile(latencies, 99), 2),
    commit_p99_median_ms: round(percentile(p99s, 50), 2),
    commit_max_ms: round(percentile(latencies, 100)),
    failed: sum(answers.map((answer) => answer.failed)),
    leader_sync_p99_ms: syncP99(leading),
    follower_sync_p99_ms: syncP99(following),
    leader_loop_p99_ms: round(Math.max(...leading.map((answer) => answer.loopP99Ms))),
    leader_loop_max_ms: round(Math.max(...leading.map((answer) => answer.loopMaxMs))),
    leader_cores: cores(leading.map((answer) => answer.cpuMs)),
    follower_cores: cores(following.map((answer) => answer.cpuMs)),
    receiver_cores: cores(slices.map((slice) => slice.receiverMs)),
    machine_cores: cores(slices.map((slice) => slice.busyMs)),
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
