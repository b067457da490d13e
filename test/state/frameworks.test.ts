import assert from 'node:assert/strict';
import type { FrameworkId, TaskId } from '../../lib/base/index.js';
import { TASK_STATE } from '../../lib/state/index.js';
import {
  A1,
  Driver,
  F1,
  framework,
  launch,
  M1,
  M2,
  running,
  task,
  taskOf,
  update,
  uuid,
} from './support/driver.js';

const BOTH: readonly string[] = ['batch', 'service'];

function teardown(driver: Driver): void {
  driver.done({ kind: 'framework-teardown', frameworkId: F1, cause: 'asked', subscription: 0 });
}

function sweep(driver: Driver, limit: number = 100): void {
  driver.done({ kind: 'sweep', sweep: 'framework-teardown', id: F1, limit, seed: uuid(1) });
}

describe('A framework', () => {
  it('subscribes under the id that the proposal drew', () => {
    const driver = new Driver();
    assert.deepEqual(driver.done(framework()), { kind: 'framework', frameworkId: F1, subscription: 1 });
    assert.deepEqual(driver.kinds(), ['framework-subscribed']);
  });

  it('that subscribes again wins over its older stream, which is named to be told', () => {
    const driver = running();
    driver.done(framework(F1, 2));
    const [event] = driver.events;
    assert.ok(event?.kind === 'framework-subscribed');
    assert.deepEqual(event.previous, { member: M1, stream: 1 });
    assert.deepEqual([event.subscription, event.again], [2, true]);
    assert.deepEqual(driver.kinds(), ['framework-subscribed', 'framework-offers-invalid']);
  });

  it('keeps its newest stream when an older one of the same member comes late', () => {
    const driver = running();
    driver.done(framework(F1, 7));
    assert.equal(driver.refused(framework(F1, 6)), 'STALE_CONNECTION');
  });

  it('is not disconnected by the end of a stream it has left', () => {
    const driver = running();
    driver.done({ ...framework(), connection: { member: M2, stream: 1 } });
    assert.equal(driver.changed({ kind: 'framework-disconnect', frameworkId: F1, subscription: 1 }), false);
    assert.equal(driver.machine.frameworks.get(F1)!.status.kind, 'connected');
  });

  it('needs roles in order, each once, and suppresses only its own', () => {
    const driver = new Driver();
    for (const roles of [[], ['b', 'a'], ['a', 'a'], ['']]) {
      assert.equal(driver.refused({ ...framework(), roles }), 'INVALID_ARGUMENT');
    }
    assert.equal(driver.refused({ ...framework(), suppressed: ['other'] }), 'INVALID_ARGUMENT');
  });

  it('suppresses and revives its roles, and every revive is told', () => {
    const driver = running();
    driver.done({ kind: 'framework-suppress', frameworkId: F1, roles: ['batch'] });
    assert.deepEqual(driver.machine.frameworks.get(F1)!.suppressed, ['batch']);
    driver.done({ kind: 'framework-suppress', frameworkId: F1, roles: [] });
    assert.deepEqual(driver.machine.frameworks.get(F1)!.suppressed, BOTH);
    driver.done({ kind: 'framework-revive', frameworkId: F1, roles: ['service'] });
    assert.deepEqual(driver.machine.frameworks.get(F1)!.suppressed, ['batch']);
    assert.equal(driver.changed({ kind: 'framework-revive', frameworkId: F1, roles: ['service'] }), false);
    assert.deepEqual(driver.kinds(), ['framework-roles-changed']);
    assert.equal(
      driver.refused({ kind: 'framework-revive', frameworkId: F1, roles: ['other'] }),
      'INVALID_ARGUMENT',
    );
  });
});

