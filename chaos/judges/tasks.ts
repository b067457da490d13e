import type { HistoryEvent } from '../history/history.js';
import { launchesOf, type Launch } from '../history/operations.js';

/** What the task itself wrote down: a line per execution, and one when it came to its end. */
export interface Traces {
  readonly starts: number;
  readonly ends: number;
}

export type Update = Extract<HistoryEvent, { type: 'update' }>;

const ENDED = new Set([
  'TASK_FINISHED',
  'TASK_FAILED',
  'TASK_KILLED',
  'TASK_LOST',
  'TASK_ERROR',
  'TASK_DROPPED',
  'TASK_GONE',
  'TASK_GONE_BY_OPERATOR',
]);

export function isEnd(state: string): boolean {
  return ENDED.has(state);
}

/**
 * Ran at most once; if accepted, at least once; never if refused. Updates in order, one end, and the end that
 * the task's own traces tell. Returns what does not fit.
 */
export function judgeTasks(events: readonly HistoryEvent[], tracesOf: (task: string) => Traces): string[] {
  const updates = updatesByTask(events);
  const problems: string[] = [];
  for (const { outcome, tasks } of launchesOf(events)) {
    for (const { id, exitCode } of tasks) {
      const own = updates.get(id) ?? [];
      const traces = tracesOf(id);
      problems.push(
        ...judgeRuns(id, outcome, traces),
        ...judgeOrder(id, own),
        ...judgeEnd(id, outcome, own, traces, exitCode),
      );
    }
  }
  return problems;
}

export function updatesByTask(events: readonly HistoryEvent[]): Map<string, Update[]> {
  const updates = new Map<string, Update[]>();
  for (const event of events) {
    if (event.type !== 'update' || !event.own) continue;
    const list = updates.get(event.task);
    if (list === undefined) updates.set(event.task, [event]);
    else list.push(event);
  }
  return updates;
}

function judgeRuns(id: string, outcome: Launch['outcome'], { starts }: Traces): string[] {
  if (starts > 1) return [`task ${id} ran ${starts} times`];
  if (outcome === 'accepted' && starts === 0) return [`task ${id} was accepted and never ran`];
  if (outcome === 'refused' && starts > 0) return [`task ${id} was refused and ran`];
  return [];
}

function judgeOrder(id: string, updates: readonly Update[]): string[] {
  const problems: string[] = [];
  let last: Update | null = null;
  for (const update of updates) {
    if (last !== null && isEnd(last.state)) {
      problems.push(`task ${id} is ${update.state} after it was ${last.state}`);
    }
    if (last !== null && update.index <= last.index) {
      problems.push(`task ${id}: update ${update.state} of index ${update.index} after one of ${last.index}`);
    }
    last = update;
  }
  return problems;
}

function judgeEnd(
  id: string,
  outcome: Launch['outcome'],
  updates: readonly Update[],
  { starts, ends }: Traces,
  exitCode: number,
): string[] {
  if (outcome === 'refused') return updates.length > 0 ? [`task ${id} was refused and has updates`] : [];
  const last = updates.at(-1);
  if (last === undefined || !isEnd(last.state)) {
    // Of an unknown launch that never happened there is nothing to tell.
    return starts > 0 || outcome === 'accepted'
      ? [`task ${id} has no end: ${last?.state ?? 'no update'}`]
      : [];
  }
  const expected = ends === 0 ? null : exitCode === 0 ? 'TASK_FINISHED' : 'TASK_FAILED';
  if (expected !== null && last.state !== expected) {
    return [`task ${id} exited with ${exitCode} and is ${last.state} (${last.reason})`];
  }
  if (expected === null && starts > 0)
    return [`task ${id} is ${last.state} (${last.reason}) without its end`];
  return [];
}
