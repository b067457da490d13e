import assert from 'node:assert/strict';
import type { HistoryEvent } from '../../chaos/history/history.js';
import { pacesOf } from '../../chaos/judges/paces.js';
import { WORKLOADS } from '../../chaos/workloads/names.js';
import { eventsOf, Recorder } from './wire-histories.js';

function done(id: number, process: string, at: number): HistoryEvent[] {
  return [
    { ns: at * 1e9, type: 'invoke', id, process, key: '/k', f: 'read' },
    { ns: at * 1e9, type: 'ok', id },
  ];
}

describe('what each workload gets done', () => {
  it('is counted by its own measure, outside faults', () => {
    const events = [
      ...done(1, 'pinned-1-0', 1),
      ...done(2, 'pinned-1-0', 2),
      ...done(3, 'tree-m1', 3),
      // During the fault.
      ...done(4, 'tree-m1', 7),
      ...eventsOf([
        new Recorder('session-0').reply(1, {}),
        new Recorder('lock-0').record(2, { wire: 'hold', fence: 1 }),
        new Recorder('one-shot-m1').event(3, 3, '/n'),
        new Recorder('witness-m1').event(3, 3, '/n'),
      ]),
    ];
    const fault = { beginNs: 5e9, endNs: 10e9 };
    assert.deepEqual(pacesOf(events, WORKLOADS, [fault], 0, 10e9), {
      registers: 0.4,
      tasks: 0,
      tree: 0.2,
      session: 0.2,
      lock: 0.2,
      watch: 0.2,
    });
  });

  it('is not asked of what does not run', () => {
    assert.deepEqual(pacesOf([], ['lock'], [], 0, 1e9), { lock: 0 });
  });
});
