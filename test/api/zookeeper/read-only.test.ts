import assert from 'node:assert/strict';
import { READ_ONLY_AFTER_MS } from '../../../lib/api/zookeeper/read-only.js';
import { JuteReader, NO_SESSION, OP, readReplyHeader, ZK_ERROR } from '../../../lib/wire/zookeeper/index.js';
import { eventually } from '../../support/eventually.js';
import { DoorWorld, OPEN, type RawClient } from './door-world.js';

const LIMIT_MS = 20_000;
const ASKS = { readOnly: true };

describe('A member that is cut off, where reads are served without a leader', () => {
  let world: DoorWorld;

  beforeEach(async () => {
    world = await DoorWorld.open({ readOnly: true }, 3);
    const client = await eventually(() => world.session(), LIMIT_MS, 'all members are known');
    await client.create('/n');
    client.socket.destroy();
  });

  afterEach(() => world.close());

  async function cutOff(): Promise<void> {
    world.group.isolate('m1');
    await eventually(() => world.process.member.leadership().kind === 'none', LIMIT_MS);
    world.group.time.advance(READ_ONLY_AFTER_MS);
  }

  async function reader(): Promise<RawClient> {
    const client = world.client();
    assert.equal((await client.greet(10_000, ASKS)).readOnly, true);
    return client;
  }

  it('serves whoever says that reads would do, under a session that nobody else knows', async () => {
    await cutOff();
    const client = await reader();
    assert.notEqual(client.session, NO_SESSION);
    const body = await client.ask({ op: OP.getData, path: '/n', watch: true });
    assert.ok(body instanceof JuteReader);
    assert.equal(Buffer.from(body.buffer()!).toString(), 'x');
    assert.equal(world.process.member.machine.coordination.size, 1);
  });

  it('refuses whatever needs the group with -119, and goes on', async () => {
    await cutOff();
    const client = await reader();
    const data = Buffer.from('y');
    for (const request of [
      { op: OP.create, path: '/m', data, acl: OPEN, flags: 0, ttlMs: 0 },
      { op: OP.create2, path: '/m', data, acl: OPEN, flags: 0, ttlMs: 0 },
      { op: OP.delete, path: '/n', version: -1 },
      { op: OP.setData, path: '/n', data, version: -1 },
      { op: OP.setAcl, path: '/n', acl: OPEN, version: -1 },
      { op: OP.check, path: '/n', version: -1 },
      { op: OP.multi, requests: [] },
      { op: OP.sync, path: '/n' },
    ] as const) {
      assert.equal(await client.ask(request), ZK_ERROR.notReadOnly, `opcode ${request.op}`);
    }
    assert.ok((await client.exists('/n', false)) instanceof JuteReader);
  });

  it('knows who its client is, and closes at its word', async () => {
    await cutOff();
    const client = await reader();
    await client.exists('/n', true);
    client.send({ op: OP.auth, scheme: 'digest', credentials: Buffer.from('a:b') });
    assert.equal(readReplyHeader(new JuteReader(await client.next())).err, ZK_ERROR.ok);
    const who = await client.ask({ op: OP.whoAmI });
    assert.ok(who instanceof JuteReader);
    assert.deepEqual(
      who.vector(8, () => `${who.text()}:${who.text()}`),
      ['ip:127.0.0.1', 'digest:a'],
    );
    assert.ok((await client.ask({ op: OP.closeSession })) instanceof JuteReader);
    await client.end();
  });

  it('closes these connections, and no other, once there is a leader: their clients come back to write', async () => {
    const writer = await world.session();
    await cutOff();
    const client = await reader();
    world.group.rejoin('m1');
    await client.end();
    assert.equal(writer.closed, false);
    assert.ok((await writer.create('/m')) instanceof JuteReader);
    assert.equal((await world.client().greet(10_000, ASKS)).readOnly, false);
  });

  it('has who comes while there is no leader wait for one, as long as an election may take', async () => {
    world.group.isolate('m1');
    await eventually(() => world.process.member.leadership().kind === 'none', LIMIT_MS);
    assert.equal(await world.word('isro'), 'null');
    const { since } = world.process.member.leadership() as { readonly since: number };
    const client = world.client();
    await client.greet(10_000, ASKS);
    assert.ok(world.group.time.monotonicMs() - since >= READ_ONLY_AFTER_MS);
  });

  it('closes the connection of who came while it seemed to have a leader: the client comes again', async () => {
    world.group.isolate('m1');
    const early = world.client().greet(10_000, ASKS);
    const refused = assert.rejects(early, /closed/);
    assert.equal(world.process.member.leadership().kind, 'following');
    await eventually(() => world.process.member.leadership().kind === 'none', LIMIT_MS);
    const { since } = world.process.member.leadership() as { readonly since: number };
    world.group.time.advance(READ_ONLY_AFTER_MS);
    await refused;
    assert.ok(world.group.time.monotonicMs() - since < 2 * READ_ONLY_AFTER_MS);
    await reader();
  });

  it('does not serve who wants to write, nor a session of the group, which may have ended', async () => {
    const former = await world.session();
    await cutOff();
    await reader();
    const [session, password] = [former.session, new Uint8Array(16)];
    await assert.rejects(world.client().greet(10_000, { ...ASKS, session, password }), /closed/);
    await assert.rejects(world.client().greet(), /closed/);
  });

  it('closes the connection of who is silent for its timeout', async () => {
    await cutOff();
    const client = await reader();
    world.group.time.advance(10_001);
    await client.end();
    assert.equal(world.process.member.leadership().kind, 'none');
  });

  it('says ro to isro, and that it is read-only', async () => {
    await cutOff();
    assert.equal(await world.word('isro'), 'ro');
    assert.match(await world.word('srvr'), /\nMode: read-only\n/);
  });
});

describe('A member that is cut off, unless it is told otherwise', () => {
  it('serves nobody', async () => {
    const world = await DoorWorld.open({}, 3);
    try {
      world.group.isolate('m1');
      await eventually(() => world.process.member.leadership().kind === 'none', LIMIT_MS);
      await assert.rejects(world.client().greet(10_000, ASKS), /closed/);
      assert.equal(await world.word('isro'), 'null');
    } finally {
      await world.close();
    }
  });
});
