import assert from 'node:assert/strict';
import { once } from 'node:events';
import { must } from '../../../lib/base/index.js';
import {
  CREATE_FLAGS,
  JuteReader,
  JuteWriter,
  NO_SESSION,
  OP,
  PASSWORD_BYTES,
  readConnectResponse,
  readReplyHeader,
  writeConnectRequest,
  writeRequest,
  XID,
  type ConnectRequest,
} from '../../../lib/wire/zookeeper/index.js';
import { eventually } from '../../support/eventually.js';
import { DoorWorld, OPEN, type RawClient } from './door-world.js';

const LIMIT_MS = 5_000;

function connectFrame(request: Partial<ConnectRequest> = {}): Buffer {
  const w = new JuteWriter();
  writeConnectRequest(w, {
    protocolVersion: 0,
    lastZxidSeen: 0,
    timeoutMs: 10_000,
    session: NO_SESSION,
    password: new Uint8Array(PASSWORD_BYTES),
    readOnly: false,
    ...request,
  });
  return Buffer.from(w.take());
}

/** A frame with these bytes. */
function frame(...bytes: readonly number[]): Buffer {
  const head = Buffer.alloc(4);
  head.writeInt32BE(bytes.length);
  return Buffer.concat([head, Buffer.from(bytes)]);
}

function int(value: number): readonly number[] {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return [...bytes];
}

/** Frames up to the end of the connection. */
async function untilClosed(client: RawClient): Promise<Buffer[]> {
  const frames: Buffer[] = [];
  for (;;) {
    try {
      frames.push(await client.next());
    } catch {
      return frames;
    }
  }
}

