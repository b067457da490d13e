import assert from 'node:assert/strict';
import type { AgentId, FrameworkId, SessionId, TaskId } from '../../lib/base/index.js';
import { TepuiError } from '../../lib/base/index.js';
import {
  agentService,
  coordinationService,
  mesosCodecs,
  millisecondsOf,
  nanosecondsOf,
  operatorService,
  peerService,
  schedulerService,
  type AgentMessage,
  type Hello,
  type MasterMessage,
  type SchedulerReply,
  type SchedulerRequest,
  type WriteRequest,
  type mesos,
} from '../../lib/wire/index.js';
import { messageType } from '../../lib/wire/protos.js';

const session = '00000000000000ab' as SessionId;
const frameworkId = 'f' as FrameworkId;
const taskId = 't' as TaskId;

function refusedWith(code: string): (error: unknown) => boolean {
  return (error) => error instanceof TepuiError && error.code === code;
}

describe('messages of tepui.v1', () => {
  const write: WriteRequest = {
    session,
    sequence: 300,
    acknowledgedBelow: 2 ** 53 - 1,
    operation: { kind: 'set', path: '/a', data: Uint8Array.of(1, 2), expectedVersion: -1 },
  };

  it('have the bytes that protobuf prescribes', () => {
    const bytes = coordinationService().methods.write.request.encode(write);
    assert.equal(
      bytes.toString('hex'),
      '0a1030303030303030303030303030306162' + // 1: session, 16 bytes
        '10ac02' + // 2: sequence 300
        '18ffffffffffffff0f' + // 3: acknowledged_below 2^53 - 1
        '2a0a' + // 5: set, 10 bytes
        '0a022f61' + // 1: path
        '12020102' + // 2: data
        '1801', // 3: expected_version, zigzag of -1
    );
  });

  it('are read back as they were written', () => {
    const { request } = coordinationService().methods.write;
    const read = request.decode(request.encode(write));
    assert.deepEqual(
      { ...read, operation: { ...read.operation, data: null } },
      {
        ...write,
        operation: { ...write.operation, data: null },
      },
    );
    assert.equal(read.operation.kind === 'set' && Buffer.from(read.operation.data).toString('hex'), '0102');
  });

  it('mean zero, empty and false by what is absent', () => {
    const { request, response } = coordinationService().methods.read;
    assert.deepEqual(request.decode(Buffer.alloc(0)), {
      id: 0,
      path: '',
      consistency: 'LINEARIZABLE',
      children: false,
    });
    const refused = response.decode(Buffer.from('2200', 'hex'));
    assert.deepEqual(refused.outcome, { kind: 'refused', code: '', message: '', outcomeUnknown: false });
  });

  it('are malformed when a counter does not fit a safe integer', () => {
    const tooLarge = Buffer.from('108080808080808010', 'hex');
    assert.throws(
      () => coordinationService().methods.write.request.decode(tooLarge),
      refusedWith('MALFORMED'),
    );
  });

  it('are malformed when they end early or a part is missing', () => {
    const { methods } = coordinationService();
    assert.throws(
      () => methods.write.request.decode(Buffer.from('2a0a0a022f61', 'hex')),
      refusedWith('MALFORMED'),
    );
    const doneWithoutStat = Buffer.from('12020801', 'hex');
    assert.throws(() => methods.write.response.decode(doneWithoutStat), refusedWith('MALFORMED'));
  });

  it('are unsupported when a oneof holds nothing that this release knows', () => {
    assert.throws(
      () => coordinationService().methods.write.request.decode(Buffer.from('1001', 'hex')),
      refusedWith('UNSUPPORTED'),
    );
  });

  it('above their limit are refused by name, at either side', () => {
    const { request } = coordinationService().methods.write;
    const operation = { kind: 'create', path: '/a', data: new Uint8Array((4 << 20) + 1) } as const;
    assert.throws(() => request.encode({ ...write, operation }), refusedWith('TOO_LARGE'));
    assert.throws(() => request.decode(Buffer.alloc((4 << 20) + 1)), refusedWith('TOO_LARGE'));
  });

  it('keep a false and an empty member of a oneof apart from an absent one', () => {
    const { response } = operatorService().methods.events;
    const heartbeat = { index: 7, event: { kind: 'heartbeat', value: false } } as const;
    assert.deepEqual(response.decode(response.encode(heartbeat)), heartbeat);
    const removed = { index: 8, event: { kind: 'agentRemoved', value: '' } } as const;
    assert.deepEqual(response.decode(response.encode(removed)), removed);
  });
});

