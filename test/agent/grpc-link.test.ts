import assert from 'node:assert/strict';
import { grpcConnector } from '../../lib/agent/grpc/connector.js';
import type { MasterLink, MasterMessage } from '../../lib/agent/link.js';
import type { Registration, StatusUpdate } from '../../lib/agent/types.js';
import { TepuiError, type AgentId, type ClusterId, type FrameworkId } from '../../lib/base/index.js';
import {
  GrpcServer,
  agentService,
  serverCredentials,
  type AgentMessage,
  type MasterMessage as WireMessage,
  type ServerStream,
  type mesos,
} from '../../lib/wire/index.js';
import { MasterDouble, shellTask } from '../support/agent/master-double.js';
import { eventually } from '../support/eventually.js';

const LIMIT_MS = 5000;

const REGISTRATION: Registration = {
  agentId: null,
  clusterId: null,
  description: { hostname: 'h', resources: { cpus: 1.5, memMb: 64, diskMb: 0 }, attributes: { rack: 'r1' } },
  bootId: 'boot',
  incarnation: 'i',
  knownRevision: 7,
  tasks: [{ ...shellTask('t', ''), lastSequence: 2, terminal: true }].map(
    ({ frameworkId, taskId, lastSequence, terminal }) => ({ frameworkId, taskId, lastSequence, terminal }),
  ),
};

const COMMAND_TASK: mesos.TaskInfo = {
  name: 'n',
  task_id: { value: 't' },
  agent_id: { value: 'A1' },
  resources: [
    { name: 'cpus', type: 'SCALAR', scalar: { value: 0.25 } },
    { name: 'cpus', type: 'SCALAR', scalar: { value: 0.25 } },
    { name: 'mem', type: 'SCALAR', scalar: { value: 32 } },
  ],
  command: { value: 'echo hi', environment: { variables: [{ name: 'A', value: 'b' }] } },
  kill_policy: { grace_period: { nanoseconds: '1500000000' } },
};