describe('A connection at the door for ZooKeeper clients', () => {
  let world: DoorWorld;

  beforeEach(async () => {
    world = await DoorWorld.open();
  });

  afterEach(() => world.close());

  it('answers a greeting of 45 bytes with 37, and one of 44 as old clients send it with 36', async () => {
    for (const [readOnly, asked, told] of [[false, 45, 37] as const, [null, 44, 36] as const]) {
      const client = world.client();
      const greeting = connectFrame({ readOnly });
      assert.equal(greeting.length, 4 + asked);
      client.socket.write(greeting);
      assert.equal((await client.next()).length, told);
    }
  });

  it('grants timeouts from 4 to 40 seconds', async () => {
    for (const [asked, granted] of [[1, 4_000] as const, [1e8, 40_000] as const, [9_000, 9_000] as const]) {
      const client = world.client();
      client.socket.write(connectFrame({ timeoutMs: asked }));
      assert.equal(readConnectResponse(await client.next()).timeoutMs, granted);
    }
  });

  it('is closed without a word for a client that has seen more than this member', async () => {
    const client = world.client();
    client.socket.write(connectFrame({ lastZxidSeen: world.process.member.machine.revision + 1 }));
    assert.deepEqual(await untilClosed(client), []);
  });

  it('tells whoever has no such session so, in zeros, and is closed', async () => {
    const client = world.client();
    client.socket.write(connectFrame({ session: '0000000000000077' }));
    const [told, ...rest] = await untilClosed(client);
    const { session, timeoutMs } = readConnectResponse(must(told, 'an answer'));
    assert.deepEqual([session, timeoutMs, rest.length], [NO_SESSION, 0, 0]);
  });

  it('answers an unknown kind of request with -6 and zxid -1 in its turn, and is closed', async () => {
    const client = await world.session();
    const w = new JuteWriter();
    writeRequest(w, 1, { op: OP.create, path: '/a', data: null, acl: OPEN, flags: 0, ttlMs: 0 });
    client.socket.write(
      Buffer.concat([w.take(), frame(...int(2), ...int(77)), frame(...int(3), ...int(11))]),
    );
    const headers = (await untilClosed(client)).map((one) => readReplyHeader(new JuteReader(one)));
    assert.deepEqual(
      headers.map(({ xid, err }) => [xid, err]),
      [
        [1, 0],
        [2, -6],
      ],
    );
    assert.equal(headers[1]!.zxid, -1);
  });

  it('answers a body that cannot be read with -5, and goes on', async () => {
    const client = await world.session();
    client.socket.write(
      Buffer.concat([frame(...int(1), ...int(OP.getData), 0), frame(...int(2), ...int(OP.whoAmI))]),
    );
    for (const expected of [
      [1, -5],
      [2, 0],
    ]) {
      const { xid, err } = readReplyHeader(new JuteReader(await client.next()));
      assert.deepEqual([xid, err], expected);
    }
  });

  it('is closed for a frame that is too long, or of a length below 0, or too short for a header', async () => {
    for (const bytes of [Buffer.from(int(1 << 20)), Buffer.from(int(-1)), Buffer.from(int(0)), frame(1, 2)]) {
      const client = await world.session();
      client.socket.write(bytes);
      assert.deepEqual(await untilClosed(client), []);
    }
  });

  it('answers what came in one piece with the greeting, once the session is open', async () => {
    const client = world.client();
    const w = new JuteWriter();
    writeRequest(w, 1, { op: OP.create, path: '/a', data: null, acl: OPEN, flags: 0, ttlMs: 0 });
    writeRequest(w, 2, { op: OP.exists, path: '/a', watch: false });
    client.socket.write(Buffer.concat([connectFrame(), w.take()]));
    await client.next();
    for (const xid of [1, 2]) {
      const header = readReplyHeader(new JuteReader(await client.next()));
      assert.deepEqual([header.xid, header.err], [xid, 0]);
    }
  });

  it('is closed for nonsense behind the greeting, and nothing else comes to harm', async () => {
    const other = await world.session();
    const client = world.client();
    client.socket.write(Buffer.concat([connectFrame(), frame(1, 2)]));
    await untilClosed(client);
    assert.equal(world.process.alive, true, world.group.describe());
    assert.equal(typeof (await other.create('/still')), 'object');
  });

  it('whose client went away while the group was asked leaves a session that nobody holds', async () => {
    const client = world.client();
    await once(client.socket, 'connect');
    client.socket.write(connectFrame());
    client.socket.destroy();
    const { coordination } = world.process.member.machine;
    await eventually(() => coordination.size === 1, LIMIT_MS, 'its session is open');
    await eventually(() => world.door.hub.size === 0, LIMIT_MS, 'nobody holds it');
    assert.equal(coordination.size, 1);
  });

  it('loses its session to a later one with the same password, and only then', async () => {
    const first = world.client();
    first.socket.write(connectFrame());
    const { session, password } = readConnectResponse(await first.next());
    const wrong = world.client();
    wrong.socket.write(connectFrame({ session }));
    await untilClosed(wrong);
    assert.equal(first.closed, false);
    const second = world.client();
    second.socket.write(connectFrame({ session, password }));
    assert.equal(readConnectResponse(await second.next()).session, session);
    assert.deepEqual(await untilClosed(first), []);
    second.send({ op: OP.ping });
    assert.equal(readReplyHeader(new JuteReader(await second.next())).xid, XID.ping);
  });

  it('is answered its closing of the session, and then closed', async () => {
    const client = await world.session();
    await client.create('/mine', CREATE_FLAGS.ephemeral);
    client.send({ op: OP.closeSession });
    assert.equal((await untilClosed(client)).length, 1);
    assert.equal(world.process.member.machine.tree.exists('/mine'), null);
  });

  it('does nothing of what comes behind the closing of the session', async () => {
    const client = await world.session();
    client.socket.cork();
    client.send({ op: OP.closeSession });
    client.send({ op: OP.create, path: '/late', data: null, acl: OPEN, flags: 0, ttlMs: 0 });
    client.socket.write(Buffer.alloc(100_000, 0xff));
    client.socket.uncork();
    await client.end();
    const other = await world.session();
    assert.equal(typeof (await other.create('/still')), 'object');
    assert.equal(world.process.member.machine.tree.exists('/late'), null);
  });
});

