import assert from 'node:assert/strict';
import type { ClusterId, MemberId, NodeId, SessionId } from '../../lib/base/index.js';
import {
  type Command,
  DEFAULT_LIMITS,
  encodeCommand,
  encodeEntry,
  encodeRecords,
  encodeSubBatch,
  laneBoot,
  type SnapshotFacts,
  type StateRecord,
} from '../../lib/state/index.js';
import { A1, agent, bytes, Driver, F1, framework, launch, M1, M2, SESSION, task } from './support/driver.js';
import { Durable, wholeCut } from './support/durable.js';

const CLUSTER = 'c1' as ClusterId;
const RESTORE = '0123456789abcdef'.repeat(2);
const OTHER = 'fedcba9876543210'.repeat(2);

interface Snapshot {
  readonly facts: SnapshotFacts;
  readonly records: readonly StateRecord[];
}

function create(path: string, data: string = 'x'): Command {
  return { kind: 'tree-create', path, data: bytes(data) };
}

function init(clusterId: ClusterId): Command {
  return { kind: 'cluster-init', clusterId, limits: DEFAULT_LIMITS };
}

function member(node: NodeId): Command {
  const doors = { http: '', grpc: `${node}:1`, peer: '', zookeeper: '' };
  const told = { release: '0.1.0', commandLevel: 4, memoryBudgetBytes: 2 ** 31 };
  return { kind: 'member-info', node, member: node.split('@')[0] as MemberId, doors, ...told };
}

function open(session: SessionId = SESSION): Command {
  return { kind: 'session-open', session, timeoutMs: 60_000 };
}

function inSession(sequence: number, command: Command): Command {
  assert.ok(command.kind !== 'in-session');
  return { kind: 'in-session', session: SESSION, sequence, acknowledgedBelow: 1, command };
}

/** A machine as it was when the snapshot was taken: everything in it is older than what `running` has. */
function takeSnapshot(clusterId: ClusterId = CLUSTER): Snapshot {
  const driver = new Driver();
  driver.run(init(clusterId), member(M2), create('/old', 'from the snapshot'), open());
  driver.run(inSession(1, create('/in-session')), framework(), agent());
  driver.run(launch([task('t1')]));
  return snapshotOf(driver);
}

function snapshotOf(driver: Driver): Snapshot {
  const durable = new Durable();
  const cut = wholeCut(driver.machine, driver.index, 1);
  durable.take(cut);
  const { index, revision, digest } = cut;
  const records = [...durable.records.values()];
  const { clusterId } = driver.machine.cluster;
  const facts = { file: 'ab'.repeat(32), clusterId: clusterId!, createdAtMs: 1, index, revision, digest };
  return { facts: { ...facts, records: records.length }, records };
}

/** The group that is taken back. */
function running(): Driver {
  const driver = new Driver();
  driver.run(init(CLUSTER), member(M1), create('/new', 'since'), open());
  driver.run(inSession(1, create('/x')));
  return driver;
}

function begin(
  { facts }: Snapshot,
  over: Partial<Extract<Command, { kind: 'restore-begin' }>> = {},
): Command {
  return { kind: 'restore-begin', restore: RESTORE, anyCluster: false, ...facts, ...over };
}

function chunk(number: number, records: readonly StateRecord[]): Command {
  return { kind: 'restore-chunk', restore: RESTORE, number, records: encodeRecords(records) };
}

const SETTLE: Command = { kind: 'restore-settle', restore: RESTORE };
const COMMIT: Command = { kind: 'restore-commit', restore: RESTORE };

function stage(driver: Driver, snapshot: Snapshot): void {
  driver.done(begin(snapshot));
  const half = Math.ceil(snapshot.records.length / 2);
  driver.done(chunk(0, snapshot.records.slice(0, half)));
  driver.done(chunk(1, snapshot.records.slice(half)));
}

function settle(driver: Driver): number {
  let steps = 1;
  while (driver.changed(SETTLE)) steps++;
  return steps;
}

function restored(): Driver {
  const driver = running();
  stage(driver, takeSnapshot());
  settle(driver);
  driver.done(COMMIT);
  return driver;
}

/** An entry with one command of M1's lane in the history that is in force. */
function runIn(driver: Driver, history: number, number: number, ...commands: Command[]): boolean {
  const batch = encodeSubBatch(M1, laneBoot(history, 1), number, commands.map(encodeCommand));
  return !driver.apply(encodeEntry(driver.nowMs, [batch])).batches[0]!.skipped;
}

