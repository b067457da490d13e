import assert from 'node:assert/strict';
import type { SessionId, TepuiError } from '../../lib/base/index.js';
import { Backlog } from '../../lib/api/grpc/backlog.js';
import { encodeCommand } from '../../lib/state/index.js';
import {
  coordinationService,
  type ReadReply,
  type TreeOperation,
  type WriteReply,
} from '../../lib/wire/index.js';
import { DoorWorld, Received } from './door-world.js';

const { methods } = coordinationService();

function outcomes(replies: readonly WriteReply[]): string[] {
  return replies.map(({ sequence, outcome }) => {
    return `${sequence} ${outcome.kind === 'done' ? 'done' : outcome.code}`;
  });
}

function create(path: string, data: Uint8Array = new Uint8Array(0)): TreeOperation {
  return { kind: 'create', path, data };
}

describe('the coordination door', () => {
  let world: DoorWorld;
  let session: SessionId;

  beforeEach(async () => {
    world = new DoorWorld();
    await world.start();
    ({ session } = await world.client.call(methods.openSession, { timeoutMs: 0 }));
  });

  afterEach(() => world.close());

  function writer() {
    const stream = world.client.open(methods.write);
    const received = new Received<WriteReply>(stream);
    let sequence = 0;
    const write = (operation: TreeOperation, as: number = ++sequence, of: SessionId = session) =>
      stream.write({ session: of, sequence: as, acknowledgedBelow: 0, operation });
    return { stream, received, write };
  }

  function reader() {
    const stream = world.client.open(methods.read);
    return { stream, received: new Received<ReadReply>(stream) };
  }

  it('opens sessions of the agreed length', async () => {
    const { sessionTimeoutMinMs } = world.machine.limits;
    assert.equal((await world.client.call(methods.openSession, { timeoutMs: 0 })).timeoutMs, 600_000);
    assert.equal(
      (await world.client.call(methods.openSession, { timeoutMs: 1 })).timeoutMs,
      sessionTimeoutMinMs,
    );
  });

  it('answers every write once, in order, with the index of its change', async () => {
    const { received, write } = writer();
    write(create('/a'));
    write(create('/a/b'));
    write(create('/a'));
    write({ kind: 'set', path: '/a', data: Buffer.from('x'), expectedVersion: 7 });
    write({ kind: 'delete', path: '/none', expectedVersion: -1 });
    const replies = await received.count(5);
    assert.deepEqual(outcomes(replies), ['1 done', '2 done', '3 NODE_EXISTS', '4 BAD_VERSION', '5 NO_NODE']);
  });

  it('answers a repeated sequence with its first answer, and does it once', async () => {
    const { received, write } = writer();
    write(create('/a'), 1);
    write(create('/a'), 1);
    assert.deepEqual(outcomes(await received.count(2)), ['1 done', '1 done']);
  });

  it('tells an outcome that nobody knows from one that surely did not happen', async () => {
    const { received, write } = writer();
    world.group.holding = true;
    const before = world.replica.proposed.length;
    write(create('/a'));
    while (world.replica.proposed.length === before) await new Promise((resolve) => setImmediate(resolve));
    world.settle();
    world.group.giveUp();
    const [reply] = await received.count(1);
    assert.deepEqual(
      reply?.outcome.kind === 'refused' && [reply.outcome.code, reply.outcome.outcomeUnknown],
      ['OUTCOME_UNKNOWN', true],
    );
  });

  it('ends the stream of a client that has said all with the last answer', async () => {
    const { stream, received, write } = writer();
    world.group.holding = true;
    const before = world.replica.proposed.length;
    for (let i = 0; i < 10; i++) write(create(`/n${i}`));
    stream.end();
    while (world.replica.proposed.length < before + 10) await new Promise((resolve) => setImmediate(resolve));
    world.group.release();
    assert.equal(await received.end(), 'ended well');
    assert.equal(received.messages.length, 10);
  });

  for (const [what, bad] of [
    ['not hexadecimal', 'zzzzzzzzzzzzzzzz'],
    ['empty', ''],
    ['of a megabyte', 'a'.repeat(1 << 20)],
  ] as const) {
    it(`refuses a session id that is ${what}, and proposes nothing`, async () => {
      const { received, write } = writer();
      const before = world.replica.proposed.length;
      write(create('/a'), 1, bad as SessionId);
      assert.deepEqual(outcomes(await received.count(1)), ['1 INVALID_ARGUMENT']);
      assert.equal(world.replica.proposed.length, before);
    });
  }

  it('refuses a write in a session that nobody opened', async () => {
    const { received, write } = writer();
    write(create('/a'), 1, '00000000000000ff' as SessionId);
    assert.deepEqual(outcomes(await received.count(1)), ['1 SESSION_EXPIRED']);
  });

  it('refuses paths that are none, data that is too large, and goes on', async () => {
    const { received, write } = writer();
    write(create('no slash'));
    write(create(`/${'x'.repeat(5_000)}`));
    write(create('/big', new Uint8Array(1.5 * (1 << 20))));
    write(create('/bigger', new Uint8Array(3 << 20)));
    write(create('/fine'));
    const replies = await received.count(5);
    const [path, long, ...rest] = outcomes(replies);
    assert.deepEqual(
      [path, long?.split(' ')[0], ...rest],
      ['1 BAD_PATH', '2', '3 TOO_LARGE', '4 TOO_LARGE', '5 done'],
    );
    assert.notEqual(long, '2 done');
  });

  it('reads what was written before, with the children when asked', async () => {
    const { received: written, write } = writer();
    write(create('/a', Buffer.from('data')));
    write(create('/a/x'));
    write(create('/a/y'));
    await written.count(3);
    const { stream, received } = reader();
    stream.write({ id: 1, path: '/a', consistency: 'LINEARIZABLE', children: true });
    stream.write({ id: 2, path: '/none', consistency: 'LOCAL', children: false });
    const replies = await received.count(2);
    const one = replies.find(({ id }) => id === 1)?.outcome;
    const two = replies.find(({ id }) => id === 2)?.outcome;
    assert.ok(one?.kind === 'node' && two?.kind === 'refused');
    assert.deepEqual([Buffer.from(one.data).toString(), one.children], ['data', ['x', 'y']]);
    assert.equal(two.code, 'NO_NODE');
  });

  it('refuses linearizable reads without a leader, and serves local ones', async () => {
    world.group.lose();
    const { stream, received } = reader();
    stream.write({ id: 1, path: '/', consistency: 'LINEARIZABLE', children: false });
    stream.write({ id: 2, path: '/', consistency: 'LOCAL', children: false });
    const replies = await received.count(2);
    const kinds = replies.map(
      ({ id, outcome }) => `${id} ${outcome.kind === 'node' ? 'node' : outcome.code}`,
    );
    assert.deepEqual(kinds.sort(), ['1 NO_LEADER', '2 node']);
  });

  it('refuses a list of children that is larger than a message may be, and goes on', async () => {
    world.commit({ kind: 'tree-create', path: '/wide', data: new Uint8Array(0) });
    for (let i = 0; i < 1_300; i++) {
      const path = `/wide/${String(i).padStart(4, '0')}${'n'.repeat(3_500)}`;
      world.replica.propose(
        encodeCommand({ kind: 'tree-create', path, data: new Uint8Array(0) }),
        () => undefined,
      );
    }
    world.settle();
    const { stream, received } = reader();
    stream.write({ id: 1, path: '/wide', consistency: 'LINEARIZABLE', children: true });
    stream.write({ id: 2, path: '/wide', consistency: 'LINEARIZABLE', children: false });
    const [first, second] = await received.count(2);
    assert.equal(first?.outcome.kind === 'refused' && first.outcome.code, 'TOO_LARGE');
    assert.equal(second?.outcome.kind, 'node');
  });

  it('answers all reads of a client that stopped reading and goes on, keeping few of them meanwhile', async () => {
    world.commit({ kind: 'tree-create', path: '/big', data: new Uint8Array(1 << 20) });
    const { stream, received } = reader();
    stream.pause();
    const before = process.memoryUsage().rss;
    for (let id = 1; id <= 150; id++) {
      stream.write({ id, path: '/big', consistency: 'LINEARIZABLE', children: false });
    }
    for (let i = 0; i < 50; i++) await new Promise((resolve) => setTimeout(resolve, 2));
    const grownMb = (process.memoryUsage().rss - before) / 2 ** 20;
    assert.ok(grownMb < 80, `${grownMb.toFixed(0)} MB are kept for a client that reads nothing`);
    stream.resume();
    await received.until(() => received.messages.length === 150);
    assert.ok(received.messages.every(({ id }, i) => id === i + 1));
  });

  it('ends a stream with a code for bytes that are no message', async () => {
    const raw = world.client.open({
      ...methods.write,
      request: { ...methods.write.request, encode: garbage },
    });
    const received = new Received(raw);
    raw.write({ session, sequence: 1, acknowledgedBelow: 0, operation: create('/a') });
    assert.equal(await received.end(), 'MALFORMED');
    assert.equal(world.machine.tree.get('/a'), null);
  });

  it('ends a stream with a code for an operation that it does not know', async () => {
    const empty = () => Buffer.from([0x10, 0x01]);
    const raw = world.client.open({ ...methods.write, request: { ...methods.write.request, encode: empty } });
    const received = new Received(raw);
    raw.write({ session, sequence: 1, acknowledgedBelow: 0, operation: create('/a') });
    assert.equal(await received.end(), 'UNSUPPORTED');
  });

  it('refuses a message above the limit with a code', async () => {
    const { received, write } = writer();
    const codec = methods.write.request as { encode(message: unknown): Buffer };
    assert.throws(() => write(create('/a', new Uint8Array(5 << 20))), { code: 'TOO_LARGE' });
    const small = codec.encode({ session, sequence: 1, acknowledgedBelow: 0, operation: create('/a') });
    const large = Buffer.concat([
      small,
      Buffer.from([0x0a, 0x80, 0x80, 0xc0, 0x02]),
      Buffer.alloc(5 << 20, 0x61),
    ]);
    const raw = world.client.open({
      ...methods.write,
      request: { ...methods.write.request, encode: () => large },
    });
    const end = new Received(raw);
    raw.write({ session, sequence: 1, acknowledgedBelow: 0, operation: create('/a') });
    assert.equal(await end.end(), 'TOO_LARGE');
    assert.equal(received.code, 'open');
  });

  it('refuses to close what is no session', async () => {
    const refused = world.client.call(methods.closeSession, { session: 'nonsense' as SessionId });
    await assert.rejects(refused, (error: TepuiError) => error.code === 'INVALID_ARGUMENT');
  });
});

