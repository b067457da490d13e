import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { must } from '../../lib/base/index.js';
import { CREATE_FLAGS, OP } from '../../lib/wire/zookeeper/index.js';
import type { RawSession } from '../support/raw-session.js';
import { DevCluster } from '../support/dev-cluster.js';
import { eventually } from '../support/eventually.js';
import { ask, create, openSession, statOf } from '../support/zookeeper-client.js';

const TIMEOUT_MS = 10_000;
const LIMIT_MS = 20_000;

async function ownerOf(session: RawSession, path: string): Promise<string | undefined> {
  return (await statOf(session, path))?.ephemeralOwner;
}

describe('Sessions of ZooKeeper clients, with three real masters', function () {
  this.timeout(120_000);
  let cluster: DevCluster;
  const sessions: RawSession[] = [];

  beforeEach(async () => {
    cluster = await DevCluster.start({ masters: 3, agents: 0 });
  });

  afterEach(async () => {
    for (const session of sessions.splice(0)) session.destroy();
    await cluster.stop();
  });

  function door(id: string): string {
    return must(cluster.master(id).zk, 'a door for ZooKeeper clients');
  }

  async function open(id: string, former?: RawSession): Promise<RawSession> {
    const session = await openSession(door(id), TIMEOUT_MS, former);
    sessions.push(session);
    return session;
  }

  /** Writes on and on for longer than the session would last without. */
  async function outlive(session: RawSession, path: string): Promise<number> {
    const untilMs = performance.now() + TIMEOUT_MS + 1_000;
    let writes = 0;
    while (performance.now() < untilMs) {
      await ask(session, { op: OP.setData, path, data: Buffer.from(`${++writes}`), version: -1 });
      await pause(50);
    }
    return writes;
  }

  it('the leader is killed: a connection at another member stays open, its session and node live, writes go on', async () => {
    const { leader } = cluster.announcement;
    const [home, other] = cluster.announcement.masters.map(({ id }) => id).filter((id) => id !== leader);
    const session = await open(home!);
    await create(session, '/mine', CREATE_FLAGS.ephemeral);
    await create(session, '/n', CREATE_FLAGS.persistent);
    cluster.signal(leader, 'SIGKILL');
    const killedMs = performance.now();
    await ask(session, { op: OP.setData, path: '/n', data: null, version: -1 });
    assert.ok(performance.now() - killedMs < TIMEOUT_MS / 3, 'the first write was not given up');
    assert.ok((await outlive(session, '/n')) > 10);
    assert.equal(session.closed, false);
    const witness = await open(other!);
    assert.equal(await ownerOf(witness, '/mine'), session.key.id);
  });

  for (const role of ['the leader', 'a follower']) {
    it(`its own member, ${role}, is killed: it goes on elsewhere under the same id, and finds its node`, async () => {
      const { leader, masters } = cluster.announcement;
      const others = masters.map(({ id }) => id).filter((id) => id !== leader);
      const home = role === 'the leader' ? leader : others.shift()!;
      const before = await open(home);
      await create(before, '/mine', CREATE_FLAGS.ephemeral);
      await create(before, '/n', CREATE_FLAGS.persistent);
      cluster.signal(home, 'SIGKILL');
      await before.end();
      const after = await open(others[0]!, before);
      assert.equal(after.key.id, before.key.id);
      assert.equal(await ownerOf(after, '/mine'), before.key.id);
      await outlive(after, '/n');
      assert.equal(await ownerOf(after, '/mine'), before.key.id);
    });
  }

  it('a session that nobody takes up is over after its timeout, and its node is gone at every member', async () => {
    const [home, other] = cluster.announcement.masters.map(({ id }) => id);
    const before = await open(home!);
    await create(before, '/mine', CREATE_FLAGS.ephemeral);
    before.destroy();
    const witness = await open(other!);
    assert.equal(await ownerOf(witness, '/mine'), before.key.id);
    const gone = async (): Promise<boolean> => (await statOf(witness, '/mine')) === null;
    await eventually(gone, LIMIT_MS, 'its node is gone');
    const again = await open(other!, before);
    assert.match(again.key.id, /^0+$/);
  });
});
