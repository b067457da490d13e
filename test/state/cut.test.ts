import assert from 'node:assert/strict';
import {
  type AgentId,
  type ClusterId,
  type FrameworkId,
  InvariantError,
  TepuiError,
} from '../../lib/base/index.js';
import { type Command, DEFAULT_LIMITS, Machine } from '../../lib/state/index.js';
import { A1, agent, bytes, Driver, F1, framework, running, update } from './support/driver.js';
import { Durable, wholeCut } from './support/durable.js';

const SMALL = { ...DEFAULT_LIMITS, removedAgents: 2, completedFrameworks: 2 };

function create(path: string, data: string = 'x'): Command {
  return { kind: 'tree-create', path, data: bytes(data) };
}

function set(path: string, data: string): Command {
  return { kind: 'tree-set', path, data: bytes(data), expectedVersion: -1 };
}

function code(error: unknown): string {
  return error instanceof TepuiError ? error.code : String(error);
}

function codeOf(action: () => void): string {
  try {
    action();
  } catch (error) {
    return code(error);
  }
  return 'nothing thrown';
}

describe('A cut', () => {
  it('holds the state at its index, whatever is applied while it is encoded', () => {
    const driver = new Driver();
    driver.run(create('/a', 'old'), create('/b'), create('/c'));
    const cut = driver.machine.beginCut(driver.index, 1);
    driver.run(set('/a', 'new'), { kind: 'tree-delete', path: '/b', expectedVersion: -1 }, create('/d'));
    driver.run({ kind: 'tree-delete', path: '/d', expectedVersion: -1 }, create('/b', 'again'));
    while (!cut.encodeSlice(1));
    const durable = new Durable();
    durable.take(cut);
    const { tree, revision } = durable.load();
    assert.deepEqual(tree.children('/'), ['a', 'b', 'c']);
    assert.deepEqual(tree.get('/a')!.data, bytes('old'));
    assert.deepEqual(tree.get('/b')!.data, bytes('x'));
    assert.equal(revision, 3);
  });

  it('holds only what changed since the one before, and the deletions', () => {
    const driver = new Driver();
    driver.run(create('/a'), create('/b'));
    const durable = new Durable();
    durable.take(wholeCut(driver.machine, driver.index, 1));
    driver.run({ kind: 'tree-delete', path: '/a', expectedVersion: -1 });
    const cut = wholeCut(driver.machine, driver.index, 1);
    const paths = [...cut.records]
      .filter(({ table }) => table === 6)
      .map(({ key }) => Buffer.from(key).toString());
    assert.deepEqual(paths, ['/']);
    assert.equal(cut.deletions.length, 1);
    durable.take(cut);
    assert.deepEqual(durable.load().tree.children('/'), ['b']);
  });

  it('has the same digest however the state came to be', () => {
    const one = new Driver();
    one.run(create('/a', '1'));
    one.run(set('/a', '2'));
    const other = new Driver();
    other.run(create('/a', '1'));
    wholeCut(other.machine, other.index, 1);
    other.run(set('/a', '2'));
    assert.equal(wholeCut(one.machine, 2, 1).digest, wholeCut(other.machine, 2, 1).digest);
  });

  it('has another digest after any change', () => {
    const driver = new Driver();
    const digests = new Set<string>();
    for (const command of [create('/a'), set('/a', 'y'), set('/a', 'z'), create('/b')]) {
      driver.run(command);
      digests.add(wholeCut(driver.machine, driver.index, 1).digest);
    }
    assert.equal(digests.size, 4);
  });

  it('may lie at an entry without commands after the last applied one', () => {
    const driver = new Driver();
    driver.run(create('/a'));
    wholeCut(driver.machine, 5, 2);
    assert.deepEqual([driver.machine.appliedIndex, driver.machine.appliedTerm], [5, 2]);
  });

  it('is refused while another is being encoded', () => {
    const driver = new Driver();
    driver.run(create('/a'));
    const cut = driver.machine.beginCut(driver.index, 1);
    assert.throws(() => driver.machine.beginCut(driver.index, 1), InvariantError);
    assert.throws(() => cut.digest, InvariantError);
    while (!cut.encodeSlice(1));
    driver.machine.beginCut(driver.index, 1);
  });

  it('takes from the count of changed bytes what it froze', () => {
    const driver = new Driver();
    driver.run(create('/a', 'x'.repeat(10_000)));
    assert.ok(driver.machine.usage().changedBytes > 10_000);
    driver.machine.beginCut(driver.index, 1);
    assert.ok(driver.machine.usage().changedBytes < 1_000);
  });

  it('is not needed while nothing happens, not even after a load', () => {
    const driver = new Driver();
    driver.run(create('/a'));
    assert.ok(driver.machine.usage().changedRecords > 0);
    const durable = new Durable();
    durable.take(wholeCut(driver.machine, driver.index, 1));
    assert.equal(driver.machine.usage().changedRecords, 0);
    const loaded = driver.after(durable.load());
    assert.equal(loaded.machine.usage().changedRecords, 0);
    loaded.refused({ kind: 'tree-delete', path: '/nobody', expectedVersion: -1 });
    assert.ok(loaded.machine.usage().changedRecords > 0, 'a refusal takes a revision');
  });
});

