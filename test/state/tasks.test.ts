import assert from 'node:assert/strict';
import type { FrameworkId, TaskId } from '../../lib/base/index.js';
import { makeResources, TASK_STATE, type TaskAcknowledge, type TaskState } from '../../lib/state/index.js';
import {
  A1,
  agent,
  Driver,
  F1,
  framework,
  launch,
  MIB,
  running,
  task,
  taskOf,
  update,
  uuid,
} from './support/driver.js';

const T1 = 't1' as TaskId;
const { STAGING, STARTING, RUNNING, KILLING, FINISHED, FAILED, KILLED, LOST, UNREACHABLE } = TASK_STATE;

function acknowledge(n: number, taskId: TaskId = T1): TaskAcknowledge {
  return { kind: 'task-acknowledge', frameworkId: F1, taskId, uuid: uuid(n) };
}

function report(driver: Driver, ...states: readonly TaskState[]): void {
  for (const state of states) driver.done(update('t1', taskOf(driver, 't1').sequence + 1, state));
}

describe('A launch', () => {
  it('stages its tasks and takes their resources', () => {
    const driver = running();
    driver.done(launch([task('t1', 1000), task('t2', 500)]));
    assert.equal(taskOf(driver, 't1').state, STAGING);
    assert.deepEqual(driver.machine.agents.allocated(A1), makeResources(1500, 128 * MIB, 0));
    assert.deepEqual(driver.machine.frameworks.allocated(F1), [
      { role: 'batch', allocated: makeResources(1500, 128 * MIB, 0) },
    ]);
    assert.deepEqual(driver.kinds(), ['task-launched', 'task-launched']);
  });

  it('that asks for more than is left does nothing at all', () => {
    const driver = running();
    driver.done(launch([task('t1', 3000)]));
    assert.equal(driver.refused(launch([task('t2', 500), task('t3', 501)])), 'INSUFFICIENT_RESOURCES');
    assert.equal(driver.machine.tasks.get(F1, 't2' as TaskId), null);
    assert.equal(driver.machine.agents.allocated(A1).cpuMilli, 3000);
  });

  it('counts every resource, named ones too', () => {
    const driver = new Driver();
    const gpus = [{ name: 'gpus', milli: 1000 }];
    driver.done({ ...agent(), resources: makeResources(4000, 1024 * MIB, 0, gpus) });
    driver.done(framework());
    const wants = (id: string): ReturnType<typeof task> => ({
      ...task(id),
      resources: makeResources(1, 1, 0, [{ name: 'gpus', milli: 600 }]),
    });
    driver.done(launch([wants('t1')]));
    assert.equal(driver.refused(launch([wants('t2')])), 'INSUFFICIENT_RESOURCES');
  });

  it('of a task id that is active, in the history, or twice in it is refused', () => {
    const driver = running('t1');
    assert.equal(driver.refused(launch([task('t1')])), 'TASK_EXISTS');
    report(driver, FINISHED);
    driver.done(acknowledge(1));
    assert.equal(taskOf(driver, 't1').completed, true);
    assert.equal(driver.refused(launch([task('t1')])), 'TASK_EXISTS');
    assert.equal(driver.refused(launch([task('t2', 1), task('t2', 1)])), 'TASK_EXISTS');
  });

  it('from offers of another term is refused', () => {
    const driver = running();
    driver.term = 2;
    assert.equal(driver.refused(launch([task('t1')])), 'INVALID_OFFER');
  });

  it('of nothing, for nobody, to nowhere or beyond a limit is refused', () => {
    const driver = running();
    assert.equal(driver.refused(launch([])), 'INVALID_ARGUMENT');
    assert.equal(
      driver.refused(launch([task('t1', 0)].map((one) => ({ ...one, resources: makeResources(0, 0, 0) })))),
      'INVALID_ARGUMENT',
    );
    assert.equal(
      driver.refused(launch([task('t1')], { frameworkId: 'f9' as FrameworkId })),
      'UNKNOWN_FRAMEWORK',
    );
    assert.equal(driver.refused(launch([task('t1')], { agentId: 'a9' as never })), 'UNKNOWN_AGENT');
    assert.equal(driver.refused(launch([task('t1')], { role: 'other' })), 'INVALID_ARGUMENT');
    assert.equal(driver.refused(launch([task('a/b')])), 'INVALID_ARGUMENT');
    const many = Array.from({ length: 501 }, (_, i) => task(`t${i}`, 1));
    assert.equal(driver.refused(launch(many)), 'TOO_LARGE');
  });
});

