import assert from 'node:assert/strict';
import type { AgentId, TaskId } from '../../lib/base/index.js';
import { type AgentReregister, makeResources, type ResultValue, TASK_STATE } from '../../lib/state/index.js';
import {
  A1,
  agent,
  Driver,
  F1,
  launch,
  M1,
  M2,
  MIB,
  running,
  task,
  taskOf,
  update,
  uuid,
} from './support/driver.js';

function again(stream: number, over: Partial<AgentReregister> = {}): AgentReregister {
  return { ...agent(A1, stream), kind: 'agent-reregister', ...over };
}

function sweep(driver: Driver, limit: number = 100): ResultValue {
  const [first] = driver.machine.sweeps;
  assert.ok(first !== undefined, 'no sweep is under way');
  return driver.done({ kind: 'sweep', ...first, limit, seed: uuid(driver.index) });
}

describe('An agent', () => {
  it('is admitted under the id that the proposal drew', () => {
    const driver = new Driver();
    assert.deepEqual(driver.done(agent()), { kind: 'agent', agentId: A1, attachment: 1 });
    const view = driver.machine.agents.get(A1)!;
    assert.deepEqual(view.status, { kind: 'connected', connection: { member: M1, stream: 1 } });
    assert.deepEqual(driver.kinds(), ['agent-registered']);
  });

  it('registered twice under one id is attached anew, not admitted twice', () => {
    const driver = running();
    assert.deepEqual(driver.done(agent(A1, 2)), { kind: 'agent', agentId: A1, attachment: 2 });
    assert.equal(driver.machine.agents.size, 1);
  });

  it('that nobody knows cannot re-register', () => {
    assert.equal(new Driver().refused(again(1)), 'UNKNOWN_AGENT');
  });

  it('keeps its newest stream when an older one of the same member comes late', () => {
    const driver = running();
    driver.done(again(5));
    assert.equal(driver.refused(again(4)), 'STALE_CONNECTION');
    driver.done(again(1, { connection: { member: M2, stream: 1 } }));
  });

  it('is not disconnected by the end of a stream it has left', () => {
    const driver = running();
    driver.done(again(2));
    assert.equal(driver.changed({ kind: 'agent-disconnect', agentId: A1, attachment: 1 }), false);
    assert.equal(driver.changed({ kind: 'agent-disconnect', agentId: A1, attachment: 2 }), true);
    assert.deepEqual(driver.kinds(), ['agent-disconnected', 'agent-offers-invalid']);
  });

  it('is not unreachable if it attached since the leader judged it', () => {
    const driver = running();
    driver.done(again(2));
    assert.equal(driver.changed({ kind: 'agent-unreachable', agentId: A1, attachment: 1 }), false);
  });

  it('cannot come back with less than its tasks hold', () => {
    const driver = running('t1');
    const less = again(2, { resources: makeResources(99, 4096 * MIB, 0) });
    assert.equal(driver.refused(less), 'INSUFFICIENT_RESOURCES');
  });

  it('that changed makes its offers invalid, one that did not leaves them', () => {
    const driver = running();
    driver.done(again(2));
    assert.deepEqual(driver.kinds(), ['agent-registered']);
    driver.done(again(3, { resources: makeResources(1, MIB, 0) }));
    assert.deepEqual(driver.kinds(), ['agent-registered', 'agent-offers-invalid']);
  });

  it('must name resources and attributes in order', () => {
    const driver = new Driver();
    const others = [
      { name: 'b', milli: 1 },
      { name: 'a', milli: 1 },
    ];
    assert.equal(
      driver.refused({ ...agent(), resources: { ...makeResources(1, 1, 1), others } }),
      'INVALID_ARGUMENT',
    );
    const attributes = others.map(({ name }) => ({ name, value: '' }));
    assert.equal(driver.refused({ ...agent(), attributes }), 'INVALID_ARGUMENT');
  });

  it('has an id that can be a folder name', () => {
    const driver = new Driver();
    for (const id of ['', '.', '..', 'a/b', 'a\\b', 'a b', 'a\n']) {
      assert.equal(driver.refused(agent(id as AgentId)), 'INVALID_ARGUMENT', JSON.stringify(id));
    }
  });
});

describe('An agent still has to be told', () => {
  it('the launches it has not confirmed by an update, and every kill', () => {
    const driver = running('t1', 't2');
    driver.done({ kind: 'task-kill', frameworkId: F1, taskId: 't1' as TaskId, graceMs: -1 });
    driver.done(update('t1', 1, TASK_STATE.STARTING));
    const { launches, kills } = driver.machine.agents.commandsFor(A1);
    assert.deepEqual(
      launches.map(({ taskId }) => taskId),
      ['t2'],
    );
    assert.deepEqual(kills, [{ frameworkId: F1, taskId: 't1', graceMs: 3000, revision: 4 }]);
  });

  it('only what is later than the revision it knows', () => {
    const driver = running('t1');
    const known = driver.machine.revision;
    driver.done(launch([task('t2', 1)]));
    assert.deepEqual(
      driver.machine.agents.commandsFor(A1, known).launches.map(({ taskId }) => taskId),
      ['t2'],
    );
  });

  it('nothing of tasks that are over', () => {
    const driver = running('t1');
    driver.done({ kind: 'task-kill', frameworkId: F1, taskId: 't1' as TaskId, graceMs: 1 });
    driver.done(update('t1', 1, TASK_STATE.KILLED));
    assert.deepEqual(driver.machine.agents.commandsFor(A1), { launches: [], kills: [] });
  });
});

