import assert from 'node:assert/strict';
import type { AgentId, ClusterId, FrameworkId, MemberId, NodeId } from '../../lib/base/index.js';
import { type Command, DEFAULT_LIMITS, type MemberInfo } from '../../lib/state/index.js';
import { agent, bytes, Driver, framework, M1, M2, M3, MIB, running, SESSION } from './support/driver.js';

function info(node: NodeId, memoryBudgetBytes: number = 1024 * MIB, commandLevel: number = 1): MemberInfo {
  return {
    kind: 'member-info',
    node,
    member: node.slice(0, 2) as MemberId,
    doors: { http: '', grpc: 'h:1', peer: 'h:2', zookeeper: '' },
    release: '0.1.0',
    commandLevel,
    memoryBudgetBytes,
  };
}

function init(id: string): Command {
  return {
    kind: 'cluster-init',
    clusterId: id as ClusterId,
    limits: { ...DEFAULT_LIMITS, nodeDataBytes: 5 },
  };
}

function set(path: string, size: number): Command {
  return { kind: 'tree-set', path, data: new Uint8Array(size), expectedVersion: -1 };
}

function create(path: string, size: number): Command {
  return { kind: 'tree-create', path, data: new Uint8Array(size) };
}

describe('A cluster', () => {
  it('gets its id and its limits once, from the first entry', () => {
    const driver = new Driver();
    driver.done(init('c1'));
    assert.equal(driver.machine.cluster.clusterId, 'c1');
    assert.equal(driver.refused(create('/a', 6)), 'TOO_LARGE');
    assert.equal(driver.changed(init('c1')), false);
    assert.equal(driver.refused(init('c2')), 'FOREIGN_CLUSTER');
  });

  it('refuses limits that contradict themselves', () => {
    const limits = { ...DEFAULT_LIMITS, sessionTimeoutMinMs: 10, sessionTimeoutMaxMs: 5 };
    const command: Command = { kind: 'cluster-init', clusterId: 'c1' as ClusterId, limits };
    assert.equal(new Driver().refused(command), 'INVALID_ARGUMENT');
  });

  it('knows its members, their doors and the lowest command level among them', () => {
    const driver = new Driver();
    driver.done(info(M1, MIB, 3));
    driver.done(info(M2, MIB, 2));
    assert.equal(driver.machine.cluster.lowestCommandLevel, 2);
    driver.done({ kind: 'member-forget', node: M2 });
    assert.equal(driver.machine.cluster.lowestCommandLevel, 3);
    assert.deepEqual(
      driver.machine.cluster.members().map(({ node }) => node),
      [M1],
    );
  });

  it('has its revision raised after a recovery, never near the end of exact numbers', () => {
    const driver = new Driver();
    driver.done({ kind: 'revision-raise', by: 2 ** 40 });
    assert.equal(driver.machine.revision, 2 ** 40 + 1);
    assert.equal(driver.refused({ kind: 'revision-raise', by: 2 ** 45 }), 'INVALID_ARGUMENT');
  });
});

describe('Admission', () => {
  it('refuses growth above the share of the smallest budget, and lets deletes and expiries go on', () => {
    const driver = new Driver();
    driver.done(create('/big', 100_000));
    driver.done({ kind: 'session-open', session: SESSION, timeoutMs: 60_000 });
    driver.done(info(M1, 1024 * MIB));
    driver.done(info(M2, 120_000));
    assert.equal(driver.refused(create('/more', 1)), 'GROWTH_REFUSED');
    assert.equal(driver.machine.usage().budgetBytes, 90_000);
    driver.done({ kind: 'session-close', session: SESSION });
    driver.done({ kind: 'tree-delete', path: '/big', expectedVersion: -1 });
    driver.done(create('/more', 1));
  });

  it('lets what is known come back and shrink', () => {
    const driver = running();
    driver.done(create('/big', 100_000));
    driver.done(info(M1, 120_000));
    assert.equal(driver.refused(framework('f2' as FrameworkId)), 'GROWTH_REFUSED');
    assert.equal(driver.refused(agent('a2' as AgentId)), 'GROWTH_REFUSED');
    assert.equal(driver.refused(set('/big', 100_001)), 'GROWTH_REFUSED');
    driver.done(framework(undefined, 2));
    driver.done(agent(undefined, 2));
    driver.done(set('/big', 100_000));
  });

  it('lets clients in that come to make room', () => {
    const driver = new Driver();
    driver.done(create('/big', 100_000));
    driver.done(info(M1, 1));
    driver.done({ kind: 'session-open', session: SESSION, timeoutMs: 60_000 });
    const remove = { kind: 'tree-delete', path: '/big', expectedVersion: -1 } as const;
    driver.done({ kind: 'in-session', session: SESSION, sequence: 1, acknowledgedBelow: 1, command: remove });
  });

  it('lets clients of ZooKeeper in that come to make room', () => {
    const driver = new Driver();
    driver.done(create('/big', 100_000));
    driver.done(info(M1, 1));
    const arrival = { password: new Uint8Array(16), timeoutMs: 10_000, identities: [], member: M1 };
    driver.done({ kind: 'coordination-open', session: SESSION, ...arrival });
    const remove = { op: 'delete', path: '/big', version: -1 } as const;
    const write = { kind: 'coordination-write', session: SESSION, attachment: 1, multi: false } as const;
    driver.done({ ...write, ops: [remove] });
  });

  it('counts the command that is asked for', () => {
    const driver = new Driver();
    driver.done(info(M1, 100_000));
    assert.equal(driver.refused(create('/a', 80_000)), 'GROWTH_REFUSED');
    driver.done(create('/a', 60_000));
  });

  it('keeps its refusal for a repetition within a session, even when there is room again', () => {
    const driver = new Driver();
    driver.done(create('/big', 100_000));
    driver.done({ kind: 'session-open', session: SESSION, timeoutMs: 60_000 });
    driver.done(info(M1, 100_000));
    const plain = { kind: 'tree-create', path: '/a', data: bytes('x') } as const;
    const call = {
      kind: 'in-session',
      session: SESSION,
      sequence: 1,
      acknowledgedBelow: 1,
      command: plain,
    } as const;
    assert.equal(driver.refused(call), 'GROWTH_REFUSED');
    driver.done({ kind: 'tree-delete', path: '/big', expectedVersion: -1 });
    assert.equal(driver.refused(call), 'GROWTH_REFUSED');
  });

  it('counts records too', () => {
    const driver = new Driver({ records: 4 });
    driver.done(create('/a', 0));
    assert.equal(driver.refused(create('/b', 0)), 'GROWTH_REFUSED');
  });
});