describe('messages that carry Mesos', () => {
  const request: SchedulerRequest = {
    session,
    sequence: 1,
    acknowledgedBelow: 0,
    call: {
      framework_id: { value: 'f' },
      type: 'KILL',
      kill: {
        task_id: { value: 't' },
        kill_policy: { grace_period: { nanoseconds: '9223372036854775807' } },
      },
    },
  };

  it('have the bytes that protobuf prescribes, and keep 64 bits exactly', () => {
    const codec = schedulerService().methods.connect.request;
    const bytes = codec.encode(request);
    assert.equal(
      bytes.toString('hex'),
      '0a1030303030303030303030303030306162' + // 1: session
        '1001' + // 2: sequence
        '1a1c' + // 3: call, 28 bytes
        '0a030a0166' + // 1: framework_id
        '1006' + // 2: type KILL
        '3213' + // 6: kill, 19 bytes
        '0a030a0174' + // 1: task_id
        '1a0c0a0a' + // 3: kill_policy, 1: grace_period
        '08ffffffffffffffff7f', // 1: nanoseconds
    );
    assert.deepEqual(codec.decode(bytes), request);
  });

  it('keep absent apart from default', () => {
    const { frameworkInfo } = mesosCodecs;
    const plain: mesos.FrameworkInfo = { user: 'u', name: 'n' };
    assert.deepEqual({ ...frameworkInfo.decode(frameworkInfo.encode(plain)) }, plain);
    const explicit: mesos.FrameworkInfo = { user: 'u', name: 'n', role: '*', failover_timeout: 0 };
    assert.deepEqual({ ...frameworkInfo.decode(frameworkInfo.encode(explicit)) }, explicit);
  });

  it('are malformed without a required field', () => {
    assert.throws(() => mesosCodecs.frameworkInfo.decode(Buffer.alloc(0)), refusedWith('MALFORMED'));
  });

  it('are malformed when the field that a call names is missing', () => {
    const type = messageType('mesos', 'mesos.v1.scheduler.Call');
    const empty = type.serialize({ type: 'ACCEPT' });
    assert.throws(() => mesosCodecs.call.decode(empty), refusedWith('MALFORMED'));
    const revive = type.serialize({ type: 'REVIVE' });
    assert.deepEqual({ ...mesosCodecs.call.decode(revive) }, { type: 'REVIVE' });
  });

  it('give a call of a newer release the type UNKNOWN', () => {
    assert.equal(mesosCodecs.call.decode(Buffer.from('1063', 'hex')).type, 'UNKNOWN');
  });

  it('refuse a task state of a newer release instead of taking it for another', () => {
    const unknownState = Buffer.from('0a030a01741063', 'hex');
    assert.throws(() => mesosCodecs.taskStatus.decode(unknownState), refusedWith('MALFORMED'));
  });

  it('tell accepted, refused and event apart', () => {
    const codec = schedulerService().methods.call.response;
    const replies: SchedulerReply[] = [
      { kind: 'accepted', sequence: 1, index: 0 },
      {
        kind: 'refused',
        sequence: 2,
        refusal: { code: 'INVALID_OFFER', message: 'gone', outcomeUnknown: false },
      },
      { kind: 'event', index: 9, event: { type: 'HEARTBEAT' } },
    ];
    for (const reply of replies) assert.deepEqual(codec.decode(codec.encode(reply)), reply);
  });

  it('bring an agent with everything it holds', () => {
    const codec = agentService().methods.connect.request;
    const messages: AgentMessage[] = [
      {
        kind: 'register',
        agentId: null,
        clusterId: null,
        info: {
          hostname: 'h',
          port: 5051,
          resources: [{ name: 'ports', type: 'RANGES', ranges: { range: [{ begin: '1', end: '2' }] } }],
        },
        bootId: 'b',
        knownRevision: 5,
        tasks: [{ frameworkId, taskId, lastSequence: 3, terminal: true }],
        incarnation: 'i',
      },
      {
        kind: 'update',
        frameworkId,
        taskId,
        sequence: 1,
        status: { task_id: { value: 't' }, state: 'TASK_FAILED' },
        exit: { how: { kind: 'code', value: 0 }, atMs: 12 },
      },
      { kind: 'heartbeat', sentAtMs: 1_763_900_000_000 },
    ];
    for (const message of messages) assert.deepEqual(codec.decode(codec.encode(message)), message);
  });

  it('keep a grace period of zero apart from none', () => {
    const codec = agentService().methods.connect.response;
    for (const graceMs of [null, 0, 5000]) {
      const kill: MasterMessage = { kind: 'kill', frameworkId, taskId, graceMs, revision: 4 };
      assert.deepEqual(codec.decode(codec.encode(kill)), kill);
    }
    const registered: MasterMessage = {
      kind: 'registered',
      agentId: 'a' as AgentId,
      clusterId: 'c' as never,
      revision: 0,
      heartbeatMs: 3000,
      timeoutMs: 15_000,
      unknownTasks: [{ frameworkId, taskId }],
    };
    assert.deepEqual(codec.decode(codec.encode(registered)), registered);
  });

  it('turn nanoseconds into milliseconds and back', () => {
    assert.equal(millisecondsOf({ nanoseconds: '1763900000123456789' }), 1_763_900_000_123);
    assert.equal(nanosecondsOf(1_763_900_000_123).nanoseconds, '1763900000123000000');
    assert.equal(nanosecondsOf(2.5).nanoseconds, '2500000');
  });
});