describe('An unreachable agent', () => {
  it('has its tasks marked in slices, keeps what they hold, and gets them back when it returns', () => {
    const driver = running('t1', 't2', 't3');
    driver.done(update('t1', 1, TASK_STATE.RUNNING));
    driver.done({ kind: 'agent-unreachable', agentId: A1, attachment: 1 });
    assert.deepEqual(driver.machine.sweeps, [{ sweep: 'agent-unreachable', id: A1 }]);
    assert.deepEqual(sweep(driver, 2), { kind: 'swept', touched: 2, remaining: 1 });
    sweep(driver);
    assert.deepEqual(driver.machine.sweeps, []);
    assert.equal(taskOf(driver, 't1').state, TASK_STATE.UNREACHABLE);
    assert.equal(driver.machine.agents.allocated(A1).cpuMilli, 300);

    driver.done(again(2));
    sweep(driver);
    assert.deepEqual(
      ['t1', 't2'].map((id) => taskOf(driver, id).state),
      [TASK_STATE.RUNNING, TASK_STATE.STAGING],
    );
    const told = driver.machine.tasks.updates(F1, 't1' as TaskId).map(({ state }) => state);
    assert.deepEqual(told, [TASK_STATE.RUNNING, TASK_STATE.UNREACHABLE, TASK_STATE.RUNNING]);
  });

  it('that returns before the sweep ends gets back what was marked', () => {
    const driver = running('t1', 't2');
    driver.done({ kind: 'agent-unreachable', agentId: A1, attachment: 1 });
    sweep(driver, 1);
    driver.done(again(2));
    assert.deepEqual(sweep(driver), { kind: 'swept', touched: 1, remaining: 0 });
    assert.equal(taskOf(driver, 't1').state, TASK_STATE.STAGING);
  });

  it('gets no launches', () => {
    const driver = running('t1');
    driver.done({ kind: 'agent-unreachable', agentId: A1, attachment: 1 });
    assert.equal(driver.refused(launch([task('t2', 1)])), 'AGENT_UNREACHABLE');
  });

  it('has its tasks told as LOST to a framework that knows no partitions', () => {
    const driver = running();
    driver.done({ ...agent(), kind: 'agent-reregister' });
    driver.done({ ...frameworkWithout(), connection: { member: M1, stream: 2 } });
    driver.done(launch([task('t1', 1)]));
    driver.done({ kind: 'agent-unreachable', agentId: A1, attachment: 2 });
    sweep(driver);
    assert.equal(taskOf(driver, 't1').state, TASK_STATE.UNREACHABLE);
    assert.equal(driver.machine.tasks.updates(F1, 't1' as TaskId)[0]!.state, TASK_STATE.LOST);
  });
});

function frameworkWithout(): Parameters<Driver['done']>[0] & { kind: 'framework-subscribe' } {
  return {
    kind: 'framework-subscribe',
    frameworkId: F1,
    name: '',
    user: '',
    principal: '',
    roles: ['batch'],
    suppressed: [],
    failoverTimeoutMs: 0,
    capabilities: 0,
    spec: new Uint8Array(),
    connection: { member: M1, stream: 1 },
  };
}

describe('A removed agent', () => {
  it('loses its tasks in slices and is refused from then on', () => {
    const driver = running('t1', 't2');
    driver.done({ kind: 'agent-remove', agentId: A1, cause: 'gone' });
    sweep(driver);
    assert.equal(taskOf(driver, 't1').state, TASK_STATE.GONE_BY_OPERATOR);
    assert.equal(driver.machine.agents.allocated(A1).cpuMilli, 0);
    assert.equal(driver.refused(again(2)), 'AGENT_REMOVED');
    assert.equal(driver.refused(launch([task('t3')])), 'AGENT_REMOVED');
    assert.equal(driver.refused(update('t1', 1, TASK_STATE.RUNNING)), 'AGENT_REMOVED');
  });

  it('that left in order has its tasks GONE', () => {
    const driver = running('t1');
    driver.done({ kind: 'agent-remove', agentId: A1, cause: 'left' });
    sweep(driver);
    assert.equal(taskOf(driver, 't1').state, TASK_STATE.GONE);
  });

  it('is forgotten when enough others were removed after it', () => {
    const driver = new Driver({ removedAgents: 2 });
    for (const id of ['a1', 'a2', 'a3'] as AgentId[]) {
      driver.done(agent(id));
      driver.done({ kind: 'agent-remove', agentId: id, cause: 'gone' });
    }
    assert.deepEqual(
      driver.machine.agents.list().map(({ agentId }) => agentId),
      ['a2', 'a3'],
    );
  });

  it('sweeps with updates whose uuids differ by task and by sweep', () => {
    const driver = running('t1', 't2');
    driver.done({ kind: 'agent-unreachable', agentId: A1, attachment: 1 });
    sweep(driver);
    driver.done({ kind: 'agent-remove', agentId: A1, cause: 'gone' });
    sweep(driver);
    const uuids = ['t1', 't2'].flatMap((id) => driver.machine.tasks.updates(F1, id as TaskId));
    assert.equal(new Set(uuids.map((one) => Buffer.from(one.uuid).toString('hex'))).size, 4);
  });
});
