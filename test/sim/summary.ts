import type { Batch } from './batch.js';

/** The batch for people. */
export function summary(batch: Batch, realSeconds: number): string {
  const { counts } = batch;
  const rows: [string, string][] = [
    ['seeds', `${batch.seeds} (${batch.failures.length} failed, ${batch.repeated} run twice and compared)`],
    ['virtual time', `${batch.virtualSeconds.toFixed(0)} s in ${realSeconds.toFixed(1)} s`],
    ['virtual / real', (batch.virtualSeconds / realSeconds).toFixed(0)],
    ['events', `${batch.events} (${Math.round(batch.events / realSeconds)}/s)`],
    ['messages delivered', `${counts.messages}`],
    ['elections', `${counts.elections}`],
    ['crash-restarts', `${counts.crashRestarts}`],
    ['snapshot installs', `${counts.snapshotInstalls}`],
    ['log truncations', `${batch.seedsWithTruncation} seeds, ${counts.entriesTruncated} durable entries`],
    [
      'proposals',
      `${counts.proposalsAccepted} accepted, ${counts.proposalsAcknowledged} acknowledged, ${counts.proposalsLost} lost`,
    ],
    ['reads', `${counts.reads} served, ${counts.readsRefused} refused`],
    [
      'other',
      `${counts.transfers} transfers, ${counts.hints} hints, ${counts.configurations} configurations`,
    ],
  ];
  return rows.map(([name, value]) => `${name.padEnd(20)}${value}`).join('\n');
}

/** The batch for programs. */
export function summaryJson(batch: Batch, realSeconds: number, shortfalls: readonly string[]): object {
  const failures = batch.failures.map(({ seed, violation }) => ({ seed, ...violation }));
  return {
    seeds: batch.seeds,
    repeated: batch.repeated,
    failures,
    shortfalls,
    events: batch.events,
    virtualSeconds: batch.virtualSeconds,
    realSeconds,
    seedsWithTruncation: batch.seedsWithTruncation,
    ...batch.counts,
  };
}