describe('A restore', () => {
  it('changes nothing that is seen before its commit', () => {
    const driver = running();
    const { revision } = driver.machine;
    stage(driver, takeSnapshot());
    const steps = settle(driver);
    assert.deepEqual(driver.machine.tree.children('/'), ['new', 'x']);
    assert.equal(driver.machine.revision, revision + 3 + steps);
    assert.equal(driver.machine.restores.history, 0);
  });

  it('puts the state of the snapshot in force with one entry', () => {
    const { machine, events } = restored();
    assert.deepEqual(machine.tree.children('/'), ['in-session', 'old']);
    assert.equal(machine.tasks.get(F1, task('t1').taskId)?.agentId, A1);
    assert.deepEqual(
      events.map(({ kind }) => kind),
      ['restored'],
    );
  });

  it('keeps who is in the group, and its cluster id', () => {
    const { machine } = restored();
    assert.deepEqual(
      machine.cluster.members().map(({ node }) => node),
      [M1],
    );
    assert.equal(machine.cluster.clusterId, CLUSTER);
  });

  it('raises the revision by 2^40 above the larger of both', () => {
    const driver = running();
    stage(driver, takeSnapshot());
    settle(driver);
    const { revision } = driver.machine;
    driver.done(COMMIT);
    assert.equal(driver.machine.revision, revision + 1 + 2 ** 40);
    assert.equal(driver.machine.restores.last?.formerRevision, revision + 1);
  });

  it('raises it above that of a snapshot that lies further', () => {
    const later = new Driver();
    later.run(init(CLUSTER), { kind: 'revision-raise', by: 2 ** 40 });
    const driver = running();
    const snapshot = snapshotOf(later);
    stage(driver, snapshot);
    settle(driver);
    driver.done(COMMIT);
    assert.equal(driver.machine.revision, snapshot.facts.revision + 2 ** 40);
  });

  it('ends every session: what a client repeats in one runs no more', () => {
    const driver = restored();
    assert.equal(driver.machine.sessions.size, 0);
    assert.ok(runIn(driver, 1, 1, inSession(9, create('/repeated'))));
    assert.equal(driver.machine.tree.get('/repeated'), null);
  });

  it('executes no sub-batch that was made for the former history', () => {
    const driver = restored();
    assert.equal(runIn(driver, 0, 100, create('/late')), false);
    // A boot that opens a lane, too: of a member that has proposed nothing before.
    const opening = encodeSubBatch(M2, 1, 1, [encodeCommand(create('/late'))]);
    assert.equal(driver.apply(encodeEntry(1, [opening])).batches[0]!.skipped, true);
    assert.equal(driver.machine.tree.get('/late'), null);
    assert.ok(runIn(driver, 1, 1, create('/after')));
  });

  it('executes nothing that comes behind it in its entry', () => {
    const driver = running();
    stage(driver, takeSnapshot());
    settle(driver);
    const results = driver.run(create('/before'), COMMIT, create('/behind'));
    assert.deepEqual(
      results.map((result) => (result.ok ? 'done' : result.code)),
      ['done', 'done', 'RESTORED'],
    );
    assert.deepEqual(driver.machine.tree.children('/'), ['in-session', 'old']);
  });

  it('answers a repeated commit as done', () => {
    const driver = restored();
    const repeated = encodeSubBatch(
      M1,
      laneBoot(1, 1),
      1,
      [COMMIT, begin(takeSnapshot())].map(encodeCommand),
    );
    const { results } = driver.apply(encodeEntry(1, [repeated])).batches[0]!;
    assert.ok(results.every((result) => result.ok));
    assert.equal(driver.machine.restores.history, 1);
  });

  it('is followed by a cut of the whole state, from which the same machine is loaded', () => {
    const driver = running();
    const durable = new Durable();
    durable.take(wholeCut(driver.machine, driver.index, 1));
    stage(driver, takeSnapshot());
    settle(driver);
    driver.done(COMMIT);
    const cut = wholeCut(driver.machine, driver.index, 1);
    assert.ok(cut.whole);
    durable.take(cut);
    const machine = durable.load();
    assert.deepEqual(machine.tree.children('/'), ['in-session', 'old']);
    assert.equal(machine.restores.history, 1);
    assert.equal(wholeCut(driver.machine, driver.index, 1).whole, false);
  });

  it('lets a cut that was begun before end with the former state', () => {
    const driver = running();
    stage(driver, takeSnapshot());
    settle(driver);
    const cut = driver.machine.beginCut(driver.index, 1);
    driver.done(COMMIT);
    while (!cut.encodeSlice(1));
    const durable = new Durable();
    durable.take(cut);
    assert.deepEqual(durable.load().tree.children('/'), ['new', 'x']);
  });

  for (const steps of [0, 1, 3, 100]) {
    it(`goes on where it was after a restart: chunks and ${steps} steps of settling`, () => {
      const driver = running();
      stage(driver, takeSnapshot());
      for (let step = 0; step < steps; step++) driver.done(SETTLE);
      const durable = new Durable();
      durable.take(wholeCut(driver.machine, driver.index, 1));
      const again = driver.after(durable.load());
      for (const one of [driver, again]) {
        settle(one);
        one.done(COMMIT);
      }
      const digests = [driver, again].map((one) => wholeCut(one.machine, one.index, 1).digest);
      assert.equal(digests[0], digests[1]);
    });
  }

  it('is refused when its snapshot is of another cluster, unless told', () => {
    const driver = running();
    const snapshot = takeSnapshot('c2' as ClusterId);
    assert.equal(driver.refused(begin(snapshot)), 'FOREIGN_CLUSTER');
    driver.done(begin(snapshot, { anyCluster: true }));
    driver.done(chunk(0, snapshot.records));
    settle(driver);
    driver.done(COMMIT);
    assert.equal(driver.machine.cluster.clusterId, CLUSTER);
  });

  it('is refused while another one is under way, until that was silent for ten minutes', () => {
    const driver = running();
    const snapshot = takeSnapshot();
    driver.done(begin(snapshot));
    assert.equal(driver.refused(begin(snapshot, { restore: OTHER })), 'RESTORING');
    driver.nowMs += 600_000;
    driver.done(begin(snapshot, { restore: OTHER }));
    assert.equal(driver.refused(chunk(0, snapshot.records)), 'RESTORE_LOST');
  });

  it('is dropped when what was staged is not the snapshot', () => {
    const driver = running();
    const snapshot = takeSnapshot();
    driver.done(begin(snapshot));
    driver.done(chunk(0, snapshot.records.slice(1)));
    assert.equal(driver.refused(SETTLE), 'SNAPSHOT_DAMAGED');
    assert.equal(driver.refused(COMMIT), 'RESTORE_LOST');
    assert.equal(driver.machine.restores.staging, null);
  });

  it('is dropped at a record that cannot be read', () => {
    for (const records of [
      bytes('nonsense'),
      encodeRecords([{ table: 6, key: bytes('/'), value: bytes('') }]),
    ]) {
      const driver = running();
      driver.done(begin(takeSnapshot()));
      const broken: Command = { kind: 'restore-chunk', restore: RESTORE, number: 0, records };
      assert.equal(driver.refused(broken), 'SNAPSHOT_DAMAGED');
    }
  });

  it('takes each chunk once and in order', () => {
    const driver = running();
    const snapshot = takeSnapshot();
    driver.done(begin(snapshot));
    assert.equal(driver.refused(chunk(1, snapshot.records)), 'INVALID_ARGUMENT');
    assert.ok(driver.changed(chunk(0, snapshot.records)));
    assert.equal(driver.changed(chunk(0, snapshot.records)), false);
    driver.done(SETTLE);
    assert.equal(driver.refused(chunk(1, [])), 'INVALID_ARGUMENT');
  });

  it('cannot be committed before it is settled', () => {
    const driver = running();
    stage(driver, takeSnapshot());
    assert.equal(driver.refused(COMMIT), 'INVALID_ARGUMENT');
    driver.done(SETTLE);
    assert.equal(driver.refused(COMMIT), 'INVALID_ARGUMENT');
  });

  it('leaves nothing when it is abandoned', () => {
    const driver = running();
    const { records, bytes: before } = driver.machine.usage();
    stage(driver, takeSnapshot());
    assert.ok(driver.machine.usage().bytes > before);
    driver.done({ kind: 'restore-abandon', restore: RESTORE });
    const usage = driver.machine.usage();
    assert.deepEqual([usage.records, usage.bytes], [records, before]);
  });

  it('may be made from a snapshot in which another one was being staged', () => {
    const staged = running();
    stage(staged, takeSnapshot());
    const driver = running();
    stage(driver, snapshotOf(staged));
    settle(driver);
    driver.done(COMMIT);
    assert.equal(driver.machine.restores.staging, null);
    assert.deepEqual(driver.machine.tree.children('/'), ['new', 'x']);
  });
});