describe('A client that asks and does not read', () => {
  let world: DoorWorld;

  afterEach(() => world.close());

  it('is not answered into memory: its requests wait, and all of them are answered when it reads', async () => {
    world = await DoorWorld.open({ limits: { unsentBytes: 256 << 10, unsentBytesMax: 2 << 20 } });
    const client = await world.session();
    const data = Buffer.alloc(200_000, 'x');
    await client.ask({ op: OP.create, path: '/big', data, acl: OPEN, flags: 0, ttlMs: 0 });
    const { tree } = world.process.member.machine;
    const peek = tree.peek.bind(tree);
    let reads = 0;
    tree.peek = (path) => (reads++, peek(path));
    client.socket.pause();
    const asked = 1_000;
    const w = new JuteWriter();
    for (let xid = 1; xid <= asked; xid++)
      writeRequest(w, xid, { op: OP.getData, path: '/big', watch: false });
    client.socket.write(w.take());
    await eventually(() => reads > 1, LIMIT_MS, 'the first reads');
    for (let turns = 0; turns < 200; turns++) await new Promise((resolve) => setImmediate(resolve));
    // What the kernel holds for it is a few megabytes.
    assert.ok(reads < 100, `${reads} of ${asked} reads were served to nobody`);
    assert.equal(client.closed, false);
    client.socket.resume();
    for (let xid = 1; xid <= asked; xid++) {
      assert.equal(readReplyHeader(new JuteReader(await client.next())).xid, xid);
    }
  });

  it('has only so many writes under way at once, and in the end all of them are done', async () => {
    world = await DoorWorld.open({ limits: { outstanding: 10 } });
    const client = await world.session();
    const w = new JuteWriter();
    const asked = 500;
    for (let xid = 1; xid <= asked; xid++) {
      writeRequest(w, xid, { op: OP.create, path: `/n${xid}`, data: null, acl: OPEN, flags: 0, ttlMs: 0 });
    }
    client.socket.write(w.take());
    let most = 0;
    for (let xid = 1; xid <= asked; xid++) {
      assert.equal(readReplyHeader(new JuteReader(await client.next())).xid, xid);
      for (const { depth } of world.door.hub.sessions()) most = Math.max(most, depth);
    }
    assert.ok(most <= 11, `${most} at once`);
  });
});

describe('A member that no leader acknowledges', () => {
  it('answers no ping after a third of the timeout, and closes the connection at two thirds', async () => {
    const world = await DoorWorld.open({ report: () => 0 });
    try {
      const client = await world.session();
      client.send({ op: OP.ping });
      await client.next();
      world.group.time.advance(3_400);
      client.send({ op: OP.ping });
      await new Promise((resolve) => setTimeout(resolve, 100));
      assert.equal(client.closed, false);
      world.group.time.advance(3_300);
      assert.deepEqual(await untilClosed(client), []);
      assert.equal(world.process.member.machine.coordination.size, 1);
    } finally {
      await world.close();
    }
  });
});

describe('An entry that breaks in the middle', () => {
  it('is answered to nobody: what was answered within it never leaves the process', async () => {
    const world = await DoorWorld.open();
    try {
      const clients = [await world.session(), await world.session()];
      const { machine } = world.process.member;
      const apply = machine.apply.bind(machine);
      let ran = 0;
      machine.apply = (index, term, data, observer) => {
        apply(index, term, data, {
          event: (event) => observer?.event(event),
          result: (head, position, result) => {
            ran++;
            observer?.result(head, position, result);
          },
        });
        throw new Error('a defect of this release');
      };
      for (const [n, client] of clients.entries()) {
        client.send({ op: OP.exists, path: '/n0', watch: true });
        assert.notEqual(readReplyHeader(new JuteReader(await client.next())).err, 0);
        client.send({ op: OP.create, path: `/n${n}`, data: null, acl: OPEN, flags: 0, ttlMs: 0 });
        client.send({ op: OP.exists, path: `/n${n}`, watch: false });
      }
      const told = await Promise.all(clients.map(untilClosed));
      assert.ok(ran > 0, 'something was answered within the entry');
      assert.deepEqual(told, [[], []]);
      const late = world.client();
      late.socket.write(connectFrame());
      assert.deepEqual(await untilClosed(late), []);
    } finally {
      await world.close();
    }
  });
});
