import type { Tally } from './tally.js';

/** The batch for people. */
export function summary<R>(batch: Tally<R>, realSeconds: number): string {
  const rows: [string, string][] = [
    ['seeds', `${batch.seeds} (${batch.failures.length} failed, ${batch.repeated} run twice and compared)`],
    ['virtual time', `${batch.virtualSeconds.toFixed(0)} s in ${realSeconds.toFixed(1)} s`],
    ['virtual / real', (batch.virtualSeconds / realSeconds).toFixed(0)],
    ['events', `${batch.events} (${Math.round(batch.events / realSeconds)}/s)`],
    ...batch.rows(),
  ];
  const width = Math.max(20, ...rows.map(([name]) => name.length + 2));
  return rows.map(([name, value]) => `${name.padEnd(width)}${value}`).join('\n');
}

/** The batch for programs. */
export function summaryJson<R>(batch: Tally<R>, realSeconds: number, shortfalls: readonly string[]): object {
  const failures = batch.failures.map(({ seed, violation }) => ({ seed, ...violation }));
  return {
    seeds: batch.seeds,
    repeated: batch.repeated,
    failures,
    shortfalls,
    events: batch.events,
    virtualSeconds: batch.virtualSeconds,
    realSeconds,
    ...batch.json(),
  };
}
