import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { must } from '../../lib/base/index.js';
import {
  CREATE_FLAGS,
  JuteReader,
  OP,
  readReplyHeader,
  readStat,
  type Request,
} from '../../lib/wire/zookeeper/index.js';
import { NEW_SESSION, RawSession } from '../foreign/differential/raw-session.js';
import { DevCluster } from '../support/dev-cluster.js';
import { eventually } from '../support/eventually.js';

const TIMEOUT_MS = 10_000;
const LIMIT_MS = 20_000;
const OPEN = [{ permissions: 31, scheme: 'world', id: 'anyone' }];

/** The body of the answer; throws for a refusal or a closed connection. */
async function ask(session: RawSession, request: Request): Promise<JuteReader> {
  session.send([request]);
  const answers = await session.answers();
  const { frame } = must(
    answers.find((one) => one.request === request),
    'the connection was closed',
  );
  const r = new JuteReader(frame);
  const { err } = readReplyHeader(r);
  assert.equal(err, 0);
  return r;
}

async function create(session: RawSession, path: string, flags: number): Promise<void> {
  await ask(session, { op: OP.create, path, data: Buffer.from('x'), acl: OPEN, flags, ttlMs: 0 });
}

async function ownerOf(session: RawSession, path: string): Promise<string> {
  return readStat(await ask(session, { op: OP.exists, path, watch: false })).ephemeralOwner;
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

  /**
   * Tries again, as clients do: a member closes the connection while it does not know that all others know sessions,
   * and as long as it has not applied what the client has seen.
   */
  async function open(id: string, former?: RawSession): Promise<RawSession> {
    const attempt = async (): Promise<RawSession | false> => {
      const key = former?.key ?? NEW_SESSION;
      const session = await RawSession.open(door(id), key, TIMEOUT_MS, former?.lastZxid ?? 0);
      sessions.push(session);
      return session.greeting !== null && session;
    };
    return eventually(attempt, LIMIT_MS, `${id} takes the session`);
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
    const gone = async (): Promise<boolean> => {
      witness.send([{ op: OP.exists, path: '/mine', watch: false }]);
      const [answer] = await witness.answers();
      return readReplyHeader(new JuteReader(answer!.frame)).err !== 0;
    };
    await eventually(gone, LIMIT_MS, 'its node is gone');
    const again = await open(other!, before);
    assert.match(again.key.id, /^0+$/);
  });
});
