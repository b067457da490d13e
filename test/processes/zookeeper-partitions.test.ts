import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { CREATE_FLAGS, OP, ZK_ERROR } from '../../lib/wire/zookeeper/index.js';
import { NEW_SESSION, RawSession } from '../support/raw-session.js';
import { CutGroup } from '../support/cut-group.js';
import { eventually } from '../support/eventually.js';
import {
  ask,
  create,
  keepAlive,
  openSession,
  setRequest,
  statOf,
  textAt,
  tryAsk,
} from '../support/zookeeper-client.js';

const TIMEOUT_MS = 4_000;
const LIMIT_MS = 20_000;
const PING_MS = 250;
/** Deadlines are looked at so often. */
const SWEEP_MS = 100;

/** DESIGN 5: a cut-off master keeps no client believing, and what it still holds back can do no harm. */
describe('Sessions of ZooKeeper clients, with masters that are cut off or stand still', function () {
  this.timeout(120_000);
  let group: CutGroup;
  const sessions: RawSession[] = [];

  beforeEach(async () => {
    group = await CutGroup.start();
  });

  afterEach(async () => {
    for (const session of sessions.splice(0)) session.destroy();
    await group.end();
  });

  async function open(id: string, former?: RawSession): Promise<RawSession> {
    const session = await openSession(group.door(id), TIMEOUT_MS, former);
    sessions.push(session);
    return session;
  }

  /** Who leads, or a follower, and two others. */
  async function cast(role: 'the leader' | 'a follower'): Promise<[home: string, other: string]> {
    const leader = await group.leader();
    const others = group.others(leader);
    return role === 'the leader' ? [leader, others[0]!] : [others[0]!, others[1]!];
  }

  /** When `path` was first seen to be gone, by the clock of the test. */
  async function goneAtMs(witness: RawSession, path: string): Promise<number> {
    await eventually(async () => (await statOf(witness, path)) === null, LIMIT_MS, `${path} is gone`);
    return performance.now();
  }

  for (const role of ['the leader', 'a follower'] as const) {
    it(`${role} is cut off: its client loses the connection before anybody sees its node vanish`, async () => {
      const [home, other] = await cast(role);
      const client = await open(home);
      await create(client, '/mine', CREATE_FLAGS.ephemeral);
      keepAlive(client, PING_MS);
      const witness = await open(other);
      assert.notEqual(await statOf(witness, '/mine'), null);
      group.cutOff(home);
      const closed = client.end().then(() => performance.now());
      await group.leader(group.others(home));
      const gone = await goneAtMs(witness, '/mine');
      assert.ok(client.closed, 'the client still believes that it is connected');
      assert.ok((await closed) < gone, `closed ${(await closed) - gone} ms after its node was gone`);
    });

    it(`${role} is cut off with a write: it never lands once its client has gone on elsewhere`, async () => {
      const [home, other] = await cast(role);
      const before = await open(home);
      await create(before, '/n');
      const heal = group.cutOff(home);
      before.send([setRequest('/n', 'held back')]);
      const after = await open(other, before);
      assert.equal(after.key.id, before.key.id);
      await ask(after, setRequest('/n', 'elsewhere'));
      heal();
      // A lane keeps its order: once this is written, so is what was held back, or never.
      const later = await open(home);
      await create(later, '/later');
      assert.ok(before.closed);
      assert.equal((await statOf(later, '/n'))?.version, 1);
      assert.equal(await textAt(later, '/n'), 'elsewhere');
    });
  }

  it('a member that lags is never gone back to: it takes no client that has seen more, until it has applied it', async () => {
    const [home, other] = await cast('a follower');
    const before = await open(home);
    await create(before, '/n');
    const heal = group.cutOff(home);
    const there = await open(other, before);
    await ask(there, setRequest('/n', 'seen'));
    there.destroy();
    const early = await RawSession.open(group.door(home), there.key, TIMEOUT_MS, there.lastZxid);
    sessions.push(early);
    assert.equal(early.greeting, null, 'it was answered by a member that has not applied what it saw');
    heal();
    const back = await open(home, there);
    assert.equal(back.key.id, before.key.id);
    assert.equal(await textAt(back, '/n'), 'seen');
  });

  it('sync and a read show what was acknowledged anywhere: at a member that lags they wait for it', async () => {
    const [home, other] = await cast('a follower');
    const reader = await open(home);
    await create(reader, '/n');
    const writer = await open(other);
    const heal = group.cutOff(home);
    await ask(writer, setRequest('/n', 'acknowledged'));
    assert.equal(await textAt(reader, '/n'), 'x', 'it lags');
    reader.send([{ op: OP.sync, path: '/n' }]);
    const read = textAt(reader, '/n');
    // Its answers may wait for a third of the timeout before the connection is closed.
    await pause(TIMEOUT_MS / 10);
    heal();
    assert.equal(await read, 'acknowledged');
  });

  it('a new leader grants every session its whole timeout, however long it had been silent', async () => {
    const [home, other] = await cast('a follower');
    const client = await open(home);
    await create(client, '/mine', CREATE_FLAGS.ephemeral);
    client.destroy();
    const witness = await open(other);
    keepAlive(witness, PING_MS);
    await pause(TIMEOUT_MS * 0.7);
    assert.notEqual(await statOf(witness, '/mine'), null);
    const killedMs = performance.now();
    await group.kill(await group.leader());
    const gone = await goneAtMs(witness, '/mine');
    assert.ok(gone - killedMs >= TIMEOUT_MS - SWEEP_MS, `its node was gone after ${gone - killedMs} ms`);
    assert.equal(witness.closed, false);
  });

  it('only the log expires a session: without a quorum it lives, however long that lasts', async () => {
    const [home, other] = await cast('a follower');
    const before = await open(home);
    await create(before, '/mine', CREATE_FLAGS.ephemeral);
    keepAlive(before, PING_MS);
    await Promise.all(group.others(home).map((id) => group.kill(id)));
    await before.end();
    await pause(TIMEOUT_MS + 1_000);
    for (const id of group.others(home)) group.run(id);
    const after = await open(other, before);
    assert.equal(after.key.id, before.key.id);
    assert.equal((await statOf(after, '/mine'))?.ephemeralOwner, before.key.id);
  });

  it('a leader that stood still for longer than a timeout expires nobody when it wakes', async () => {
    const [leader, other] = await cast('the leader');
    const client = await open(other);
    await create(client, '/mine', CREATE_FLAGS.ephemeral);
    keepAlive(client, PING_MS);
    group.signal(leader, 'SIGSTOP');
    await group.leader(group.others(leader));
    await pause(TIMEOUT_MS + 1_000);
    group.signal(leader, 'SIGCONT');
    await group.serving();
    await pause(SWEEP_MS * 5);
    assert.equal((await statOf(client, '/mine'))?.ephemeralOwner, client.key.id);
    assert.equal(client.closed, false);
  });
});

