import assert from 'node:assert/strict';
import { TASK_STATE } from '../../lib/state/index.js';
import { World, acceptedAt, taskInfo } from './world.js';

describe('a framework', () => {
  it('subscribes, is offered an agent, launches a task, gets its updates and acknowledges them', () => {
    const world = new World();
    const agent = world.addAgent('a1');
    const scheduler = world.subscribe('sample');
    assert.equal(scheduler.replies[0]?.kind, 'accepted');
    assert.equal(scheduler.events('SUBSCRIBED').length, 1);
    const [offer] = scheduler.offers();
    assert.equal(offer?.agent_id.value, agent);

    const index = acceptedAt(scheduler.accept(offer, [taskInfo('t1', agent)]));
    assert.equal(world.machine.tasks.get(scheduler.frameworkId, 't1' as never)?.launchedRevision, index);

    world.report(scheduler.frameworkId, 't1', 1, TASK_STATE.RUNNING);
    world.report(scheduler.frameworkId, 't1', 2, TASK_STATE.FINISHED);
    assert.deepEqual(
      scheduler.updates().map(({ state }) => state),
      ['TASK_RUNNING'],
    );
    acceptedAt(scheduler.acknowledge(scheduler.updates()[0]!));
    assert.deepEqual(
      scheduler.updates().map(({ state }) => state),
      ['TASK_RUNNING', 'TASK_FINISHED'],
    );
    acceptedAt(scheduler.acknowledge(scheduler.updates()[1]!));
    assert.equal(world.machine.tasks.get(scheduler.frameworkId, 't1' as never)?.completed, true);
  });
});
