import assert from 'node:assert/strict';
import { must, type TaskId } from '../../lib/base/index.js';
import { TASK_STATE } from '../../lib/state/index.js';
import {
  World,
  acceptedAt,
  keepAlive,
  refusalCode,
  resources,
  taskInfo,
  type FakeScheduler,
} from './world.js';

const { RUNNING, FINISHED, FAILED } = TASK_STATE;

/** A framework with tasks t1, t2, … launched on one agent. */
function withTasks(world: World, count: number, at: number = 1): FakeScheduler {
  const agent = world.addAgent('a1', resources(100, 100_000), at);
  const scheduler = world.subscribe('F', { at });
  const tasks = Array.from({ length: count }, (_, i) => taskInfo(`t${i + 1}`, agent));
  acceptedAt(scheduler.accept(must(scheduler.offers()[0], 'an offer'), tasks, 3600));
  return scheduler;
}

function told(scheduler: FakeScheduler): string[] {
  return scheduler.updates().map(({ task_id, state }) => `${task_id.value} ${state}`);
}

describe('status updates', () => {
  it('come one at a time per task, the next when the last is acknowledged', () => {
    const world = new World();
    const scheduler = withTasks(world, 2);
    world.report(scheduler.frameworkId, 't1', 1, RUNNING);
    world.report(scheduler.frameworkId, 't1', 2, FAILED);
    world.report(scheduler.frameworkId, 't2', 1, RUNNING);
    assert.deepEqual(told(scheduler), ['t1 TASK_RUNNING', 't2 TASK_RUNNING']);
    acceptedAt(scheduler.acknowledge(scheduler.updates()[0]!));
    assert.deepEqual(told(scheduler), ['t1 TASK_RUNNING', 't2 TASK_RUNNING', 't1 TASK_FAILED']);
  });

  it('that are not acknowledged come again on the next stream; acknowledged ones never', () => {
    const world = new World();
    const scheduler = withTasks(world, 3);
    for (const task of ['t1', 't2', 't3']) {
      world.report(scheduler.frameworkId, task, 1, RUNNING);
      world.report(scheduler.frameworkId, task, 2, FINISHED);
    }
    acceptedAt(scheduler.acknowledge(scheduler.updates()[0]!));
    acceptedAt(scheduler.acknowledge(scheduler.updates()[3]!));
    acceptedAt(scheduler.acknowledge(scheduler.updates()[1]!));
    scheduler.disconnect();
    const again = world.subscribe('F', { id: scheduler.frameworkId });
    assert.deepEqual(told(again), ['t2 TASK_FINISHED', 't3 TASK_RUNNING']);
  });

  it('come on whichever master the framework subscribes at, in the same order', () => {
    const world = new World({ members: 3 });
    const scheduler = withTasks(world, 1, 1);
    world.report(scheduler.frameworkId, 't1', 1, RUNNING);
    world.report(scheduler.frameworkId, 't1', 2, FINISHED);
    world.group.kill(1);
    world.group.elect(2);
    const again = world.subscribe('F', { id: scheduler.frameworkId, at: 3 });
    assert.deepEqual(told(again), ['t1 TASK_RUNNING']);
    acceptedAt(again.ask({ type: 'ACKNOWLEDGE', acknowledge: acknowledgement(again) }));
    assert.deepEqual(told(again), ['t1 TASK_RUNNING', 't1 TASK_FINISHED']);
  });

  it('are not sent again on the same stream, whatever else happens', () => {
    const world = new World({ members: 3 });
    const scheduler = withTasks(world, 1);
    world.report(scheduler.frameworkId, 't1', 1, RUNNING);
    world.group.elect(2);
    world.group.member(1).reset();
    world.settle();
    assert.deepEqual(told(scheduler), ['t1 TASK_RUNNING']);
  });

  it('that happened while a snapshot was installed are seen afterwards', () => {
    const world = new World();
    const scheduler = withTasks(world, 1);
    world.group.member(1).deaf = true;
    world.report(scheduler.frameworkId, 't1', 1, RUNNING);
    assert.deepEqual(told(scheduler), []);
    world.group.member(1).deaf = false;
    world.group.member(1).reset();
    assert.deepEqual(told(scheduler), ['t1 TASK_RUNNING']);
  });

  it('wait in the machine for a stream that does not read, and cost it no memory', () => {
    const world = new World();
    const scheduler = withTasks(world, 100);
    scheduler.reading = false;
    for (let i = 1; i <= 100; i++) world.report(scheduler.frameworkId, `t${i}`, 1, RUNNING);
    const sent = scheduler.updates().length;
    assert.ok(sent <= 1, `${sent} updates for a stream that takes none`);
    for (let i = 1; i <= 100; i++) world.report(scheduler.frameworkId, `t${i}`, 2, FINISHED);
    scheduler.drain();
    assert.equal(scheduler.updates().length, 100, 'one head per task');
  });

  it('carry what the agent said, and the uuid to acknowledge', () => {
    const world = new World();
    const scheduler = withTasks(world, 1);
    world.report(scheduler.frameworkId, 't1', 1, RUNNING);
    const [status] = scheduler.updates();
    assert.equal(status?.source, 'SOURCE_EXECUTOR');
    assert.equal(status?.agent_id?.value, 'a1');
    assert.equal(status?.uuid?.length, 16);
    assert.ok(Math.abs((status?.timestamp ?? 0) * 1000 - world.group.time.wallMs()) < 1_000);
  });

  it('acknowledged with another uuid are refused', () => {
    const world = new World();
    const scheduler = withTasks(world, 1);
    world.report(scheduler.frameworkId, 't1', 1, RUNNING);
    const acknowledge = { ...acknowledgement(scheduler), uuid: world.uuid() };
    assert.equal(refusalCode(scheduler.ask({ type: 'ACKNOWLEDGE', acknowledge })), 'UNKNOWN_UPDATE');
  });
});