describe('messages between members', () => {
  const hello: Hello = {
    protocol: 1,
    memberId: 'm1' as never,
    nodeId: 'm1@0123456789abcdef' as never,
    boot: 3,
    clusterId: null,
    release: '0.1.0',
    pid: 77,
    http: null,
    grpc: '127.0.0.1:5060',
    zk: null,
    peer: '127.0.0.1:5070',
    memoryBudgetBytes: 2 ** 40,
    acknowledgedTerm: 2,
    acknowledgedIndex: 2 ** 33,
    generation: 2 ** 41,
    unbound: true,
    start: '89abcdef',
    acknowledgedNode: 'm2@0123456789abcdef' as never,
    holdsTerm: 4,
    holdsIndex: 2 ** 34,
    damaged: true,
  };

  it('begin with a hello', () => {
    const { request, response } = peerService().methods.stream;
    assert.deepEqual(request.decode(request.encode({ kind: 'hello', ...hello })), {
      kind: 'hello',
      ...hello,
    });
    assert.deepEqual(response.decode(response.encode({ kind: 'hello', ...hello })), {
      kind: 'hello',
      ...hello,
    });
  });

  it('carry frames in the same bytes as the schema would', () => {
    const general = messageType('peer', 'tepui.peer.v1.Outbound');
    const { request } = peerService().methods.stream;
    for (const size of [0, 1, 127, 128, 16_383, 16_384, 3 << 20]) {
      const value = new Uint8Array(size).fill(7);
      const bytes = request.encode({ kind: 'frames', value });
      assert.ok(bytes.equals(general.serialize({ frames: value })), `${size} bytes`);
      const read = request.decode(bytes);
      assert.ok(read.kind === 'frames' && Buffer.compare(read.value, value) === 0, `${size} bytes`);
    }
  });

  it('are read by the schema when a member writes frames in another way', () => {
    const twice = Buffer.from('120101120102', 'hex');
    const read = peerService().methods.stream.request.decode(twice);
    assert.ok(read.kind === 'frames' && read.value.length === 1 && read.value[0] === 2);
  });

  it('tell the last chunk of a snapshot from the others', () => {
    const codec = peerService().methods.sendSnapshot.request;
    for (const last of [null, { digest: '00000000000000ff', records: 3 }]) {
      const part = { kind: 'chunk', number: 4, bytes: Uint8Array.of(9), crc: 0xfffffffe, last } as const;
      const read = codec.decode(codec.encode(part));
      assert.ok(read.kind === 'chunk');
      assert.deepEqual({ ...read, bytes: [...read.bytes] }, { ...part, bytes: [9] });
    }
  });
});
