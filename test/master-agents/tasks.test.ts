import assert from 'node:assert/strict';
import type { FrameworkId, TaskId } from '../../lib/base/index.js';
import { TASK_STATE, encodeCommand } from '../../lib/state/index.js';
import type { TaskReport } from '../../lib/wire/index.js';
import { AgentWorld, CLUSTER, report, type FakeAgent } from './agent-world.js';

const { RUNNING, FINISHED, FAILED, GONE } = TASK_STATE;

function rejoin(
  world: AgentWorld,
  agent: FakeAgent,
  tasks: readonly TaskReport[],
  at: number = 1,
): FakeAgent {
  agent.close();
  world.settle();
  return world.join({ agentId: agent.id, clusterId: CLUSTER, tasks }, at);
}

describe('an agent is told', () => {
  it('launches and kills in the order of the log', () => {
    const world = new AgentWorld();
    const agent = world.join();
    const scheduler = world.launch(agent.id, 't1', 't2');
    const frameworkId = scheduler.frameworkId;
    world.commit({ kind: 'task-kill', frameworkId, taskId: 't1' as TaskId, graceMs: 50 });
    world.launchMore(scheduler, agent.id, 't3');
    assert.deepEqual(agent.orders(), ['launch t1', 'launch t2', 'kill t1', 'launch t3']);
    const [launch] = agent.of('launch');
    assert.equal(launch?.revision, world.task(frameworkId, 't1').launchedRevision);
    assert.deepEqual(agent.of('kill')[0]?.graceMs, 50);
  });

  it('at whichever member it is connected', () => {
    const world = new AgentWorld(3);
    const agent = world.join({}, 3);
    world.launch(agent.id, 't1');
    assert.deepEqual(agent.orders(), ['launch t1']);
  });

  it('that an update is committed, and not before', () => {
    const world = new AgentWorld();
    const agent = world.join();
    const { frameworkId } = world.launch(agent.id, 't1');
    world.group.holding = true;
    agent.update(frameworkId, 't1', 1, RUNNING);
    world.settle();
    assert.deepEqual(agent.committed(), []);
    world.group.release();
    assert.deepEqual(agent.committed(), ['t1 1']);
    assert.equal(world.task(frameworkId, 't1').state, RUNNING);
    assert.ok(agent.of('updateCommitted')[0]!.revision >= world.task(frameworkId, 't1').launchedRevision);
  });

  it('nothing of an update while an alarm stands, and keeps its stream to send it again', () => {
    const world = new AgentWorld();
    const agent = world.join();
    const { frameworkId } = world.launch(agent.id, 't1');
    // The first meets the alarm in the log; the second is not even proposed.
    world.group.holding = true;
    const alarm = encodeCommand({ kind: 'alarm-raise', index: 1, digests: [] });
    world.group.member(1).propose(alarm, () => {});
    agent.update(frameworkId, 't1', 1, RUNNING);
    world.group.release();
    world.settle();
    const proposed = world.group.member(1).proposed.length;
    agent.update(frameworkId, 't1', 1, RUNNING);
    world.settle();
    assert.deepEqual([agent.committed(), agent.code], [[], 'open']);
    assert.equal(world.group.member(1).proposed.length, proposed);
    const other = world.open();
    other.register({ incarnation: '00000000000000a2' });
    world.settle();
    assert.equal(other.code, 'DIVERGED');
    assert.equal(world.group.member(1).proposed.length, proposed);
    world.commit({ kind: 'alarm-clear', index: 2 });
    agent.update(frameworkId, 't1', 1, RUNNING);
    world.settle();
    assert.deepEqual(agent.committed(), ['t1 1']);
  });

  it('nothing of a task that ended in the entry that launched it', () => {
    const world = new AgentWorld();
    const agent = world.join();
    const scheduler = world.launch(agent.id, 't1');
    const view = world.task(scheduler.frameworkId, 't1');
    // The event of a launch whose task has ended by the time it is told.
    agent.update(scheduler.frameworkId, 't1', 1, FINISHED);
    world.settle();
    const { frameworkId, taskId, agentId, launchedRevision: revision } = view;
    world.tell({ kind: 'task-launched', revision, frameworkId, taskId, agentId });
    assert.deepEqual(agent.orders(), ['launch t1']);
  });

  it('that an update of a task nobody knows is done with', () => {
    const world = new AgentWorld();
    const agent = world.join();
    agent.update('F' as FrameworkId, 'ghost', 1, RUNNING);
    world.settle();
    assert.deepEqual(agent.committed(), ['ghost 1']);
  });

  it('the same answer when it repeats an update', () => {
    const world = new AgentWorld();
    const agent = world.join();
    const { frameworkId } = world.launch(agent.id, 't1');
    agent.update(frameworkId, 't1', 1, RUNNING);
    agent.update(frameworkId, 't1', 1, RUNNING);
    world.settle();
    assert.deepEqual(agent.committed(), ['t1 1', 't1 1']);
    assert.equal(world.task(frameworkId, 't1').pendingUpdates, 1);
  });
});