describe('the loss of an agent', () => {
  it('is told by FAILURE to every framework, and by updates to those with tasks there', () => {
    const world = new World();
    const scheduler = withTasks(world, 3);
    const other = world.subscribe('other');
    for (let i = 1; i <= 3; i++) world.report(scheduler.frameworkId, `t${i}`, 1, RUNNING);
    for (const status of scheduler.updates().slice(0, 3)) acceptedAt(scheduler.acknowledge(status));
    world.advance(15_200);
    for (const one of [scheduler, other]) {
      assert.deepEqual(
        one.events('FAILURE').map(({ failure }) => failure.agent_id?.value),
        ['a1'],
      );
    }
    assert.deepEqual(told(scheduler).slice(3), [
      't1 TASK_UNREACHABLE',
      't2 TASK_UNREACHABLE',
      't3 TASK_UNREACHABLE',
    ]);
    assert.deepEqual(told(other), []);
  });

  it('is swept in slices, by whoever leads, until no task is left', () => {
    const world = new World({ members: 3, limits: { sweeps: { tasksPerSlice: 10, retryMs: 200 } } });
    const scheduler = withTasks(world, 35, 2);
    world.advance(14_900);
    world.group.holding = true;
    world.advance(300);
    world.group.kill(1);
    world.group.holding = false;
    world.group.elect(3);
    world.advance(15_200);
    const states = world.machine.tasks.ofFramework(scheduler.frameworkId).map(({ state }) => state);
    assert.equal(states.length, 35);
    assert.ok(states.every((state) => state === TASK_STATE.UNREACHABLE));
    assert.deepEqual(world.machine.sweeps, []);
  });
});

