import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import path from 'node:path';
import { Client, credentials, type Metadata, type ServiceError } from '@grpc/grpc-js';
import { stringify } from 'yaml';
import { Operator } from '../../lib/client/index.js';
import { CLIENT_MESSAGE_LIMIT_BYTES, HARD_LIMIT_FACTOR } from '../../lib/wire/limits.js';
import { DevCluster } from '../support/dev-cluster.js';
import { eventually } from '../support/eventually.js';
import { tempFolder } from '../support/temp-folder.js';
import { TepuiProcess, tepui, type Ending } from '../support/tepui-process.js';

const LIMIT_MS = 60_000;

/** How a call ended: our code, and the gRPC status. */
interface Refusal {
  readonly code: string;
  readonly status: number;
}

/** A client that sends bytes, not messages. */
class RawClient {
  private readonly client: Client;

  constructor(address: string) {
    this.client = new Client(address, credentials.createInsecure());
  }

  unary(method: string, bytes: Buffer): Promise<Refusal | null> {
    return new Promise((resolve) => {
      const same = (one: Buffer): Buffer => one;
      const deadline = { deadline: Date.now() + 20_000 };
      this.client.makeUnaryRequest(method, same, same, bytes, deadline, (error) => resolve(refusalOf(error)));
    });
  }

  /** Sends the bytes as the first message of a stream; how that stream ended. */
  stream(method: string, bytes: Buffer): Promise<Refusal | null> {
    return new Promise((resolve) => {
      const same = (one: Buffer): Buffer => one;
      const stream = this.client.makeBidiStreamRequest(method, same, same, { deadline: Date.now() + 20_000 });
      stream.on('data', () => undefined);
      stream.on('error', (error: ServiceError) => resolve(refusalOf(error)));
      stream.on('end', () => resolve(null));
      stream.write(bytes);
    });
  }

  close(): void {
    this.client.close();
  }
}

function refusalOf(error: ServiceError | null): Refusal | null {
  if (error === null) return null;
  const metadata: Metadata | undefined = error.metadata;
  return { code: String(metadata?.get('tepui-code')[0] ?? 'none'), status: error.code };
}

/** Everything in a folder but its log, by name and content. */
function fingerprint(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.startsWith('log.jsonl'))
    .map((entry) => {
      const file = path.join(entry.parentPath, entry.name);
      return `${path.relative(folder, file)} ${createHash('sha256').update(readFileSync(file)).digest('hex')}`;
    })
    .sort();
}

const RESOURCE_EXHAUSTED = 8;
const UNIMPLEMENTED = 12;
const GARBAGE = Buffer.from('ff'.repeat(40), 'hex');

