import assert from 'node:assert/strict';
import { once, EventEmitter } from 'node:events';
import { TepuiError, type SessionId } from '../../lib/base/index.js';
import { schedulerHandlers } from '../../lib/api/grpc/scheduler.js';
import type { SchedulerConnection, SchedulerService, SchedulerSink } from '../../lib/master/index.js';
import {
  GrpcChannel,
  GrpcServer,
  channelCredentials,
  schedulerService,
  serverCredentials,
  type SchedulerReply,
  type SchedulerRequest,
} from '../../lib/wire/index.js';

function revive(sequence: number): SchedulerRequest {
  const call = { type: 'REVIVE', framework_id: { value: 'F' } } as const;
  return { session: '00000000000000aa' as SessionId, sequence, acknowledgedBelow: sequence, call };
}

function accepted(sequence: number): SchedulerReply {
  return { kind: 'accepted', sequence, index: 7 };
}

/** A service that writes down what its door tells it. */
class Recorder extends EventEmitter implements SchedulerService {
  sink: SchedulerSink | null = null;
  readonly requests: SchedulerRequest[] = [];

  connect(sink: SchedulerSink): SchedulerConnection {
    this.sink = sink;
    return {
      request: (request) => {
        this.requests.push(request);
        this.emit('request', request);
      },
      drained: () => this.emit('drained'),
      ended: () => this.emit('ended'),
      closed: () => this.emit('closed'),
    };
  }

  call(request: SchedulerRequest, done: (reply: SchedulerReply) => void): void {
    this.requests.push(request);
    done(accepted(request.sequence));
  }
}

describe('the scheduler door', () => {
  let server: GrpcServer;
  let channel: GrpcChannel;
  let service: Recorder;

  beforeEach(async () => {
    service = new Recorder();
    server = new GrpcServer({ credentials: serverCredentials(null, 'ignored'), messageLimitBytes: 4 << 20 });
    server.add(schedulerService(), schedulerHandlers(service));
    const port = await server.listen('127.0.0.1', 0);
    channel = new GrpcChannel(`127.0.0.1:${port}`, { credentials: channelCredentials(null, false) });
  });

  afterEach(async () => {
    channel.close();
    await server.stop(0);
  });

  function open() {
    const stream = channel.open(schedulerService().methods.connect);
    const replies: SchedulerReply[] = [];
    const closed = new Promise<TepuiError | null>((resolve) => {
      stream.listen({ message: (reply) => replies.push(reply), closed: resolve });
    });
    return { stream, replies, closed };
  }

  it('hands requests to the service as they were sent', async () => {
    const { stream } = open();
    stream.write(revive(3));
    await once(service, 'request');
    assert.deepEqual(service.requests, [revive(3)]);
  });

  it('answers a single call', async () => {
    assert.deepEqual(await channel.call(schedulerService().methods.call, revive(5)), accepted(5));
  });

  it('lets a client that has said all still read its answers', async () => {
    const { stream, replies, closed } = open();
    stream.write(revive(1));
    await once(service, 'request');
    const ended = once(service, 'ended');
    stream.end();
    await ended;
    service.sink?.send(accepted(1));
    service.sink?.end(null);
    assert.equal(await closed, null);
    assert.deepEqual(replies, [accepted(1)]);
  });

  it('tells the service when the client is gone', async () => {
    const { stream } = open();
    stream.write(revive(1));
    await once(service, 'request');
    const closed = once(service, 'closed');
    stream.cancel();
    await closed;
  });

  it('ends a stream with the code that the service gives', async () => {
    const { stream, closed } = open();
    stream.write(revive(1));
    await once(service, 'request');
    service.sink?.end(new TepuiError('OVERLOADED', 'the stream took nothing for 30000 ms'));
    const error = await closed;
    assert.deepEqual([error?.code, error?.message], ['OVERLOADED', 'the stream took nothing for 30000 ms']);
  });

  it('asks the service to wait while the client reads slower than it writes, and loses nothing', async () => {
    const { stream, replies, closed } = open();
    stream.write(revive(1));
    await once(service, 'request');
    const { sink } = service;
    let waits = 0;
    for (let sequence = 1; sequence <= 2_000; sequence++) {
      if (sink?.send(accepted(sequence)) === true) continue;
      waits++;
      await once(service, 'drained');
    }
    sink?.end(null);
    assert.equal(await closed, null);
    assert.equal(replies.length, 2_000);
    assert.ok(replies.every((reply, i) => reply.kind === 'accepted' && reply.sequence === i + 1));
    assert.ok(waits > 0, 'the door never asked to wait');
  });
});
