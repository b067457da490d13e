import assert from 'node:assert/strict';
import {
  CREATE_FLAGS,
  EVENT,
  JuteReader,
  JuteWriter,
  OP,
  readEvent,
  readReplyHeader,
  XID,
  readMultiResults,
  readStat,
  readTexts,
  writeRequest,
  ZK_ERROR,
  type CreateRequest,
  type MultiResult,
  type MultiWrite,
} from '../../../lib/wire/zookeeper/index.js';
import { DoorWorld, OPEN, type RawClient } from './door-world.js';

describe('requests at the door for ZooKeeper clients', () => {
  let world: DoorWorld;
  let client: RawClient;

  beforeEach(async () => {
    world = await DoorWorld.open();
    client = await world.session();
  });
  afterEach(() => world.close());

  async function multi(...requests: MultiWrite[]): Promise<readonly MultiResult[]> {
    return readMultiResults((await client.ask({ op: OP.multi, requests })) as JuteReader);
  }

  it('answer creates in a multi by their flags: with the Stat for containers and TTL nodes only', async () => {
    const results = await multi(
      create(OP.create2, '/a', CREATE_FLAGS.persistent),
      create(OP.createContainer, '/b', CREATE_FLAGS.ephemeral),
      create(OP.createTtl, '/c', CREATE_FLAGS.persistent, 0),
      create(OP.create, '/d', CREATE_FLAGS.container),
      create(OP.createTtl, '/e', CREATE_FLAGS.ttl, 1000),
    );
    assert.deepEqual(
      results.map(({ kind }) => kind),
      ['created', 'created', 'created', 'created2', 'created2'],
    );
  });

  it('list the children of a node that has many, whole, with umlauts and with the Stat', async () => {
    const names = Array.from({ length: 10_050 }, (_, i) => `kä${i}`);
    await client.create('/many');
    while (names.length > 0) {
      const part = names.splice(0, 1_000);
      await multi(...part.map((name) => create(OP.create, `/many/${name}`, CREATE_FLAGS.persistent)));
    }
    const expected = Array.from({ length: 10_050 }, (_, i) => `kä${i}`).sort();
    for (const op of [OP.getChildren, OP.getChildren2] as const) {
      const body = await client.ask({ op, path: '/many', watch: false });
      assert.ok(body instanceof JuteReader);
      assert.deepEqual(readTexts(body).toSorted(), expected);
      if (op === OP.getChildren2) assert.equal(readStat(body).numChildren, expected.length);
      assert.equal(body.remaining, 0);
    }
  });

  it('count all nodes below one: of the root, and of another', async () => {
    for (const path of ['/a', '/a/b', '/a/b/c', '/d']) await client.create(path);
    const count = async (path: string): Promise<number> =>
      ((await client.ask({ op: OP.getAllChildrenNumber, path })) as JuteReader).int();
    assert.equal(await count('/a'), 2);
    // And /zookeeper with its two.
    assert.equal(await count('/'), 7);
  });

  it('are answered under the numbers that the client gave them: node-zookeeper-client counts setWatches too', async () => {
    const none = { data: [], exists: [], children: [], persistent: [], persistentRecursive: [] };
    const watches = { op: OP.setWatches, relativeZxid: 0, ...none } as const;
    const auth = { op: OP.auth, scheme: 'digest', credentials: Buffer.from('user:password') } as const;
    for (const request of [watches, auth]) {
      const w = new JuteWriter();
      writeRequest(w, 7, request);
      const frame = Buffer.from(w.take());
      frame.writeInt32BE(7, 4);
      client.socket.write(frame);
      assert.equal(readReplyHeader(new JuteReader(await client.next())).xid, 7);
    }
  });

  it('refuse flags that there are not: in a multi in their place', async () => {
    assert.equal(await client.ask(create(OP.create, '/a', 7)), ZK_ERROR.badArguments);
    const results = await multi(
      create(OP.create, '/a', CREATE_FLAGS.persistent),
      create(OP.create, '/b', 7),
      create(OP.create, '/c', CREATE_FLAGS.persistent),
    );
    assert.deepEqual(
      results.map((result) => (result.kind === 'error' ? result.err : result.kind)),
      [ZK_ERROR.ok, ZK_ERROR.badArguments, ZK_ERROR.runtimeInconsistency],
    );
  });

  it('take a kind of watch that there is not for bytes that mean nothing, as ZooKeeper 3.8 does', async () => {
    for (const op of [OP.addWatch, OP.checkWatches, OP.removeWatches]) {
      assert.equal(await client.ask({ op, path: '/', kind: 9 }), ZK_ERROR.marshallingError);
    }
  });

  it('refuse createTTL and createContainer of another kind of node', async () => {
    const { persistent } = CREATE_FLAGS;
    assert.equal(await client.ask(create(OP.createTtl, '/a', persistent, 1000)), ZK_ERROR.badArguments);
    assert.equal(await client.ask(create(OP.createContainer, '/a', persistent)), ZK_ERROR.badArguments);
  });

  it('take the empty path for the root in reads, and refuse it in writes', async () => {
    await client.create('/a');
    const names = await client.ask({ op: OP.getChildren, path: '', watch: false });
    assert.deepEqual(readTexts(names as JuteReader), ['a', 'zookeeper']);
    assert.equal(typeof (await client.exists('', false)), 'object');
    const set = { op: OP.setData, path: '', data: null, version: -1 } as const;
    assert.equal(await client.ask(set), ZK_ERROR.badArguments);
  });

  it('refuse exists of a path with NUL, which other reads do not find', async () => {
    assert.equal(await client.exists('/a\0', true), ZK_ERROR.badArguments);
    assert.equal(await client.ask({ op: OP.getData, path: '/a\0', watch: true }), ZK_ERROR.noNode);
  });

  it('tell a session that ends of its own nodes too, those that it alone may read among them', async () => {
    const auth = { op: OP.auth, scheme: 'digest', credentials: Buffer.from('u:p') } as const;
    assert.equal(typeof (await client.ask(auth)), 'object');
    const acl = [{ permissions: 31, scheme: 'auth', id: '' }];
    await client.ask({ ...create(OP.create, '/mine', CREATE_FLAGS.ephemeral), acl });
    await client.exists('/mine', true);
    client.send({ op: OP.closeSession });
    const r = new JuteReader(await client.next());
    assert.equal(readReplyHeader(r).xid, XID.notification);
    assert.deepEqual(readEvent(r), { type: EVENT.deleted, path: '/mine' });
  });
});

function create(op: CreateRequest['op'], path: string, flags: number, ttlMs: number = -1): CreateRequest {
  return { op, path, data: null, acl: OPEN, flags, ttlMs };
}
