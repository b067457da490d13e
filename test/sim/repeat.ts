import { runNodeSeed } from './node/run.js';
import type { Report } from './report.js';
import { runSeed } from './run.js';

/** `core`: consensus alone, under messages that are lost one by one. `node`: whole masters and their clients. */
export type Level = 'core' | 'node';

/** One seed in this many is run a second time: the same seed must give the same trace. */
export const REPEAT_EVERY: Readonly<Record<Level, number>> = { core: 10, node: 3 };

export interface SeedSettings {
  readonly level: Level;
  readonly outcomesOnly: boolean;
  /** Every seed is run twice. */
  readonly twice: boolean;
}

export interface SeedResult {
  readonly report: Report<unknown>;
  readonly repeated: boolean;
}

/** Runs a seed of a batch. A second run that differs is a violation of its own (S32). */
export async function runInBatch(seed: number, settings: SeedSettings): Promise<SeedResult> {
  const report = await run(seed, settings);
  if (!settings.twice && seed % REPEAT_EVERY[settings.level] !== 0) return { report, repeated: false };
  const again = await run(seed, settings);
  if (again.traceHash === report.traceHash) return { report, repeated: true };
  const message = `trace ${report.traceHash} at first, ${again.traceHash} at the second run`;
  return { report: { ...report, violation: { rule: 'S32', message } }, repeated: true };
}

async function run(seed: number, { level, outcomesOnly }: SeedSettings): Promise<Report<unknown>> {
  return level === 'core' ? runSeed({ seed, outcomesOnly }) : runNodeSeed({ seed });
}
