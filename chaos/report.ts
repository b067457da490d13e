import type { RunResult } from './run.js';

const SHOWN = 20;

/** The run in a few lines for people; violations first. */
export function describeRun(result: RunResult): string[] {
  const { operations, tasks, faults, violations, failures } = result;
  const kinds = Object.entries(faults).map(([kind, count]) => `${kind} ${count}`);
  const share = Math.round(operations.quietShare * 100);
  return [
    ...shorten(violations).map((violation) => `VIOLATION: ${violation}`),
    ...shorten(failures).map((failure) => `FAILED: ${failure}`),
    `operations: ${operations.ok} acknowledged, ${operations.refused} refused, ${operations.unknown} unknown; ` +
      `${operations.quietPerSecond.toFixed(0)}/s outside faults (${share}% of the time)`,
    `tasks: ${tasks.accepted} accepted, ${tasks.refused} refused, ${tasks.unknown} unknown`,
    `faults: ${kinds.join(', ') || 'none'}`,
    `elections: ${result.elections}; longest time without an acknowledgement: ` +
      `${Math.round(operations.longestGapMs)} ms (${operations.longestGapDuring.join(', ') || 'no fault'})`,
    `machine stall: ${result.machineStallMs} ms`,
  ];
}

export function passed({ violations, failures }: RunResult): boolean {
  return violations.length === 0 && failures.length === 0;
}

function shorten(lines: readonly string[]): string[] {
  const more = lines.length - SHOWN;
  return more <= 0 ? [...lines] : [...lines.slice(0, SHOWN), `… and ${more} more`];
}