describe('RECONCILE', () => {
  it('explicitly answers every task at once, known or not, with nothing to acknowledge', () => {
    const world = new World();
    const scheduler = withTasks(world, 1);
    world.addAgent('a2');
    keepAlive(world, ['a1', 'a2']);
    world.report(scheduler.frameworkId, 't1', 1, RUNNING);
    const tasks = [
      { task_id: { value: 't1' }, agent_id: { value: 'a1' } },
      { task_id: { value: 'never' }, agent_id: { value: 'a2' } },
      { task_id: { value: 'nowhere' } },
    ];
    acceptedAt(scheduler.ask({ type: 'RECONCILE', reconcile: { tasks } }));
    const answers = scheduler.updates().slice(1);
    assert.deepEqual(
      answers.map(({ task_id, state }) => [task_id.value, state]),
      [
        ['t1', 'TASK_RUNNING'],
        ['never', 'TASK_GONE'],
        ['nowhere', 'TASK_UNKNOWN'],
      ],
    );
    for (const { uuid, reason, source } of answers) {
      assert.deepEqual([uuid, reason, source], [undefined, 'REASON_RECONCILIATION', 'SOURCE_MASTER']);
    }
  });

  it('implicitly answers every task that is not in a final state', () => {
    const world = new World();
    const scheduler = withTasks(world, 3);
    world.report(scheduler.frameworkId, 't1', 1, RUNNING);
    world.report(scheduler.frameworkId, 't2', 1, FINISHED);
    acceptedAt(scheduler.ask({ type: 'RECONCILE', reconcile: {} }));
    const answers = scheduler.updates().filter(({ reason }) => reason === 'REASON_RECONCILIATION');
    assert.deepEqual(
      answers.map(({ task_id, state }) => [task_id.value, state]),
      [
        ['t1', 'TASK_RUNNING'],
        ['t3', 'TASK_STAGING'],
      ],
    );
  });

  it('is authoritative right after a change of leader', () => {
    const world = new World({ members: 3 });
    const scheduler = withTasks(world, 1, 2);
    world.group.kill(1);
    world.group.elect(3);
    acceptedAt(scheduler.ask({ type: 'RECONCILE', reconcile: { tasks: [{ task_id: { value: 't1' } }] } }));
    assert.deepEqual(told(scheduler), ['t1 TASK_STAGING']);
  });

  it('without a leader is refused: nobody could know', () => {
    const world = new World({ members: 3 });
    const scheduler = withTasks(world, 1, 2);
    world.group.lose();
    assert.equal(refusalCode(scheduler.ask({ type: 'RECONCILE', reconcile: {} })), 'NO_LEADER');
  });

  it('tells a framework that is not partition aware LOST', () => {
    const world = new World();
    const scheduler = world.connect();
    const framework_info = { user: 'nobody', name: 'old' };
    scheduler.request({ type: 'SUBSCRIBE', subscribe: { framework_info } });
    world.settle();
    scheduler.frameworkId = scheduler.events('SUBSCRIBED')[0]!.subscribed.framework_id.value as never;
    acceptedAt(scheduler.ask({ type: 'RECONCILE', reconcile: { tasks: [{ task_id: { value: 'x' } }] } }));
    assert.deepEqual(told(scheduler), ['x TASK_LOST']);
  });
});

describe('KILL', () => {
  it('is recorded until the task ends, and may name a grace period', () => {
    const world = new World();
    const scheduler = withTasks(world, 1);
    const kill = { task_id: { value: 't1' }, kill_policy: { grace_period: { nanoseconds: '7000000000' } } };
    const index = acceptedAt(scheduler.ask({ type: 'KILL', kill }));
    const task = world.machine.tasks.get(scheduler.frameworkId, 't1' as TaskId);
    assert.deepEqual(task?.kill, { graceMs: 7_000, revision: index });
  });

  it('of an unknown task is refused, and answered by an update as in Mesos', () => {
    const world = new World();
    const scheduler = withTasks(world, 1);
    const reply = scheduler.ask({ type: 'KILL', kill: { task_id: { value: 'nobody' } } });
    assert.equal(refusalCode(reply), 'UNKNOWN_TASK');
    assert.deepEqual(told(scheduler), ['nobody TASK_UNKNOWN']);
  });
});

function acknowledgement(scheduler: FakeScheduler): { task_id: never; agent_id: never; uuid: Uint8Array } {
  const { task_id, agent_id, uuid } = must(scheduler.updates().at(-1), 'an update');
  return { task_id: task_id as never, agent_id: agent_id as never, uuid: uuid! };
}