describe('Checkpoints', () => {
  function report(driver: Driver, node: NodeId, digest: string): boolean {
    const index = driver.machine.checkpoints.list().at(-1)!.index;
    return driver.changed({ kind: 'checkpoint-digest', node, index, digest: digest.repeat(16) });
  }

  function verdict(driver: Driver): unknown {
    return driver.machine.checkpoints.verdicts([M1, M2, M3]).at(-1);
  }

  it('ask for a cut at the index of their entry', () => {
    const driver = new Driver();
    driver.run();
    driver.run({ kind: 'checkpoint' });
    assert.deepEqual(driver.events, [{ kind: 'checkpoint', revision: 1, index: 2 }]);
  });

  it('are open until a majority of the voters agrees, and then name who differs', () => {
    const driver = new Driver();
    driver.done({ kind: 'checkpoint' });
    assert.deepEqual(verdict(driver), { kind: 'open', index: 1 });
    report(driver, M1, 'a');
    report(driver, M2, 'b');
    assert.deepEqual(verdict(driver), { kind: 'open', index: 1 });
    report(driver, M3, 'a');
    assert.deepEqual(verdict(driver), {
      kind: 'majority',
      index: 1,
      digest: 'a'.repeat(16),
      differing: [M2],
    });
  });

  it('without a majority for one value are split', () => {
    const driver = new Driver();
    driver.done({ kind: 'checkpoint' });
    for (const [node, digest] of [
      [M1, 'a'],
      [M2, 'b'],
      [M3, 'c'],
    ] as const)
      report(driver, node, digest);
    assert.equal((verdict(driver) as { kind: string }).kind, 'split');
  });

  it('do not count what learners and strangers report', () => {
    const driver = new Driver();
    driver.done({ kind: 'checkpoint' });
    report(driver, 'm9@9' as NodeId, 'a');
    report(driver, 'm8@8' as NodeId, 'a');
    report(driver, M1, 'a');
    assert.deepEqual(verdict(driver), { kind: 'open', index: 1 });
  });

  it('are kept in a small number, oldest first', () => {
    const driver = new Driver({ checkpointsKept: 2 });
    for (let i = 0; i < 3; i++) driver.done({ kind: 'checkpoint' });
    assert.deepEqual(
      driver.machine.checkpoints.list().map(({ index }) => index),
      [2, 3],
    );
    const late: Command = { kind: 'checkpoint-digest', node: M1, index: 1, digest: '0'.repeat(16) };
    assert.equal(driver.changed(late), false);
  });
});

describe('Roles', () => {
  it('weigh 1 unless an operator says otherwise', () => {
    const driver = new Driver();
    assert.equal(driver.machine.roles.weightMilli('batch'), 1000);
    driver.done({ kind: 'role-weight', role: 'batch', weightMilli: 2500 });
    assert.deepEqual(driver.machine.roles.list(), [{ role: 'batch', weightMilli: 2500 }]);
    driver.done({ kind: 'role-weight', role: 'batch', weightMilli: 1000 });
    assert.deepEqual(driver.machine.roles.list(), []);
    assert.equal(driver.refused({ kind: 'role-weight', role: 'batch', weightMilli: 0 }), 'INVALID_ARGUMENT');
  });
});