describe('A load', () => {
  function durable(): Durable {
    const driver = running('t1');
    driver.done(update('t1', 1, 1));
    driver.done(create('/a'));
    driver.done(create('/a/b'));
    const kept = new Durable();
    kept.take(wholeCut(driver.machine, driver.index, 1));
    return kept;
  }

  it('takes records in any order', () => {
    assert.deepEqual(durable().load(true).tree.children('/a'), ['b']);
  });

  it('finds the sweeps that were under way', () => {
    const driver = running('t1');
    driver.done({ kind: 'agent-unreachable', agentId: A1, attachment: 1 });
    driver.done({ kind: 'framework-teardown', frameworkId: F1, cause: 'asked', subscription: 0 });
    const kept = new Durable();
    kept.take(wholeCut(driver.machine, driver.index, 1));
    assert.deepEqual(kept.load().sweeps, [
      { sweep: 'agent-unreachable', id: A1 },
      { sweep: 'framework-teardown', id: F1 },
    ]);
  });

  it('goes on forgetting the oldest of what is over', () => {
    const driver = new Driver();
    driver.done({ kind: 'cluster-init', clusterId: 'c1' as ClusterId, limits: SMALL });
    const end = (target: Driver, n: number): void => {
      target.done(agent(`a${n}` as AgentId));
      target.done({ kind: 'agent-remove', agentId: `a${n}` as AgentId, cause: 'gone' });
      target.done(framework(`f${n}` as FrameworkId));
      target.done({
        kind: 'framework-teardown',
        frameworkId: `f${n}` as FrameworkId,
        cause: 'asked',
        subscription: 0,
      });
    };
    end(driver, 1);
    end(driver, 2);
    const kept = new Durable();
    kept.take(wholeCut(driver.machine, driver.index, 1));
    const loaded = driver.after(kept.load());
    end(loaded, 3);
    const { agents, frameworks } = loaded.machine;
    assert.deepEqual(
      [
        ...agents.list().map(({ agentId }) => agentId),
        ...frameworks.list().map(({ frameworkId }) => frameworkId),
      ],
      ['a2', 'a3', 'f2', 'f3'],
    );
  });

  it('that finds another digest is damage, and names both', () => {
    const kept = durable();
    const [first] = kept.records.keys();
    kept.records.delete(first!);
    assert.equal(
      codeOf(() => kept.load()),
      'DAMAGED',
    );
  });

  it('that lacks a parent, a task or a session is damage', () => {
    for (const table of [6, 9]) {
      const kept = durable();
      const [key] = [...kept.records].find(([, record]) => record.table === table && record.key.length > 1)!;
      kept.records.delete(key);
      assert.equal(
        codeOf(() => kept.load()),
        'DAMAGED',
        `table ${table}`,
      );
    }
  });

  it('of a record that cannot be read is damage, of an unknown table a newer format', () => {
    const load = (table: number, version: number): string =>
      codeOf(() =>
        new Machine(DEFAULT_LIMITS).load({ table, key: bytes('/'), value: Uint8Array.of(version) }),
      );
    assert.equal(load(6, 1), 'DAMAGED');
    assert.equal(load(6, 0), 'DAMAGED');
    assert.equal(load(99, 1), 'NEWER_FORMAT');
  });

  it('goes into an empty machine only, and is finished before the machine is used', () => {
    const driver = new Driver();
    driver.run(create('/a'));
    const [record] = durable().records.values();
    assert.throws(() => driver.machine.load(record!), InvariantError);
    const machine = new Machine(DEFAULT_LIMITS);
    machine.load(record!);
    assert.throws(() => machine.beginCut(1, 1), InvariantError);
  });
});