describe('bad input', function () {
  this.timeout(180_000);
  const temporary = tempFolder();
  let cluster: DevCluster;
  let operator: Operator;

  before(async () => {
    cluster = await DevCluster.start({ masters: 1, agents: 1, dir: temporary.path });
    operator = new Operator({ addresses: cluster.grpcAddresses });
  });

  after(async () => {
    operator.close();
    await cluster.stop();
    temporary.remove();
  });

  /** What must be the same before and after: who leads in which process, what the group knows. */
  async function picture(): Promise<object> {
    const { clusterId, leader, term, members } = await operator.status();
    const tasks = (await operator.tasks({ completed: true })).items;
    const frameworks = (await operator.frameworks()).items;
    const agents = (await operator.agents()).items;
    return { clusterId, leader, term, pids: members.map(({ pid }) => pid), tasks, frameworks, agents };
  }

  describe('at the door of a master', () => {
    let raw: RawClient;
    let before_: object;
    beforeEach(async () => {
      raw = new RawClient(cluster.grpcAddresses[0]!);
      before_ = await picture();
    });
    afterEach(async () => {
      raw.close();
      assert.deepEqual(await picture(), before_, 'something changed');
    });

    it('that is no message is refused as MALFORMED, on calls and on streams', async () => {
      const malformed = { code: 'MALFORMED', status: 3 };
      assert.deepEqual(await raw.unary('/tepui.v1.Operator/KillTask', GARBAGE), malformed);
      for (const stream of ['Scheduler/Connect', 'Agent/Connect', 'Coordination/Write']) {
        assert.deepEqual(await raw.stream(`/tepui.v1.${stream}`, GARBAGE), malformed, stream);
      }
    });

    it('that lacks what it must say is refused with a code', async () => {
      const empty = Buffer.alloc(0);
      const refused = await raw.unary('/tepui.v1.Operator/KillTask', empty);
      assert.ok(refused !== null && refused.code !== 'none', JSON.stringify(refused));
      assert.notEqual(refused.code, 'INTERNAL');
      for (const stream of ['Scheduler/Connect', 'Agent/Connect']) {
        const ending = await raw.stream(`/tepui.v1.${stream}`, empty);
        assert.ok(ending === null || !['none', 'INTERNAL'].includes(ending.code), JSON.stringify(ending));
      }
    });

    it('that is too large is refused as TOO_LARGE; far too large by gRPC itself', async () => {
      const large = Buffer.alloc(CLIENT_MESSAGE_LIMIT_BYTES + 1);
      const refusal = { code: 'TOO_LARGE', status: RESOURCE_EXHAUSTED };
      assert.deepEqual(await raw.unary('/tepui.v1.Operator/KillTask', large), refusal);
      assert.deepEqual(await raw.stream('/tepui.v1.Scheduler/Connect', large), refusal);
      const huge = Buffer.alloc(CLIENT_MESSAGE_LIMIT_BYTES * HARD_LIMIT_FACTOR + 1);
      assert.equal((await raw.unary('/tepui.v1.Operator/KillTask', huge))?.status, RESOURCE_EXHAUSTED);
    });

    it('for a method or service that does not exist is UNIMPLEMENTED', async () => {
      for (const method of ['/tepui.v1.Operator/Explode', '/tepui.v9.Operator/Status']) {
        assert.equal((await raw.unary(method, Buffer.alloc(0)))?.status, UNIMPLEMENTED, method);
      }
    });

    it('that is not gRPC at all ends that connection only', async () => {
      for (const address of [cluster.grpcAddresses[0]!, cluster.master('m1').peer]) {
        for (const bytes of ['GET / HTTP/1.1\r\nHost: x\r\n\r\n', GARBAGE]) {
          const [host, port] = address.split(':');
          await new Promise<void>((resolve) => {
            const socket = connect({ host: host!, port: Number(port) }, () => socket.write(bytes));
            socket.on('data', () => undefined);
            socket.on('error', () => undefined);
            socket.on('close', () => resolve());
          });
        }
      }
    });

    it('is no different at the door for other masters', async () => {
      const peer = new RawClient(cluster.master('m1').peer);
      const malformed = await peer.stream('/tepui.peer.v1.Peer/Stream', GARBAGE);
      assert.equal(malformed?.code, 'MALFORMED', JSON.stringify(malformed));
      peer.close();
    });
  });

  /** Starts a process on `dataDir` with ports of its own, which must refuse. */
  function start(id: string, dataDir: string, more: object): Promise<Ending> {
    const kind = id.startsWith('a') ? 'agent' : 'master';
    const base =
      kind === 'agent'
        ? { id, dataDir }
        : {
            id,
            dataDir,
            listen: { grpc: '127.0.0.1:0', peer: '127.0.0.1:0', zookeeper: 'off', http: 'off' },
          };
    const file = path.join(cluster.dir, `${id}-elsewhere.yaml`);
    writeFileSync(file, stringify({ ...base, ...more }));
    return tepui([kind, '--config', file]);
  }

  describe('of folders', () => {
    const folder = (id: string): string => path.join(cluster.dir, id);
    const members = { m1: '127.0.0.1:1', m2: '127.0.0.1:2', m3: '127.0.0.1:3' };

    it('in use are refused by name, and the process that has them goes on', async () => {
      const was = await picture();
      const [master, agent] = await Promise.all([
        start('m1', folder('m1'), { members }),
        start('a1', folder('a1'), { masters: cluster.grpcAddresses }),
      ]);
      for (const { code, stderr } of [master, agent]) {
        assert.match(stderr, /\[FOLDER_IN_USE\]\n {2}Stop the process that holds the folder/);
        assert.equal(code, 2);
      }
      assert.equal(cluster.pid('m1'), cluster.master('m1').pid);
      assert.equal(cluster.pid('a1'), cluster.announcement.agents[0]!.pid);
      assert.deepEqual(await picture(), was);
    });

    describe('that belong to somebody else', () => {
      let other: DevCluster;
      before(async () => {
        await Promise.all([
          cluster.end('SIGINT'),
          DevCluster.start({ masters: 3, agents: 0 }).then((started) => (other = started)),
        ]);
      });
      after(() => other.stop());

      it('(another member) are refused by name and unchanged', async () => {
        const was = fingerprint(folder('m1'));
        const { code, stderr } = await start('m2', folder('m1'), { members });
        assert.match(stderr, /belongs to member m1, this process is m2 \[FOREIGN_MEMBER\]/);
        assert.equal(code, 2);
        assert.deepEqual(fingerprint(folder('m1')), was);
      });

      it('(a newer release) are refused by name and unchanged', async () => {
        const file = path.join(folder('m1'), 'identity.json');
        const text = readFileSync(file, 'utf8');
        writeFileSync(file, text.replace(/"format": \d+/, '"format": 99'));
        const was = fingerprint(folder('m1'));
        const { code, stderr } = await start('m1', folder('m1'), { members });
        assert.match(stderr, /has data format 99, this release knows up to \d+ \[NEWER_FORMAT\]/);
        assert.equal(code, 2);
        assert.deepEqual(fingerprint(folder('m1')), was);
        writeFileSync(file, text);
      });

      it('(another cluster) end the master that brings them, and nobody else', async () => {
        const operatorOfOther = new Operator({ addresses: other.grpcAddresses });
        const status = await operatorOfOther.status();
        const peers = Object.fromEntries(other.announcement.masters.map(({ id, peer }) => [id, peer]));
        const text = readFileSync(path.join(folder('m1'), 'identity.json'), 'utf8');
        other.signal('m1', 'SIGKILL');
        const { code, stderr } = await start('m1', folder('m1'), {
          members: peers,
          listen: {
            grpc: other.master('m1').grpc,
            peer: other.master('m1').peer,
            zookeeper: 'off',
            http: 'off',
          },
        });
        assert.match(stderr, /belongs to group .*; so say m2 and m3, of 3 members \[FOREIGN_CLUSTER\]/);
        assert.equal(code, 2);
        const clusterOf = (json: string): unknown => (JSON.parse(json) as { clusterId: unknown }).clusterId;
        assert.equal(
          clusterOf(readFileSync(path.join(folder('m1'), 'identity.json'), 'utf8')),
          clusterOf(text),
        );
        await eventually(
          async () => {
            const now = await operatorOfOther.status();
            return now.leader !== null && now.clusterId === status.clusterId;
          },
          LIMIT_MS,
          'the other cluster goes on',
        );
        operatorOfOther.close();
      });

      it('(another cluster) end the agent that brings them, which is not registered', async () => {
        const { code, stderr } = await start('a1', folder('a1'), { masters: other.grpcAddresses });
        assert.match(stderr, /\[FOREIGN_CLUSTER\]/);
        assert.equal(code, 2);
        const operatorOfOther = new Operator({ addresses: other.grpcAddresses });
        assert.deepEqual((await operatorOfOther.agents()).items, []);
        operatorOfOther.close();
      });

      it('serve on where they belong', async () => {
        const master = new TepuiProcess(['master', '--config', path.join(folder('m1'), 'config.yaml')]);
        const agent = new TepuiProcess(['agent', '--config', path.join(folder('a1'), 'config.yaml')]);
        try {
          const { items } = await eventually(
            async () => {
              const list = await operator.agents();
              return list.items.some(({ state }) => state === 'registered') && list;
            },
            LIMIT_MS,
            'the agent is registered again',
          );
          assert.equal(items.length, 1);
        } finally {
          await agent.end('SIGINT');
          await master.end();
        }
      });
    });
  });
});
