import type { Usage } from './resources.js';
import { percent, type RunResult } from './run.js';

const SHOWN = 20;

/** The run in a few lines for people; violations first. */
export function describeRun(result: RunResult): string[] {
  const { operations, tasks, faults, violations, failures } = result;
  const kinds = Object.entries(faults).map(([kind, count]) => `${kind} ${count}`);
  return [
    ...shorten(violations).map((violation) => `VIOLATION: ${violation}`),
    ...shorten(failures).map((failure) => `FAILED: ${failure}`),
    `operations: ${operations.ok} acknowledged, ${operations.refused} refused, ${operations.unknown} unknown; ` +
      `${operations.quietPerSecond.toFixed(0)}/s outside faults (${percent(operations.quietShare)} of the time)`,
    `per second outside faults: ${describePaces(result.paces)}`,
    `tasks: ${tasks.accepted} accepted, ${tasks.refused} refused, ${tasks.unknown} unknown`,
    `faults: ${kinds.join(', ') || 'none'}`,
    `elections: ${result.elections}; longest time without an acknowledgement: ` +
      `${Math.round(operations.longestGapMs)} ms (${operations.longestGapDuring.join(', ') || 'no fault'})`,
    ...Object.entries(result.resources).map(([id, usage]) => describeUsage(id, usage)),
    `machine stall: ${result.machineStallMs} ms; processes waited for a processor for ` +
      `${percent(result.starvedShare)} of ${Math.round(result.tookMs / 1000)} s, which limits do not count`,
  ];
}

function describePaces(paces: RunResult['paces']): string {
  const each = Object.entries(paces).map(([name, pace]) => `${name} ${pace.toFixed(1)}`);
  return each.join(', ') || 'nothing';
}

function describeUsage(id: string, usage: Usage): string {
  const { maxMib, maxDescriptors, mibPerMinute, descriptorsPerMinute, longestLifeMs } = usage;
  const slopes =
    mibPerMinute === null
      ? 'no process lived for long enough to tell more'
      : `at most ${maxDescriptors ?? 0} open descriptors; ${signed(mibPerMinute)} MiB and ${signed(descriptorsPerMinute ?? 0)} descriptors per minute within lives of ` +
        `up to ${Math.round(longestLifeMs / 1000)} s`;
  return `${id}: at most ${maxMib} MiB of memory; ${slopes}`;
}

function signed(slope: number): string {
  return `${slope < 0 ? '' : '+'}${slope.toFixed(1)}`;
}

export function passed({ violations, failures }: RunResult): boolean {
  return violations.length === 0 && failures.length === 0;
}

function shorten(lines: readonly string[]): string[] {
  const more = lines.length - SHOWN;
  return more <= 0 ? [...lines] : [...lines.slice(0, SHOWN), `… and ${more} more`];
}
