import assert from 'node:assert/strict';
import type { HistoryEvent } from '../../chaos/history/history.js';
import { judgeTasks, type Traces } from '../../chaos/judges/tasks.js';

type End = 'ok' | 'fail' | 'info';

/** One launch of the task `t`, which exits with `exitCode`, and the updates that were told of it. */
function history(end: End, states: readonly string[], exitCode: number = 0): HistoryEvent[] {
  const launch = {
    type: 'invoke',
    id: 1,
    process: 'f',
    f: 'launch',
    tasks: [{ id: 't', exitCode }],
  } as const;
  const answer = end === 'ok' ? ({ type: end, id: 1 } as const) : ({ type: end, id: 1, code: 'X' } as const);
  const updates = states.map((state, i) => {
    return {
      ns: i,
      type: 'update',
      process: 'f',
      task: 't',
      state,
      reason: '',
      index: i + 1,
      own: true,
    } as const;
  });
  return [{ ns: 0, ...launch }, { ns: 1, ...answer }, ...updates];
}

function problems(events: readonly HistoryEvent[], traces: Traces): string[] {
  return judgeTasks(events, () => traces);
}

const ONCE = { starts: 1, ends: 1 };
const NEVER = { starts: 0, ends: 0 };

describe('the judge of tasks', () => {
  it('is content with an accepted task that ran once and ended as it should', () => {
    assert.deepEqual(problems(history('ok', ['TASK_RUNNING', 'TASK_FINISHED']), ONCE), []);
    assert.deepEqual(problems(history('ok', ['TASK_RUNNING', 'TASK_FAILED'], 3), ONCE), []);
  });

  it('is content with an unknown launch that never happened, and with one that did', () => {
    assert.deepEqual(problems(history('info', []), NEVER), []);
    assert.deepEqual(problems(history('info', ['TASK_RUNNING', 'TASK_FINISHED']), ONCE), []);
  });

  it('finds a task that ran twice', () => {
    const events = history('ok', ['TASK_RUNNING', 'TASK_FINISHED']);
    assert.deepEqual(problems(events, { starts: 2, ends: 2 }), ['task t ran 2 times']);
  });

  it('finds an accepted task that never ran', () => {
    assert.equal(problems(history('ok', ['TASK_FAILED'], 1), NEVER)[0], 'task t was accepted and never ran');
  });

  it('finds a refused task that ran', () => {
    assert.deepEqual(problems(history('fail', []), ONCE), ['task t was refused and ran']);
  });

  it('finds a task without an end', () => {
    assert.equal(problems(history('ok', ['TASK_RUNNING']), ONCE).length, 1);
  });

  it('finds an end that is not the one of the process', () => {
    assert.equal(problems(history('ok', ['TASK_RUNNING', 'TASK_FINISHED'], 3), ONCE).length, 1);
    assert.equal(problems(history('ok', ['TASK_RUNNING', 'TASK_LOST']), ONCE).length, 1);
  });

  it('finds updates after the end', () => {
    assert.notEqual(
      problems(history('ok', ['TASK_FINISHED', 'TASK_RUNNING', 'TASK_FINISHED']), ONCE).length,
      0,
    );
  });
});