describe('an update ends the stream', () => {
  it('when one before it is missing', () => {
    const world = new AgentWorld();
    const agent = world.join();
    const { frameworkId } = world.launch(agent.id, 't1');
    agent.update(frameworkId, 't1', 2, RUNNING);
    world.settle();
    assert.equal(agent.code, 'SEQUENCE_GAP');
    assert.notEqual(world.task(frameworkId, 't1').state, RUNNING);
  });

  it('when the agent has attached anew since, and changes nothing', () => {
    const world = new AgentWorld(2);
    const agent = world.join();
    const { frameworkId } = world.launch(agent.id, 't1');
    world.group.member(1).deaf = true;
    world.join({ agentId: agent.id, clusterId: CLUSTER }, 2);
    agent.update(frameworkId, 't1', 1, RUNNING);
    world.settle();
    assert.equal(agent.code, 'STALE_CONNECTION');
    assert.notEqual(world.task(frameworkId, 't1').state, RUNNING);
  });

  it('when too many wait to be committed', () => {
    const world = new AgentWorld(1, { updatesInFlight: 3 });
    const agent = world.join();
    const { frameworkId } = world.launch(agent.id, 't1');
    world.group.holding = true;
    for (let sequence = 1; sequence <= 4; sequence++) agent.update(frameworkId, 't1', sequence, RUNNING);
    assert.equal(agent.code, 'OVERLOADED');
  });

  for (const [what, more] of [
    ['a time before 1970', { timestamp: -1 }],
    ['a time that is no number', { timestamp: Number.NaN }],
    ['a time beyond all times', { timestamp: 1e300 }],
    ['a uuid of 3 bytes', { uuid: new Uint8Array(3) }],
    ['a negative exit code', { exit: { how: { kind: 'code', value: -1 }, atMs: 0 } }],
  ] as const) {
    it(`when it has ${what}, and the master goes on`, () => {
      const world = new AgentWorld();
      const agent = world.join();
      const { frameworkId } = world.launch(agent.id, 't1');
      assert.throws(() => agent.update(frameworkId, 't1', 1, RUNNING, more), { code: 'INVALID_ARGUMENT' });
    });
  }
});

it('an update that its framework leaves no room for is not answered, and costs nobody else the stream', () => {
  const world = new AgentWorld();
  const agent = world.join();
  const { frameworkId } = world.launch(agent.id, 't1');
  const room = world.machine.limits.updatesPerTask;
  for (let sequence = 1; sequence <= room + 1; sequence++) {
    agent.update(frameworkId, 't1', sequence, RUNNING);
    world.settle();
  }
  assert.equal(agent.code, 'open');
  assert.equal(agent.committed().length, room);
});

