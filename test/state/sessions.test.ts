import assert from 'node:assert/strict';
import type { SessionId } from '../../lib/base/index.js';
import type { Command, MachineLimits, PlainCommand } from '../../lib/state/index.js';
import { bytes, Driver, SESSION } from './support/driver.js';

function opened(limits: Partial<MachineLimits> = {}): Driver {
  const driver = new Driver(limits);
  driver.done({ kind: 'session-open', session: SESSION, timeoutMs: 60_000 });
  return driver;
}

const SET: PlainCommand = { kind: 'tree-set', path: '/', data: bytes('x'), expectedVersion: -1 };
const BAD: PlainCommand = { kind: 'tree-set', path: '/none', data: bytes('x'), expectedVersion: -1 };

function call(sequence: number, acknowledgedBelow: number = 1, command: PlainCommand = SET): Command {
  return { kind: 'in-session', session: SESSION, sequence, acknowledgedBelow, command };
}

function version(driver: Driver): number {
  return driver.machine.tree.exists('/')!.version;
}

describe('A client session', () => {
  it('runs a sequence once and answers every repetition with the first result', () => {
    const driver = opened();
    const [first] = driver.run(call(1));
    driver.run(call(2));
    const [again] = driver.run(call(1));
    assert.deepEqual(again, first);
    assert.equal(version(driver), 2);
    assert.deepEqual(driver.events, []);
  });

  it('keeps refusals as it keeps other answers', () => {
    const driver = opened();
    const [first] = driver.run(call(1, 1, BAD));
    driver.done({ kind: 'tree-create', path: '/none', data: bytes('') });
    assert.deepEqual(driver.run(call(1, 1, BAD))[0], first);
  });

  it('refuses a sequence whose answer was acknowledged, and runs nothing', () => {
    const driver = opened();
    driver.run(call(1), call(2), call(3, 3));
    assert.equal(driver.refused(call(2)), 'SEQUENCE_STALE');
    assert.equal(version(driver), 3);
    assert.deepEqual(driver.machine.sessions.lookup(SESSION, 2), { kind: 'stale' });
  });

  it('drops the answers below the acknowledged sequence and no others', () => {
    const driver = opened();
    driver.run(call(1), call(4), call(2), call(5, 3));
    assert.equal(driver.machine.sessions.get(SESSION)!.keptResults, 2);
    assert.equal(driver.machine.sessions.lookup(SESSION, 4).kind, 'answered');
    assert.equal(driver.machine.sessions.lookup(SESSION, 3).kind, 'new');
  });

  it('that is not open executes nothing', () => {
    const driver = new Driver();
    assert.equal(driver.refused(call(1)), 'SESSION_EXPIRED');
    assert.equal(version(driver), 0);
  });

  it('refuses before executing when too many answers wait, and keeps that refusal', () => {
    const driver = opened({ resultsPerSession: 2 });
    driver.run(call(1), call(2));
    assert.equal(driver.refused(call(3)), 'SESSION_LIMIT');
    assert.equal(version(driver), 2);
    driver.run(call(4, 3));
    assert.equal(driver.refused(call(3)), 'SESSION_LIMIT');
    assert.equal(version(driver), 3);
  });

  it('whose client acknowledges nothing at all is ended', () => {
    const driver = opened({ resultsPerSession: 2 });
    driver.run(call(1), call(2), call(3), call(4));
    assert.equal(driver.refused(call(5)), 'SESSION_EXPIRED');
    assert.deepEqual(driver.kinds(), ['session-ended']);
    assert.equal(driver.machine.sessions.size, 0);
  });

  it('refuses to acknowledge what it asks in the same breath', () => {
    assert.equal(opened().refused(call(3, 4)), 'INVALID_ARGUMENT');
  });

  it('does not run commands about sessions', () => {
    const close: PlainCommand = { kind: 'session-close', session: SESSION };
    assert.equal(opened().refused(call(1, 1, close)), 'INVALID_ARGUMENT');
  });

  it('expires only if it was not used since the leader judged it', () => {
    const driver = opened();
    const { usedRevision } = driver.machine.sessions.get(SESSION)!;
    driver.run(call(1));
    assert.equal(driver.changed({ kind: 'session-expire', session: SESSION, usedRevision }), false);
    const used = driver.machine.sessions.get(SESSION)!.usedRevision;
    assert.equal(driver.changed({ kind: 'session-expire', session: SESSION, usedRevision: used }), true);
    assert.equal(driver.refused(call(1)), 'SESSION_EXPIRED');
  });

  it('takes its answers with it', () => {
    const driver = opened();
    const before = driver.machine.usage();
    driver.run(call(1), call(2));
    driver.done({ kind: 'session-close', session: SESSION });
    assert.equal(driver.machine.usage().records, before.records - 1);
  });

  it('opened again is the same session', () => {
    const driver = opened();
    assert.equal(driver.changed({ kind: 'session-open', session: SESSION, timeoutMs: 60_000 }), false);
  });

  it('has an id of 16 hexadecimal digits and a timeout within the limits', () => {
    const driver = new Driver();
    const open = (session: string, timeoutMs: number): Command => ({
      kind: 'session-open',
      session: session as SessionId,
      timeoutMs,
    });
    assert.equal(driver.refused(open('short', 60_000)), 'INVALID_ARGUMENT');
    assert.equal(driver.refused(open(SESSION, 1)), 'INVALID_ARGUMENT');
  });
});
