import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import path from 'node:path';
import { credentials, makeClientConstructor, type Client, type ServiceDefinition } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { service as healthService } from 'grpc-health-check';
import { GrpcDoor } from '../../lib/api/grpc/door.js';
import { agentService, type AgentMessage, type MasterMessage } from '../../lib/wire/index.js';
import { agentInfo } from '../master-agents/agent-world.js';
import { DoorWorld, Received } from './door-world.js';

type Unary = (
  request: object,
  done: (error: Error | null, reply: { readonly status: string }) => void,
) => void;

interface ReflectionStream {
  write(request: object): void;
  end(): void;
  once(event: 'data', listener: (reply: ReflectionReply) => void): void;
}

interface ReflectionReply {
  readonly listServicesResponse: { readonly service: readonly { readonly name: string }[] };
}

describe('the gRPC door', () => {
  let world: DoorWorld;
  let clients: Client[];

  beforeEach(async () => {
    clients = [];
    world = new DoorWorld();
    await world.start();
  });

  afterEach(async () => {
    for (const client of clients) client.close();
    await world.close();
  });

  function connect(service: ServiceDefinition): unknown {
    const Constructor = makeClientConstructor(service, 'any');
    const client = new Constructor(`127.0.0.1:${world.port}`, credentials.createInsecure());
    clients.push(client);
    return client;
  }

  function health(service: string): Promise<string> {
    const client = connect(healthService) as { check: Unary };
    return new Promise((resolve, reject) => {
      client.check({ service }, (error, reply) => {
        if (error === null) resolve(reply.status);
        else reject(error);
      });
    });
  }

  async function until(service: string, status: string): Promise<void> {
    while ((await health(service)) !== status) await new Promise((resolve) => setTimeout(resolve, 20));
  }

  it('is healthy while its member can serve, as a whole and by service', async () => {
    for (const service of [
      '',
      'tepui.v1.Agent',
      'tepui.v1.Scheduler',
      'tepui.v1.Operator',
      'tepui.v1.Coordination',
    ])
      assert.equal(await health(service), 'SERVING', service);
  });

  it('is not healthy while its member cannot serve, and again when it can', async () => {
    const status = world.replica.status.bind(world.replica);
    world.replica.status = () => ({ ...status(), trouble: 'no leader for 3.0 s' });
    await until('', 'NOT_SERVING');
    assert.equal(await health('tepui.v1.Scheduler'), 'NOT_SERVING');
    world.replica.status = status;
    await until('tepui.v1.Scheduler', 'SERVING');
  });

  it('tells tools which services there are', async () => {
    const folder = path.dirname(createRequire(import.meta.url).resolve('@grpc/reflection/package.json'));
    const protos = loadSync(path.join(folder, 'build/proto/grpc/reflection/v1/reflection.proto'));
    const service = protos['grpc.reflection.v1.ServerReflection'] as unknown as ServiceDefinition;
    const client = connect(service) as { ServerReflectionInfo(): ReflectionStream };
    const stream = client.ServerReflectionInfo();
    const reply = new Promise<ReflectionReply>((resolve) => stream.once('data', resolve));
    stream.write({ listServices: '' });
    const names = (await reply).listServicesResponse.service.map(({ name }) => name);
    stream.end();
    for (const name of ['tepui.v1.Agent', 'tepui.v1.Scheduler', 'tepui.v1.Operator', 'tepui.v1.Coordination'])
      assert.ok(names.includes(name), `${name} is not among ${names.join(', ')}`);
  });

  it('names the port when another program holds it', async () => {
    const other = new GrpcDoor({ ...world.options, port: world.port });
    await assert.rejects(other.start(), { code: 'PORT_IN_USE', message: new RegExp(`:${world.port} `) });
    await other.stop();
  });

  describe('for agents', () => {
    function dial() {
      const stream = world.client.open(agentService().methods.connect);
      return { stream, received: new Received<MasterMessage>(stream) };
    }

    function registration(): AgentMessage {
      return {
        kind: 'register',
        agentId: null,
        info: agentInfo(),
        bootId: 'boot',
        knownRevision: 0,
        tasks: [],
        incarnation: '00000000000000b7',
        clusterId: null,
      };
    }

    it('admits an agent and disconnects it when its stream ends', async () => {
      const { stream, received } = dial();
      stream.write(registration());
      await received.count(1);
      const [agent] = world.machine.agents.list();
      assert.equal(agent?.status.kind, 'connected');
      stream.end();
      assert.equal(await received.end(), 'ended well');
      while (world.status(agent.agentId) !== 'disconnected')
        await new Promise((resolve) => setImmediate(resolve));
    });

    it('says in a message why it ends a stream', async () => {
      const { stream, received } = dial();
      stream.write({ ...registration(), clusterId: 'cluster-2' } as AgentMessage);
      assert.equal(await received.end(), 'ended well');
      const [refused] = received.messages;
      assert.deepEqual(refused?.kind === 'refused' && [refused.code, refused.outcomeUnknown], [
        'FOREIGN_CLUSTER',
        false,
      ]);
    });

    it('ends a stream with a code for numbers that are none', async () => {
      const { stream, received } = dial();
      stream.write(registration());
      await received.count(1);
      const status = {
        task_id: { value: 't' },
        state: 'TASK_RUNNING',
        uuid: new Uint8Array(16),
        timestamp: -5,
      } as const;
      stream.write({
        kind: 'update',
        frameworkId: 'F',
        taskId: 't',
        sequence: 1,
        status,
        exit: null,
      } as never);
      assert.equal(await received.end(), 'INVALID_ARGUMENT');
    });
  });
});