function garbage(): Buffer {
  return Buffer.from([0xff, 0xff, 0xff, 0xff]);
}

describe('a backlog', () => {
  class FakeStream {
    queued = 0;
    paused = false;
    ended = false;
    pause(): void {
      this.paused = true;
    }
    resume(): void {
      this.paused = false;
    }
    end(): void {
      this.ended = true;
    }
  }

  function answered(stream: FakeStream, bytes: number) {
    return (): number => {
      stream.queued++;
      return bytes;
    };
  }

  function drain(stream: FakeStream, backlog: Backlog): void {
    while (stream.queued > 0) {
      stream.queued--;
      backlog.sent();
    }
  }

  it('reads no more while too many requests wait, and goes on when they are answered', () => {
    const stream = new FakeStream();
    const backlog = new Backlog(stream, 8);
    for (let i = 0; i < 8; i++) backlog.begin();
    assert.equal(stream.paused, true);
    for (let i = 0; i < 5; i++) backlog.answer(() => 1);
    assert.equal(stream.paused, false);
  });

  it('goes on when the client reads, though the last answer was written long before', () => {
    const stream = new FakeStream();
    const backlog = new Backlog(stream, 8);
    for (let i = 0; i < 8; i++) backlog.begin();
    for (let i = 0; i < 8; i++) backlog.answer(answered(stream, 1));
    assert.equal(stream.paused, true, 'nobody has read an answer yet');
    drain(stream, backlog);
    assert.equal(stream.paused, false);
  });

  it('makes large answers only when there is room for them, and all of them in the end', () => {
    const stream = new FakeStream();
    const backlog = new Backlog(stream, 64);
    for (let i = 0; i < 20; i++) backlog.begin();
    for (let i = 0; i < 20; i++) backlog.answer(answered(stream, 1 << 20));
    assert.equal(stream.queued, 4);
    backlog.endWhenDone();
    assert.equal(stream.ended, false);
    drain(stream, backlog);
    assert.equal(stream.ended, true);
  });
});
