import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { TepuiError, type SessionId } from '../../lib/base/index.js';
import {
  GrpcChannel,
  GrpcServer,
  channelCredentials,
  coordinationService,
  operatorService,
  serverCredentials,
  type CoordinationMethods,
  type Handlers,
  type OperatorEvent,
  type ServerStream,
  type WriteReply,
  type WriteRequest,
} from '../../lib/wire/index.js';

const STAT = {
  czxid: 1,
  mzxid: 1,
  pzxid: 1,
  ctimeMs: 0,
  mtimeMs: 0,
  version: 0,
  cversion: 0,
  dataLength: 0,
  numChildren: 0,
};

function writeOf(sequence: number): WriteRequest {
  const operation = { kind: 'delete', path: '/a', expectedVersion: 0 } as const;
  return { session: '00' as SessionId, sequence, acknowledgedBelow: 0, operation };
}

function done(sequence: number): WriteReply {
  return { sequence, outcome: { kind: 'done', term: 3, index: sequence, stat: STAT } };
}

function unexpected(): never {
  throw new Error('not called in this test');
}

const NOTHING: Handlers<CoordinationMethods> = {
  openSession: unexpected,
  closeSession: unexpected,
  write: unexpected,
  read: unexpected,
};

describe('a gRPC door', () => {
  let server: GrpcServer;
  let channel: GrpcChannel;

  async function serve(handlers: Partial<Handlers<CoordinationMethods>>): Promise<void> {
    server.add(coordinationService(), { ...NOTHING, ...handlers });
    const port = await server.listen('127.0.0.1', 0);
    channel = new GrpcChannel(`127.0.0.1:${port}`, { credentials: channelCredentials(null, false) });
  }

  beforeEach(() => {
    server = new GrpcServer({ credentials: serverCredentials(null, 'ignored'), messageLimitBytes: 4 << 20 });
  });

  afterEach(async () => {
    channel.close();
    await server.stop(0);
  });

  function collect(handle: (stream: ServerStream<WriteRequest, WriteReply>) => void) {
    return serve({ write: handle }).then(() => {
      const stream = channel.open(coordinationService().methods.write);
      const replies: number[] = [];
      const closed = new Promise<TepuiError | null>((resolve) => {
        stream.listen({ message: (reply) => replies.push(reply.sequence), closed: resolve });
      });
      return { stream, replies, closed };
    });
  }

  it('answers a call', async () => {
    await serve({
      openSession: async ({ timeoutMs }) => ({ session: 's' as SessionId, timeoutMs, index: 4 }),
    });
    const reply = await channel.call(coordinationService().methods.openSession, { timeoutMs: 1500 });
    assert.deepEqual(reply, { session: 's', timeoutMs: 1500, index: 4 });
  });

  it('answers a call that fails with the code of the error', async () => {
    await serve({
      openSession: async () => {
        throw new TepuiError('NO_LEADER', 'no leader for 4.2 s');
      },
    });
    const call = channel.call(coordinationService().methods.openSession, { timeoutMs: 0 });
    await assert.rejects(call, { code: 'NO_LEADER', message: 'no leader for 4.2 s' });
  });

  it('answers a malformed request with its code and keeps serving', async () => {
    await serve({
      openSession: async () => ({ session: 's' as SessionId, timeoutMs: 0, index: 0 }),
    });
    const { openSession } = coordinationService().methods;
    const garbage = { ...openSession.request, encode: () => Buffer.from('ff', 'hex') };
    await assert.rejects(channel.call({ ...openSession, request: garbage }, { timeoutMs: 0 }), {
      code: 'MALFORMED',
    });
    assert.equal((await channel.call(openSession, { timeoutMs: 0 })).session, 's');
  });

  it('answers an oversized request with the limit', async () => {
    await serve({});
    const { openSession } = coordinationService().methods;
    const long = { ...openSession.request, encode: () => Buffer.alloc((4 << 20) + 1) };
    await assert.rejects(channel.call({ ...openSession, request: long }, { timeoutMs: 0 }), {
      code: 'TOO_LARGE',
      message: /4194305 bytes is above the limit of 4194304 bytes/,
    });
  });

  it('streams both ways, in order, and ends well', async () => {
    const { stream, replies, closed } = await collect((served) => {
      served.listen({
        message: (request) => served.write(done(request.sequence)),
        ended: () => {
          served.end();
        },
      });
    });
    for (let sequence = 1; sequence <= 500; sequence++) stream.write(writeOf(sequence));
    stream.end();
    assert.equal(await closed, null);
    assert.deepEqual(
      replies,
      Array.from({ length: 500 }, (_, i) => i + 1),
    );
  });

  it('ends a stream with the code when a message is malformed', async () => {
    let served = 0;
    await serve({
      write: (stream) => {
        stream.listen({ message: () => served++ });
      },
    });
    const { write } = coordinationService().methods;
    const garbage = { ...write.request, encode: () => Buffer.from('ff', 'hex') };
    const stream = channel.open({ ...write, request: garbage });
    const closed = new Promise<TepuiError | null>((resolve) => {
      stream.listen({ message: () => {}, closed: resolve });
    });
    stream.write(writeOf(1));
    assert.equal((await closed)?.code, 'MALFORMED');
    assert.equal(served, 0);
  });

  it('tells the server once that the client is gone', async () => {
    let gone = 0;
    let tellGone = (): void => {};
    const cancelled = new Promise<void>((resolve) => (tellGone = resolve));
    await serve({
      write: (served) => {
        served.accept();
        served.listen({
          message: () => {},
          closed: () => {
            gone++;
            tellGone();
          },
        });
      },
    });
    const stream = channel.open(coordinationService().methods.write);
    stream.listen({
      message: () => {},
      started: () => {
        stream.cancel();
      },
      closed: () => {},
    });
    await cancelled;
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(gone, 1);
  });

  it('delivers messages that a paused reader had not taken when the stream ended', async () => {
    const { stream, replies, closed } = await collect((served) => {
      for (let i = 1; i <= 3; i++) served.write(done(i));
      served.end();
    });
    stream.pause();
    setTimeout(() => {
      stream.resume();
    }, 20);
    assert.equal(await closed, null);
    assert.deepEqual(replies, [1, 2, 3]);
  });

  it('pushes events to a subscriber', async () => {
    await serve({});
    const feed = new GrpcServer({
      credentials: serverCredentials(null, 'ignored'),
      messageLimitBytes: 4 << 20,
    });
    feed.add(operatorService(), {
      status: unexpected,
      listAgents: unexpected,
      listFrameworks: unexpected,
      listTasks: unexpected,
      killTask: unexpected,
      teardownFramework: unexpected,
      transferLeadership: unexpected,
      changeMembers: unexpected,
      restore: unexpected,
      saveSnapshot: unexpected,
      events: ({ afterIndex }, stream) => {
        stream.write({ index: afterIndex + 1, event: { kind: 'heartbeat', value: true } });
        stream.end();
      },
    });
    const port = await feed.listen('127.0.0.1', 0);
    const client = new GrpcChannel(`127.0.0.1:${port}`, { credentials: channelCredentials(null, false) });
    const events: OperatorEvent[] = [];
    await new Promise((resolve) => {
      client
        .subscribe(operatorService().methods.events, { afterIndex: 6 })
        .listen({ message: (event) => events.push(event), closed: resolve });
    });
    assert.deepEqual(events, [{ index: 7, event: { kind: 'heartbeat', value: true } }]);
    client.close();
    await feed.stop(0);
  });

  it('says which address is in use', async () => {
    await serve({});
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const { port } = taken.address() as AddressInfo;
    const second = new GrpcServer({
      credentials: serverCredentials(null, 'ignored'),
      messageLimitBytes: 1024,
    });
    await assert.rejects(second.listen('127.0.0.1', port), {
      code: 'PORT_IN_USE',
      message: `127.0.0.1:${port} is in use by another program`,
    });
    taken.close();
  });

  it('that nobody holds open is unreachable, and surely nothing was done', async () => {
    await serve({});
    const nobody = new GrpcChannel('127.0.0.1:1', { credentials: channelCredentials(null, false) });
    await assert.rejects(nobody.call(coordinationService().methods.openSession, { timeoutMs: 0 }), {
      code: 'UNREACHABLE',
    });
    await assert.rejects(nobody.ready(30), { code: 'UNREACHABLE' });
    nobody.close();
  });
});
