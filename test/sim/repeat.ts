import type { RunReport } from './report.js';
import { runSeed } from './run.js';

/** One seed in this many is run a second time: the same seed must give the same trace. */
export const REPEAT_EVERY = 50;

export interface SeedResult {
  readonly report: RunReport;
  readonly repeated: boolean;
}

/** Runs a seed of a batch. A second run that differs is a violation of its own (S32). */
export function runInBatch(seed: number, outcomesOnly: boolean): SeedResult {
  const report = runSeed({ seed, outcomesOnly });
  if (seed % REPEAT_EVERY !== 0) return { report, repeated: false };
  const again = runSeed({ seed, outcomesOnly });
  if (again.traceHash === report.traceHash) return { report, repeated: true };
  const message = `trace ${report.traceHash} at first, ${again.traceHash} at the second run`;
  return { report: { ...report, violation: { rule: 'S32', message } }, repeated: true };
}
