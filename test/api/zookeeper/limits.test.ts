import assert from 'node:assert/strict';
import {
  JuteReader,
  OP,
  readReplyHeader,
  ZK_ERROR,
  type Request,
} from '../../../lib/wire/zookeeper/index.js';
import { DoorWorld, OPEN, type RawClient } from './door-world.js';

const BIG = Buffer.alloc(1_000_000);

describe('limits of the door for ZooKeeper clients', () => {
  let world: DoorWorld;

  afterEach(() => world.close());

  async function rejected(): Promise<string | undefined> {
    return /zk_connection_rejected\t(\d+)/.exec(await world.word('mntr'))?.[1];
  }

  it('close a connection too many from one address without a word, and count it', async () => {
    world = await DoorWorld.open({ maxConnectionsPerAddress: 2 });
    await world.session();
    const second = await world.session();
    const third = world.client();
    await assert.rejects(third.greet(), /closed/);
    second.socket.destroy();
    // Room is made when the door has seen the end.
    while ((await world.word('ruok')) !== 'imok');
    assert.notEqual(await rejected(), '0');
  });

  it('close a connection too many in all', async () => {
    world = await DoorWorld.open({ maxConnections: 1 });
    await world.session();
    await assert.rejects(world.client().greet(), /closed/);
  });

  it('let any number in where they are 0', async () => {
    world = await DoorWorld.open({ maxConnections: 0, maxConnectionsPerAddress: 0 });
    for (let i = 0; i < 70; i++) await world.session();
    assert.match(await world.word('srvr'), /\nConnections: 71\n/);
  });

  it('bring session timeouts into the configured range', async () => {
    world = await DoorWorld.open({ limits: { minTimeoutMs: 5_000, maxTimeoutMs: 6_000 } });
    const low = world.client();
    await low.greet(1);
    const high = world.client();
    await high.greet(100_000);
    assert.match(await world.word('cons'), /to=5000,[^]*to=6000,/);
  });

  it('close the connection of a client that does not take what it asked for', async () => {
    const limits = { unsentBytes: 100_000, unsentBytesMax: 200_000, outstanding: 10_000 };
    world = await DoorWorld.open({ limits });
    const slow = await world.session();
    await slow.ask({ op: OP.create, path: '/big', data: BIG, acl: OPEN, flags: 0, ttlMs: 0 });
    slow.socket.pause();
    for (let i = 0; i < 40; i++) slow.send({ op: OP.getData, path: '/big', watch: false });
    while (!/\nConnections: 1\n/.test(await world.word('srvr'))) await new Promise(setImmediate);
  });

  /** Watches everything, and reads nothing of what it is told. */
  async function slowWatcher(): Promise<RawClient> {
    const slow = await world.session();
    await slow.ask({ op: OP.addWatch, path: '/', kind: 1 });
    slow.socket.pause();
    return slow;
  }

  /** Changes a node that takes 1,000 bytes to name, 100 times in one request. */
  async function changeOften(client: RawClient, path: string): Promise<void> {
    const set = { op: OP.setData, path, data: null, version: -1 } as const;
    await client.ask({ op: OP.multi, requests: Array.from({ length: 100 }, () => set) });
  }

  it('close the connection of a client that does not take its events', async () => {
    world = await DoorWorld.open({ limits: { unsentBytes: 100_000, unsentBytesMax: 500_000 } });
    await slowWatcher();
    const client = await world.session();
    const path = `/${'n'.repeat(1_000)}`;
    await client.create(path);
    let most = 0;
    while (world.door.hub.size === 2) {
      await changeOften(client, path);
      for (const { unsentBytes } of world.door.connected()) most = Math.max(most, unsentBytes);
    }
    assert.ok(most < 700_000, `${most} bytes were kept`);
    assert.equal(client.closed, false);
  });

  it('close the connection of a client that does not take its events, also while it may not be told any', async () => {
    let acknowledged = true;
    const limits = { unsentBytes: 100_000, unsentBytesMax: 500_000 };
    world = await DoorWorld.open({ limits });
    const { hub } = world.door;
    const mayAnswer = hub.mayAnswer.bind(hub);
    const slow = await slowWatcher();
    hub.mayAnswer = (session) => (acknowledged || session.session !== slow.session) && mayAnswer(session);
    const client = await world.session();
    const path = `/${'n'.repeat(1_000)}`;
    await client.create(path);
    acknowledged = false;
    for (let i = 0; i < 20 && hub.size === 2; i++) await changeOften(client, path);
    assert.equal(hub.size, 1);
  });

  it('have requests wait that came in one piece and would be answered with more than the client may owe', async () => {
    world = await DoorWorld.open({ limits: { unsentBytes: 1_000_000, unsentBytesMax: 4_000_000 } });
    const client = await world.session();
    await client.ask({ op: OP.create, path: '/big', data: BIG, acl: OPEN, flags: 0, ttlMs: 0 });
    client.socket.cork();
    for (let i = 0; i < 40; i++) client.send({ op: OP.getData, path: '/big', watch: false });
    client.socket.uncork();
    for (let i = 0; i < 40; i++)
      assert.equal(readReplyHeader(new JuteReader(await client.next())).xid, i + 2);
  });

  it('refuse reads that are sent as one request and would be answered with more than 16 MiB', async () => {
    world = await DoorWorld.open();
    const client = await world.session();
    await client.ask({ op: OP.create, path: '/big', data: BIG, acl: OPEN, flags: 0, ttlMs: 0 });
    const reads = (op: typeof OP.getData | typeof OP.getChildren, count: number): Request => ({
      op: OP.multiRead,
      requests: Array.from({ length: count }, () => ({ op, path: '/big', watch: false })),
    });
    assert.equal(await client.ask(reads(OP.getData, 17)), ZK_ERROR.marshallingError);
    assert.equal(await client.ask(reads(OP.getData, 30_000)), ZK_ERROR.marshallingError);
    for (let i = 0; i < 100; i++) await client.create(`/big/${'n'.repeat(500)}${i}`);
    assert.equal(typeof (await client.ask(reads(OP.getChildren, 10))), 'object');
    assert.equal(await client.ask(reads(OP.getChildren, 30_000)), ZK_ERROR.marshallingError);
  });

  it('read on as soon as enough is answered', async () => {
    const every = (): (() => void) => () => {};
    world = await DoorWorld.open({ limits: { outstanding: 3 }, every });
    const client = await world.session();
    client.socket.cork();
    for (let i = 0; i < 50; i++)
      client.send({ op: OP.create, path: `/n${i}`, data: null, acl: OPEN, flags: 0, ttlMs: 0 });
    client.socket.uncork();
    for (let i = 0; i < 50; i++) await client.next();
    assert.match(await world.word('cons'), /queued=0,recved=51,sent=51,/);
    assert.equal(world.process.member.machine.tree.exists('/n49')?.numChildren, 0);
  });

  it('read nothing more while the lane is full: each write that was sent is done', async () => {
    world = await DoorWorld.open({}, 1, { laneCommands: 20 });
    const clients = await Promise.all(Array.from({ length: 5 }, () => world.session()));
    for (const [n, client] of clients.entries()) {
      client.socket.cork();
      for (let i = 0; i < 50; i++)
        client.send({ op: OP.create, path: `/${n}-${i}`, data: null, acl: OPEN, flags: 0, ttlMs: 0 });
      client.socket.uncork();
    }
    for (const client of clients) {
      for (let i = 0; i < 50; i++) assert.equal(readReplyHeader(new JuteReader(await client.next())).err, 0);
    }
  });

  it('read nothing more while the lane holds as many bytes as it may: each write that was sent is done', async () => {
    world = await DoorWorld.open({}, 1, { laneBytes: 3_000_000, laneWindow: 1 });
    const client = await world.session();
    client.socket.cork();
    for (let i = 0; i < 12; i++)
      client.send({ op: OP.create, path: `/${i}`, data: BIG, acl: OPEN, flags: 0, ttlMs: 0 });
    client.socket.uncork();
    for (let i = 0; i < 12; i++) assert.equal(readReplyHeader(new JuteReader(await client.next())).err, 0);
  });

  it('outlive a flood of connections from one address: those that are in stay, and there is room when it is over', async () => {
    world = await DoorWorld.open({ maxConnectionsPerAddress: 10 });
    const client = await world.session();
    const flood = Array.from({ length: 500 }, () => world.client());
    await Promise.all(flood.slice(20).map((one) => one.end()));
    assert.ok(flood.filter(({ closed }) => !closed).length <= 9);
    assert.equal(typeof (await client.create('/still')), 'object');
    for (const { socket } of flood) socket.destroy();
    while ((await world.word('ruok')) !== 'imok');
    assert.ok(Number(await rejected()) >= 491);
  });

  it('close a connection that says half of a greeting', async () => {
    world = await DoorWorld.open({ limits: { greetingMs: 50 } });
    const half = world.client();
    half.socket.write(Buffer.from([0, 0, 0, 45, 0, 0]));
    await half.end();
  });

  it('close a connection that says nothing', async () => {
    world = await DoorWorld.open({ limits: { greetingMs: 50 } });
    const silent = world.client();
    await silent.end();
  });
});