describe('A client of ZooKeeper that is content with reads, at a real master that is cut off', function () {
  this.timeout(60_000);
  let group: CutGroup;

  before(async () => {
    group = await CutGroup.start({ readOnly: true });
  });
  after(() => group.end());

  it('is served them, is refused writes with -119, and comes back to write when the master is back', async () => {
    const [home] = group.others(await group.leader()) as [string];
    const writer = await openSession(group.door(home), TIMEOUT_MS);
    await create(writer, '/n');
    writer.destroy();
    const heal = group.cutOff(home);
    const openTo = (what: 'read' | 'write'): Promise<RawSession> =>
      eventually(
        async () => {
          const session = await RawSession.open(
            group.door(home),
            NEW_SESSION,
            TIMEOUT_MS,
            writer.lastZxid,
            true,
          );
          if (session.greeting?.readOnly === (what === 'read')) return session;
          session.destroy();
          return false;
        },
        LIMIT_MS,
        `it is let in to ${what}`,
      );
    const reader = await openTo('read');
    assert.equal(await textAt(reader, '/n'), 'x');
    assert.equal((await tryAsk(reader, setRequest('/n', 'y'))).err, ZK_ERROR.notReadOnly);
    heal();
    keepAlive(reader, PING_MS);
    await reader.end();
    const again = await openTo('write');
    await ask(again, setRequest('/n', 'z'));
    assert.equal(await textAt(again, '/n'), 'z');
    again.destroy();
  });
});
