import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  type Applied,
  isTerminal,
  type Machine,
  NO_RESOURCES,
  resourceShortage,
  sumResources,
  type TaskState,
} from '../../lib/state/index.js';
import { makeHistory } from './support/history.js';

const ENTRIES = 150;
/** As the generator raises revisions. */
const RAISE = 2 ** 20;
const SETTINGS = { numRuns: 6 };
const SEED = fc.integer({ min: 1, max: 2 ** 31 });

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

function checkAgents(machine: Machine): number {
  let held = 0;
  for (const agent of machine.agents.list()) {
    const tasks = machine.tasks.ofAgent(agent.agentId).filter((task) => !isTerminal(task.state));
    const sum = sumResources(tasks.map((task) => task.resources));
    assert.deepEqual(machine.agents.allocated(agent.agentId), tasks.length === 0 ? NO_RESOURCES : sum);
    assert.equal(resourceShortage(agent.resources, sum), null, `agent ${agent.agentId} is over-committed`);
    held += tasks.length;
  }
  return held;
}

/** What the events told of each task, kept apart from the machine. */
class Witness {
  readonly ends: Map<string, TaskState> = new Map();
  private readonly queues: Map<string, string[]> = new Map();
  acknowledged = 0;

  see(applied: Applied): void {
    for (const event of applied.events) {
      if (event.kind === 'task-launched') {
        const key = `${event.frameworkId} ${event.taskId}`;
        this.ends.delete(key);
        this.queues.set(key, []);
      } else if (event.kind === 'task-updated') {
        const key = `${event.frameworkId} ${event.taskId}`;
        assert.equal(this.ends.get(key), undefined, `${key} changed after its end`);
        if (isTerminal(event.state)) this.ends.set(key, event.state);
        if (event.uuid !== null) this.queues.get(key)!.push(hex(event.uuid));
      } else if (event.kind === 'update-acknowledged') {
        const queue = this.queues.get(`${event.frameworkId} ${event.taskId}`)!;
        assert.equal(hex(event.uuid), queue.shift(), 'an update was acknowledged out of order');
        assert.equal(event.next === null ? undefined : hex(event.next), queue[0]);
        this.acknowledged++;
      }
    }
  }
}

describe('Whatever commands come', function () {
  // Long sequences on a computer that may be busy with other things.
  this.timeout(120_000);

  it('no agent is over-committed, and what it holds is the sum of its tasks', () => {
    let held = 0;
    fc.assert(
      fc.property(SEED, (seed) => {
        makeHistory(seed, ENTRIES, (machine) => {
          held = Math.max(held, checkAgents(machine));
        });
      }),
      SETTINGS,
    );
    assert.ok(held > 20, `at most ${held} tasks were running at once`);
  });

  it('a task that has ended stays ended, and updates are acknowledged in the order they were made', () => {
    let ended = 0;
    let acknowledged = 0;
    fc.assert(
      fc.property(SEED, (seed) => {
        const witness = new Witness();
        const { machine } = makeHistory(seed, ENTRIES, (_, applied) => witness.see(applied));
        for (const [key, state] of witness.ends) {
          const [frameworkId, taskId] = key.split(' ') as [never, never];
          const task = machine.tasks.get(frameworkId, taskId);
          if (task !== null) assert.equal(task.state, state, key);
        }
        ended += witness.ends.size;
        acknowledged += witness.acknowledged;
      }),
      SETTINGS,
    );
    assert.ok(ended > 50 && acknowledged > 50, `${ended} ended, ${acknowledged} acknowledged`);
  });

  it('revisions rise by one per command that ran, and events carry those of their commands', () => {
    fc.assert(
      fc.property(SEED, (seed) => {
        let last = 0;
        makeHistory(seed, ENTRIES, (machine, applied) => {
          const ran = applied.batches.reduce((sum, batch) => sum + batch.results.length, 0);
          // Beyond one each there are only the raises that the generator asks for.
          assert.equal((machine.revision - last - ran) % RAISE, 0);
          for (const { revision } of applied.events) {
            assert.ok(revision > last && revision <= machine.revision);
          }
          last = machine.revision;
        });
      }),
      SETTINGS,
    );
  });
});