describe('stream of an agent over gRPC', () => {
  let server: GrpcServer;
  let address: string;
  let stream: ServerStream<AgentMessage, WireMessage> | undefined;
  let received: AgentMessage[];
  let heard: MasterMessage[];
  let closed: string[];
  let link: MasterLink;
  const connector = grpcConnector(null);

  beforeEach(async () => {
    received = [];
    heard = [];
    closed = [];
    stream = undefined;
    server = new GrpcServer({ credentials: serverCredentials(null, 'ignored'), messageLimitBytes: 16 << 20 });
    server.add(agentService(), {
      connect: (opened) => {
        stream = opened;
        opened.listen({ message: (message) => received.push(message) });
      },
    });
    address = `127.0.0.1:${await server.listen('127.0.0.1', 0)}`;
    dial();
    await eventually(() => received.length > 0, LIMIT_MS);
  });
  afterEach(async () => {
    connector.close();
    await server.stop(0);
  });

  function dial(): void {
    link = connector.connect(address, REGISTRATION, {
      onMessage: (message) => heard.push(message),
      onClosed: (reason) => closed.push(reason),
    });
  }

  async function tell(message: WireMessage): Promise<MasterMessage> {
    const before = heard.length;
    stream!.write(message);
    return eventually(() => heard[before], LIMIT_MS);
  }

  function launch(changes: Partial<mesos.TaskInfo>): Promise<MasterMessage> {
    const task = { ...COMMAND_TASK, ...changes };
    return tell({ kind: 'launch', frameworkId: 'F1' as FrameworkId, task, revision: 9 });
  }

  it('begins with the registration', () => {
    const { agentId, clusterId, bootId, incarnation, knownRevision, tasks } = REGISTRATION;
    assert.deepEqual(received[0], {
      kind: 'register',
      agentId,
      clusterId,
      bootId,
      incarnation,
      knownRevision,
      tasks,
      info: {
        hostname: 'h',
        resources: [
          { name: 'cpus', type: 'SCALAR', scalar: { value: 1.5 } },
          { name: 'mem', type: 'SCALAR', scalar: { value: 64 } },
        ],
        attributes: [{ name: 'rack', type: 'TEXT', text: { value: 'r1' } }],
      },
    });
  });

  it('hands on the answer to the registration, kills and acknowledgements', async () => {
    const registered = { ...new MasterDouble().registered(), unknownTasks: [] };
    assert.deepEqual(await tell(registered), registered);
    const ref = { frameworkId: 'F1' as FrameworkId, taskId: shellTask('t', '').taskId };
    assert.deepEqual(await tell({ kind: 'kill', ...ref, graceMs: null, revision: 3 }), {
      kind: 'kill',
      ...ref,
      revision: 3,
    });
    assert.deepEqual(await tell({ kind: 'kill', ...ref, graceMs: 0, revision: 3 }), {
      kind: 'kill',
      ...ref,
      graceMs: 0,
      revision: 3,
    });
    const committed = { ...ref, sequence: 2, revision: 4 };
    assert.deepEqual(await tell({ kind: 'updateCommitted', ...committed }), {
      kind: 'update-committed',
      ...committed,
    });
  });

  it('hands on a launch as the agent runs it', async () => {
    assert.deepEqual(await launch({}), {
      kind: 'launch',
      revision: 9,
      task: shellTask('t', 'echo hi', {
        name: 'n',
        command: { shell: true, value: 'echo hi', arguments: [], environment: { A: 'b' } },
        resources: { cpus: 0.5, memMb: 32, diskMb: 0 },
        killGraceMs: 1500,
      }),
    });
  });

  it('calls what this release cannot honour unrunnable, by name', async () => {
    const cases: [Partial<mesos.TaskInfo>, RegExp][] = [
      [{ executor: { executor_id: { value: 'e' } } }, /executors/],
      [{ container: { type: 'MESOS' } }, /containers/],
      [{ health_check: {} }, /checks/],
      [{ max_completion_time: { nanoseconds: '1' } }, /completion time/],
      [{ command: { value: 'x', uris: [{ value: 'http://x' }] } }, /URIs/],
      [{ command: { environment: { variables: [{ name: 'S', type: 'SECRET' }] } } }, /variable S/],
    ];
    for (const [changes, problem] of cases) {
      const message = await launch(changes);
      assert.ok(message.kind === 'launch' && 'problem' in message.task.command, String(problem));
      assert.match(message.task.command.problem, problem);
    }
  });

  it('carries updates with every field that Mesos has for them', async () => {
    const { frameworkId, taskId } = shellTask('t', '');
    const update: StatusUpdate = {
      frameworkId,
      taskId,
      sequence: 2,
      state: 'FAILED',
      source: 'EXECUTOR',
      reason: 'COMMAND_EXECUTOR_FAILED',
      message: 'why',
      uuid: '000102030405060708090a0b0c0d0e0f',
      timestampMs: 1_700_000_000_250,
      exit: { signal: 'SIGKILL', atMs: 1_700_000_000_123 },
    };
    link.send({ kind: 'update', update });
    const [, message] = await eventually(() => received.length > 1 && received, LIMIT_MS);
    assert.ok(message?.kind === 'update');
    const { status, exit } = message;
    assert.deepEqual(exit, { how: { kind: 'signal', value: 'SIGKILL' }, atMs: 1_700_000_000_123 });
    assert.deepEqual(
      [...status.uuid!],
      Array.from({ length: 16 }, (_, i) => i),
    );
    assert.deepEqual(
      [status.state, status.source, status.reason, status.message, status.timestamp],
      ['TASK_FAILED', 'SOURCE_EXECUTOR', 'REASON_COMMAND_EXECUTOR_FAILED', 'why', 1_700_000_000.25],
    );
  });

  it('takes a refusal that ended the stream for one that came in words', async () => {
    stream!.fail(new TepuiError('AGENT_REMOVED', 'gone by operator'));
    await eventually(() => closed.length > 0, LIMIT_MS);
    assert.deepEqual(heard, [{ kind: 'refused', code: 'AGENT_REMOVED', message: 'gone by operator' }]);
  });

  it('says so when the master ends the stream or cannot be reached, once', async () => {
    stream!.end();
    await eventually(() => closed.length > 0, LIMIT_MS);
    await server.stop(0);
    dial();
    await eventually(() => closed.length > 1, LIMIT_MS);
    assert.match(closed[1]!, /UNREACHABLE/);
    assert.equal(closed.length, 2);
  });

  it('says nothing more once it was closed', async () => {
    link.close();
    await eventually(() => stream!.closed, LIMIT_MS);
    assert.deepEqual([heard, closed], [[], []]);
  });

  it('keeps ids of the group and the agent', async () => {
    connector.connect(
      address,
      { ...REGISTRATION, agentId: 'A1' as AgentId, clusterId: 'C' as ClusterId },
      { onMessage: () => {}, onClosed: () => {} },
    );
    const second = await eventually(() => received[1], LIMIT_MS);
    assert.ok(second.kind === 'register');
    assert.deepEqual([second.agentId, second.clusterId], ['A1', 'C']);
  });
});
