import type { HistoryEvent } from '../history/history.js';
import { operationsOf } from '../history/operations.js';
import { checkRealTime, replayByIndex } from './index-order.js';
import { checkRegister, type Register } from './linearizability.js';
import { judgeTasks, type Traces } from './tasks.js';

export interface Judgement {
  /** What no correct cluster can bring about. */
  readonly violations: readonly string[];
  /** What could not be judged. */
  readonly undecided: readonly string[];
}

/** Judges a whole history. `initial` says what each register held before it began. */
export function judge(
  events: readonly HistoryEvent[],
  initial: ReadonlyMap<string, Register>,
  tracesOf: (task: string) => Traces,
): Judgement {
  const violations: string[] = [];
  const undecided: string[] = [];
  const operations = operationsOf(events);
  for (const [key, register] of initial) {
    const own = operations.filter((operation) => operation.key === key);
    if (own.length === 0) continue;
    const verdict = checkRegister(own, register);
    if (verdict.kind === 'violation') violations.push(`${key} is not linearizable: ${verdict.explanation}`);
    if (verdict.kind === 'undecided') undecided.push(`${key}: no verdict after ${verdict.steps} steps`);
    violations.push(...replayByIndex(own, register).map((problem) => `${key} by index: ${problem}`));
  }
  violations.push(...checkRealTime(operations).map((problem) => `real time: ${problem}`));
  violations.push(...judgeTasks(events, tracesOf));
  return { violations, undecided };
}