describe('A task', () => {
  it('goes forward only; a step back is answered without effect and without an update', () => {
    const driver = running('t1');
    report(driver, STARTING, RUNNING);
    assert.equal(driver.changed(update('t1', 3, STARTING)), false);
    assert.equal(taskOf(driver, 't1').state, RUNNING);
    assert.equal(taskOf(driver, 't1').sequence, 3);
    assert.equal(taskOf(driver, 't1').pendingUpdates, 2);
    report(driver, RUNNING, KILLING, KILLED);
    assert.equal(taskOf(driver, 't1').state, KILLED);
  });

  it('that is over stays as it ended', () => {
    const driver = running('t1');
    report(driver, RUNNING, FAILED);
    assert.equal(driver.changed(update('t1', 3, FINISHED)), false);
    assert.equal(driver.changed({ kind: 'task-kill', frameworkId: F1, taskId: T1, graceMs: 1 }), false);
    const end = { uuid: uuid(9), reason: -1, message: '', status: new Uint8Array() };
    const lost = { kind: 'task-master-update', frameworkId: F1, taskId: T1, state: LOST, ...end } as const;
    assert.equal(driver.changed(lost), false);
    assert.equal(taskOf(driver, 't1').state, FAILED);
    assert.equal(taskOf(driver, 't1').pendingUpdates, 2);
  });

  it('frees its resources the moment it ends', () => {
    const driver = running('t1');
    report(driver, FINISHED);
    assert.equal(driver.machine.agents.allocated(A1).cpuMilli, 0);
    assert.deepEqual(driver.machine.frameworks.allocated(F1), []);
    assert.deepEqual(driver.kinds(), ['task-updated', 'resources-freed']);
  });

  it('ended by the master is told so', () => {
    const driver = running('t1');
    const facts = {
      uuid: uuid(1),
      reason: 9,
      message: 'the agent does not know it',
      status: new Uint8Array(),
    };
    driver.done({ kind: 'task-master-update', frameworkId: F1, taskId: T1, state: LOST, ...facts });
    const [told] = driver.machine.tasks.updates(F1, T1);
    assert.deepEqual([told!.state, told!.source, told!.sequence, told!.message], [LOST, 0, 0, facts.message]);
  });

  it('remembers how its process ended', () => {
    const driver = running('t1');
    driver.done(update('t1', 1, FAILED, { exit: { signal: 9 }, reason: 0, message: 'killed' }));
    const { exit, reason, message } = taskOf(driver, 't1');
    assert.deepEqual([exit, reason, message], [{ signal: 9 }, 0, 'killed']);
  });
});

describe('Status updates', () => {
  it('are taken in order, each once; a gap is refused', () => {
    const driver = running('t1');
    report(driver, STARTING);
    assert.equal(driver.changed(update('t1', 1, STARTING)), false);
    assert.equal(driver.refused(update('t1', 3, RUNNING)), 'SEQUENCE_GAP');
    assert.equal(driver.changed(update('t1', 2, RUNNING)), true);
  });

  it('come only through the present attachment of the agent that has the task', () => {
    const driver = running('t1');
    assert.equal(driver.refused(update('t1', 1, RUNNING, { attachment: 2 })), 'STALE_CONNECTION');
    driver.done(agent('a2' as never));
    assert.equal(driver.refused(update('t1', 1, RUNNING, { agentId: 'a2' as never })), 'UNKNOWN_TASK');
    driver.done({ kind: 'agent-disconnect', agentId: A1, attachment: 1 });
    assert.equal(driver.refused(update('t1', 1, RUNNING)), 'STALE_CONNECTION');
    assert.equal(driver.refused(update('t9', 1, RUNNING, { agentId: 'a2' as never })), 'UNKNOWN_TASK');
  });

  it('of an agent never say UNREACHABLE', () => {
    assert.equal(running('t1').refused(update('t1', 1, UNREACHABLE)), 'INVALID_ARGUMENT');
  });

  it('wait in order until each is acknowledged, oldest first', () => {
    const driver = running('t1');
    report(driver, STARTING, RUNNING);
    assert.equal(driver.refused(acknowledge(2)), 'UNKNOWN_UPDATE');
    driver.done(acknowledge(1));
    const [event] = driver.events;
    assert.ok(event?.kind === 'update-acknowledged');
    assert.deepEqual(event.next, uuid(2));
    assert.equal(driver.refused(acknowledge(1)), 'UNKNOWN_UPDATE');
    driver.done(acknowledge(2));
    assert.deepEqual(driver.machine.tasks.updates(F1, T1), []);
  });

  it('of TASK_KILLING go only to frameworks that ask for them', () => {
    const driver = running('t1');
    driver.done({ ...framework(F1, 2), capabilities: 0 });
    report(driver, RUNNING, KILLING);
    assert.equal(taskOf(driver, 't1').state, KILLING);
    assert.equal(taskOf(driver, 't1').pendingUpdates, 1);
  });

  it('that nobody acknowledges are refused at a limit', () => {
    const driver = new Driver({ updatesPerTask: 2 });
    driver.done(agent());
    driver.done(framework());
    driver.done(launch([task('t1')]));
    report(driver, RUNNING, RUNNING);
    assert.equal(driver.refused(update('t1', 3, FINISHED)), 'OVERLOADED');
    driver.done(acknowledge(1));
    driver.done(update('t1', 3, FINISHED));
  });
});

describe('The history of tasks', () => {
  it('takes a task that ended once its updates are acknowledged, and drops the oldest', () => {
    const driver = new Driver({ completedTasksPerFramework: 2 });
    driver.done(agent());
    driver.done(framework());
    for (const id of ['t1', 't2', 't3'] as TaskId[]) {
      driver.done(launch([task(id)]));
      driver.done(update(id, 1, FINISHED));
      assert.equal(driver.machine.tasks.size, 1);
      driver.done(acknowledge(1, id));
      assert.equal(driver.machine.tasks.size, 0);
    }
    assert.deepEqual(
      driver.machine.tasks.completedOf(F1).map(({ taskId }) => taskId),
      ['t2', 't3'],
    );
    assert.equal(driver.machine.tasks.get(F1, T1), null);
  });
});