describe('The failover timer of a framework', () => {
  it('starts at full length when its stream ends, and only ever goes down', () => {
    const driver = running();
    driver.done({ kind: 'framework-disconnect', frameworkId: F1, subscription: 1 });
    const left = (): unknown => driver.machine.frameworks.get(F1)!.status;
    assert.deepEqual(left(), { kind: 'disconnected', sinceMs: driver.nowMs, remainingMs: 60_000 });
    const remaining = (remainingMs: number, subscription: number = 1): boolean =>
      driver.changed({ kind: 'framework-failover-remaining', frameworkId: F1, subscription, remainingMs });
    assert.deepEqual([remaining(50_000), remaining(55_000), remaining(10, 2)], [true, false, false]);
    assert.deepEqual(left(), { kind: 'disconnected', sinceMs: driver.nowMs, remainingMs: 50_000 });
  });

  it('ends a framework only if it has not come back', () => {
    const driver = running();
    const expire = (subscription: number): boolean =>
      driver.changed({
        kind: 'framework-teardown',
        frameworkId: F1,
        cause: 'failover-timeout',
        subscription,
      });
    assert.equal(expire(1), false);
    driver.done({ kind: 'framework-disconnect', frameworkId: F1, subscription: 1 });
    driver.done(framework(F1, 2));
    driver.done({ kind: 'framework-disconnect', frameworkId: F1, subscription: 2 });
    assert.equal(expire(1), false);
    assert.equal(expire(2), true);
  });
});

describe('The teardown of a framework', () => {
  it('kills its tasks in slices, completes it, and refuses its id afterwards', () => {
    const driver = running('t1', 't2', 't3');
    driver.done(update('t1', 1, TASK_STATE.RUNNING));
    teardown(driver);
    assert.equal(driver.refused(framework(F1, 2)), 'FRAMEWORK_REMOVED');
    sweep(driver, 2);
    assert.deepEqual(driver.kinds(), ['kill-requested', 'kill-requested']);
    assert.equal(driver.machine.frameworks.get(F1)!.status.kind, 'tearing-down');
    sweep(driver, 2);
    assert.deepEqual(driver.kinds(), ['kill-requested', 'framework-completed']);
    assert.equal(driver.refused(framework(F1, 2)), 'FRAMEWORK_REMOVED');
    assert.equal(driver.refused(launch([task('t4')])), 'FRAMEWORK_REMOVED');
    assert.equal(driver.machine.agents.commandsFor(A1).kills.length, 3);
  });

  it('leaves what its tasks hold until they have ended, and then nothing to acknowledge', () => {
    const driver = running('t1');
    driver.done(update('t1', 1, TASK_STATE.RUNNING));
    teardown(driver);
    sweep(driver);
    assert.equal(driver.machine.agents.allocated(A1).cpuMilli, 100);
    driver.done(update('t1', 2, TASK_STATE.KILLED));
    assert.equal(driver.machine.agents.allocated(A1).cpuMilli, 0);
    assert.deepEqual(driver.kinds(), ['task-updated', 'resources-freed', 'task-completed']);
    assert.equal(taskOf(driver, 't1').completed, true);
  });

  it('makes history of tasks that had ended unacknowledged', () => {
    const driver = running('t1');
    driver.done(update('t1', 1, TASK_STATE.FINISHED));
    teardown(driver);
    sweep(driver);
    assert.equal(taskOf(driver, 't1').completed, true);
    assert.equal(driver.machine.tasks.size, 0);
  });

  it('of one without tasks is over at once', () => {
    const driver = running();
    teardown(driver);
    assert.equal(driver.machine.frameworks.get(F1)!.status.kind, 'completed');
    assert.deepEqual(driver.machine.sweeps, []);
  });

  it('is forgotten with its history when enough others were completed after it', () => {
    const driver = new Driver({ completedFrameworks: 1 });
    const before = driver.machine.usage().records;
    for (const id of ['f1', 'f2'] as FrameworkId[]) {
      driver.done(framework(id));
      driver.done({ kind: 'framework-teardown', frameworkId: id, cause: 'asked', subscription: 0 });
    }
    assert.deepEqual(
      driver.machine.frameworks.list().map(({ frameworkId }) => frameworkId),
      ['f2'],
    );
    assert.ok(driver.machine.usage().records - before <= 3);
  });
});

describe('Kills', () => {
  it('with the grace of the task unless they name one', () => {
    const driver = running('t1');
    driver.done({ kind: 'task-kill', frameworkId: F1, taskId: 't1' as TaskId, graceMs: -1 });
    assert.equal(taskOf(driver, 't1').kill!.graceMs, 3000);
    driver.done({ kind: 'task-kill', frameworkId: F1, taskId: 't1' as TaskId, graceMs: 5 });
    assert.equal(taskOf(driver, 't1').kill!.graceMs, 5);
  });
});