describe('a registration tells what differs', () => {
  it('tasks that nobody knows or wants', () => {
    const world = new AgentWorld();
    const agent = world.join();
    const { frameworkId } = world.launch(agent.id, 'ended');
    agent.update(frameworkId, 'ended', 1, FINISHED);
    world.settle();
    const tasks = [report(frameworkId, 'ended', 1), report('nobody' as FrameworkId, 'ghost', 2)];
    const again = rejoin(world, agent, tasks);
    assert.deepEqual(
      again.of('registered')[0]?.unknownTasks.map(({ taskId }) => taskId),
      ['ended', 'ghost'],
    );
    assert.deepEqual(again.orders(), []);
  });

  it('updates that are committed, never more than the agent made', () => {
    const world = new AgentWorld();
    const agent = world.join();
    const { frameworkId } = world.launch(agent.id, 't1');
    agent.update(frameworkId, 't1', 1, TASK_STATE.STARTING);
    agent.update(frameworkId, 't1', 2, RUNNING);
    world.settle();
    assert.deepEqual(rejoin(world, agent, [report(frameworkId, 't1', 3)]).committed(), ['t1 2']);
  });

  it('launches that were never confirmed, and kills in flight after them', () => {
    const world = new AgentWorld();
    const agent = world.join();
    const scheduler = world.launch(agent.id, 't1', 't2');
    const { frameworkId } = scheduler;
    agent.close();
    world.settle();
    world.commit({ kind: 'task-kill', frameworkId, taskId: 't2' as TaskId, graceMs: -1 });
    const again = world.join({ agentId: agent.id, clusterId: CLUSTER, tasks: [] });
    assert.deepEqual(again.orders(), ['launch t1', 'launch t2', 'kill t2']);
  });

  it('no launch of a task that the agent holds, confirmed or not', () => {
    const world = new AgentWorld();
    const agent = world.join();
    const { frameworkId } = world.launch(agent.id, 't1', 't2');
    agent.update(frameworkId, 't2', 1, RUNNING);
    world.settle();
    const tasks = [report(frameworkId, 't1', 0), report(frameworkId, 't2', 1)];
    assert.deepEqual(rejoin(world, agent, tasks).orders(), []);
  });

  it('to the group that a task the agent once confirmed is gone', () => {
    const world = new AgentWorld();
    const agent = world.join();
    const { frameworkId } = world.launch(agent.id, 't1');
    agent.update(frameworkId, 't1', 1, RUNNING);
    world.settle();
    const again = rejoin(world, agent, []);
    assert.deepEqual([again.orders(), world.task(frameworkId, 't1').state], [[], GONE]);
  });

  it('a loss again when the report of it came to nothing', () => {
    const world = new AgentWorld(2);
    const agent = world.join({}, 2);
    const { frameworkId } = world.launch(agent.id, 't1');
    agent.update(frameworkId, 't1', 1, RUNNING);
    world.settle();
    agent.close();
    world.settle();
    const member = world.group.member(2);
    const propose = member.propose.bind(member);
    member.propose = (command, done) => {
      const refuse = Buffer.from(command).includes('without a record');
      if (refuse) world.group.time.soon(() => done({ kind: 'refused', code: 'OVERLOADED', message: 'full' }));
      else propose(command, done);
    };
    const again = world.join({ agentId: agent.id, clusterId: CLUSTER, tasks: [] }, 2);
    assert.equal(world.task(frameworkId, 't1').state, RUNNING);
    member.propose = propose;
    again.beat();
    world.advance(1_100);
    assert.equal(world.task(frameworkId, 't1').state, GONE);
  });

  it('a loss again when an alarm stood in its way', () => {
    const world = new AgentWorld();
    const agent = world.join();
    const { frameworkId } = world.launch(agent.id, 't1');
    agent.update(frameworkId, 't1', 1, RUNNING);
    world.settle();
    agent.close();
    world.settle();
    const member = world.group.member(1);
    const propose = member.propose.bind(member);
    const alarm = encodeCommand({ kind: 'alarm-raise', index: 1, digests: [] });
    member.propose = (command, done) => {
      if (Buffer.from(command).includes('without a record')) propose(alarm, () => {});
      propose(command, done);
    };
    const again = world.join({ agentId: agent.id, clusterId: CLUSTER, tasks: [] });
    member.propose = propose;
    assert.equal(world.task(frameworkId, 't1').state, RUNNING);
    world.commit({ kind: 'alarm-clear', index: 2 });
    again.beat();
    world.advance(1_100);
    assert.equal(world.task(frameworkId, 't1').state, GONE);
  });

  it('to an agent of as many tasks as one may have, all of them reported and to be killed', () => {
    const world = new AgentWorld(1);
    const agent = world.join();
    const scheduler = world.launch(agent.id, 't0');
    const { frameworkId } = scheduler;
    agent.update(frameworkId, 't0', 1, RUNNING);
    world.settle();
    world.commit({ kind: 'task-kill', frameworkId, taskId: 't0' as TaskId, graceMs: -1 });
    const view = world.task(frameworkId, 't0');
    // The stream counts what is unread: two messages for each task, beside the answer.
    const again = world.open();
    again.unread = 2 * world.machine.limits.tasksPerAgent;
    const tasks = [report(frameworkId, 't0', 1)];
    again.register({ agentId: view.agentId, clusterId: CLUSTER, tasks });
    world.settle();
    assert.deepEqual([again.code, again.orders()], ['open', ['kill t0']]);
  });
});

it('a task killed before the agent heard of it is told once, however often the agent comes back', () => {
  const world = new AgentWorld(2);
  const agent = world.join();
  const { frameworkId } = world.launch(agent.id, 't1');
  world.group
    .member(1)
    .propose(
      encodeCommand({ kind: 'task-kill', frameworkId, taskId: 't1' as TaskId, graceMs: 0 }),
      () => undefined,
    );
  world.settle();
  agent.update(frameworkId, 't1', 1, FAILED);
  world.settle();
  const again = rejoin(world, agent, [report(frameworkId, 't1', 1)], 2);
  assert.deepEqual([again.orders(), again.of('registered')[0]?.unknownTasks.length], [[], 1]);
});
