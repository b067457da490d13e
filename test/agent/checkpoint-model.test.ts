import assert from 'node:assert/strict';
import fc from 'fast-check';
import { applyChange, changesOf, emptyModel, type Change } from '../../lib/agent/checkpoint/model.js';
import type { StatusUpdate, TaskState } from '../../lib/agent/types.js';
import type { AgentId, ClusterId } from '../../lib/base/index.js';
import { shellTask } from '../support/agent/master-double.js';

const IDS = ['a', 'b', 'c'];

/** Turns random picks into changes that a running agent could make. */
function changesFrom(picks: readonly [number, number][]): Change[] {
  const model = emptyModel();
  const changes: Change[] = [];
  const make = (change: Change): void => {
    applyChange(model, structuredClone(change));
    changes.push(change);
  };
  picks.forEach(([kind, which], i) => {
    const task = shellTask(IDS[which % IDS.length]!, 'true');
    const record = [...model.tasks.values()].find((one) => one.task.taskId === task.taskId);
    const ref = { frameworkId: task.frameworkId, taskId: task.taskId };
    if (kind === 0) make({ op: 'launch', task, revision: i });
    else if (kind === 1) make({ op: 'kill', ref, graceMs: i, revision: i });
    else if (kind === 2 && record !== undefined && !record.terminal) {
      make({
        op: 'update',
        update: update(task, record.lastSequence + 1, which % 2 === 0 ? 'RUNNING' : 'FAILED'),
      });
    } else if (kind === 3 && record !== undefined && record.committedSequence < record.lastSequence) {
      make({ op: 'committed', ref, sequence: record.committedSequence + 1, revision: i });
    } else if (kind === 4) make({ op: 'removed', ref });
    else make({ op: 'identity', agentId: `A${i}` as AgentId, clusterId: 'C' as ClusterId });
  });
  return changes;
}

function update(task: ReturnType<typeof shellTask>, sequence: number, state: TaskState): StatusUpdate {
  const { frameworkId, taskId } = task;
  return { frameworkId, taskId, sequence, state, source: 'AGENT', message: '', uuid: '00', timestampMs: 1 };
}

const PICKS = fc.array(fc.tuple(fc.nat(5), fc.nat(7)), { maxLength: 60 });

describe('what the agent remembers', () => {
  it('is rebuilt alike from all its changes, and from the records of a rewritten file', () => {
    fc.assert(
      fc.property(PICKS, (picks) => {
        const live = emptyModel();
        for (const change of changesFrom(picks)) applyChange(live, change);
        const rebuilt = emptyModel();
        for (const change of JSON.parse(JSON.stringify(changesOf(live))) as Change[])
          applyChange(rebuilt, change);
        assert.deepEqual(rebuilt, live);
      }),
    );
  });

  it('never loses an update between made and committed', () => {
    fc.assert(
      fc.property(PICKS, (picks) => {
        const model = emptyModel();
        for (const change of changesFrom(picks)) {
          applyChange(model, change);
          for (const record of model.tasks.values()) {
            const sequences = record.pending.map(({ sequence }) => sequence);
            const expected = Array.from(
              { length: record.lastSequence - record.committedSequence },
              (_, i) => record.committedSequence + 1 + i,
            );
            assert.deepEqual(sequences, expected);
          }
        }
      }),
    );
  });
});
