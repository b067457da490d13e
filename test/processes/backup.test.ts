import assert from 'node:assert/strict';
import { existsSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Operator, Tree } from '../../lib/client/index.js';
import { DevCluster } from '../support/dev-cluster.js';
import { tempFolder } from '../support/temp-folder.js';
import { eventually } from '../support/eventually.js';
import { isAlive } from '../support/processes.js';
import { TepuiProcess, tepui } from '../support/tepui-process.js';

const LIMIT_MS = 90_000;

interface Saved {
  readonly clusterId: string;
  readonly member: string;
  readonly revision: number;
  readonly records: number;
  readonly tables: Readonly<Record<string, number>>;
}

describe('tepui snapshot', function () {
  this.timeout(400_000);
  let cluster: DevCluster;
  let folder: ReturnType<typeof tempFolder>;
  let tree: Tree;
  /** What a test started besides the cluster of all. */
  const started: { stop(): Promise<void> }[] = [];

  afterEach(async () => {
    for (const one of started.splice(0)) await one.stop();
  });

  before(async () => {
    folder = tempFolder();
    cluster = await DevCluster.start({ masters: 3, agents: 0 });
    tree = new Tree({ addresses: cluster.grpcAddresses });
    for (let i = 0; i < 50; i++) await tree.create(`/n${i}`, Buffer.alloc(10_000, i));
  });

  after(async () => {
    await tree.close();
    await cluster.stop();
    folder.remove();
  });

  const file = (name: string): string => path.join(folder.path, name);

  it('saves what was acknowledged, from whichever master is asked', async () => {
    for (const [i, { id, grpc }] of cluster.announcement.masters.entries()) {
      await tree.create(`/before-${i}`, Buffer.from('x'));
      const { code, stdout, stderr } = await tepui([
        'snapshot',
        'save',
        file(id),
        '--masters',
        grpc,
        '--json',
      ]);
      assert.equal(code, 0, stderr);
      const saved = JSON.parse(stdout) as Saved;
      assert.equal(saved.member, id);
      // The root is a node too, and so are those of `/zookeeper`.
      const system = ['/', '/zookeeper', '/zookeeper/config', '/zookeeper/quota'];
      assert.equal(saved.tables['tree'], 50 + i + 1 + system.length);
      const inspected = await tepui(['snapshot', 'inspect', file(id), '--json']);
      assert.deepEqual(JSON.parse(inspected.stdout), saved);
    }
  });

  it('a damaged file is refused with its own exit code', async () => {
    const { grpc } = cluster.announcement.masters[0]!;
    await tepui(['snapshot', 'save', file('whole'), '--masters', grpc]);
    const bytes = readFileSync(file('whole'));
    bytes[bytes.length >> 1]! ^= 1;
    writeFileSync(file('wrong'), bytes);
    const wrong = await tepui(['snapshot', 'inspect', file('wrong')]);
    assert.equal(wrong.code, 6);
    assert.match(wrong.stderr, /wrong checksum .*\[SNAPSHOT_DAMAGED\]/);
    truncateSync(file('wrong'), bytes.length - 1);
    assert.equal((await tepui(['snapshot', 'inspect', file('wrong')])).code, 6);
  });

  it('leaves nothing under the name, and says why, when no master can be reached', async () => {
    const target = file('nothing');
    const flags = ['--masters', '127.0.0.1:1', '--timeout', '1'];
    const { code, stderr } = await tepui(['snapshot', 'save', target, ...flags]);
    assert.equal(code, 5);
    assert.match(stderr, /UNREACHABLE/);
    assert.deepEqual([existsSync(target), existsSync(`${target}.partial`)], [false, false]);
  });

  it('a cluster goes back to a snapshot: what came later is gone, and no number is given out twice', async () => {
    const dir = path.join(folder.path, 'dev');
    const first = await DevCluster.start({ masters: 3, agents: 1, dir });
    started.push(first);
    const before = new Tree({ addresses: first.grpcAddresses });
    const kept = await before.create('/kept', Buffer.from('1'));
    const masters = ['--masters', first.grpcAddresses.join(',')];
    assert.equal((await tepui(['snapshot', 'save', file('back'), ...masters])).code, 0);
    const lost = await before.create('/lost', Buffer.from('2'));
    const agents = (await tepui(['agents', '--json', ...masters])).stdout;
    await before.close();
    await first.stop();

    const restore = ['snapshot', 'restore', file('back'), '--members', 'm1,m2,m3', '--dir', dir];
    const refused = await tepui(restore);
    assert.deepEqual([refused.code, /FOLDER_OCCUPIED/.test(refused.stderr)], [3, true], refused.stderr);
    const done = await tepui([...restore, '--replace', '--json']);
    assert.equal(done.code, 0, done.stderr);

    const second = await DevCluster.start({ masters: 3, agents: 1, dir });
    started.push(second);
    const after = new Tree({ addresses: second.grpcAddresses });
    started.push({ stop: () => after.close() });
    assert.equal((await after.get('/kept')).data.toString(), '1');
    await assert.rejects(after.get('/lost'), /\/lost does not exist/);
    const next = await after.create('/next', Buffer.from('3'));
    assert(next.index > lost.index && lost.index > kept.index, `${next.index} after ${lost.index}`);
    const again = (await tepui(['agents', '--json', '--masters', second.grpcAddresses.join(',')])).stdout;
    assert.deepEqual(idsOf(again), idsOf(agents), 'the agent is known as before');
  });

  it('one master takes a running cluster back: the others give way by themselves and join it', async () => {
    const dir = path.join(folder.path, 'running');
    const running = await DevCluster.start({ masters: 3, agents: 0, dir });
    started.push(running);
    const masters = ['--masters', running.grpcAddresses.join(',')];
    const writer = new Tree({ addresses: running.grpcAddresses });
    started.push({ stop: () => writer.close() });
    await writer.create('/kept', Buffer.from('1'));
    assert.equal((await tepui(['snapshot', 'save', file('back2'), ...masters])).code, 0);
    await writer.create('/lost', Buffer.from('2'));

    const restore = [
      'snapshot',
      'restore',
      file('back2'),
      '--id',
      'm1',
      '--dir',
      path.join(dir, 'm1'),
      '--replace',
    ];
    const held = await tepui(restore);
    assert.deepEqual([held.code, /FOLDER_IN_USE/.test(held.stderr)], [2, true], held.stderr);
    const pids = ['m2', 'm3'].map((id) => running.pid(id));
    running.signal('m1', 'SIGKILL');
    await eventually(
      async () => (await tepui(restore)).code === 0,
      30_000,
      'the folder is let go and restored',
    );
    const start = (id: string): void => {
      const master = new TepuiProcess(['master', '--config', path.join(dir, id, 'config.yaml')]);
      started.push({ stop: () => master.end('SIGKILL').then(() => undefined) });
    };
    start('m1');
    await eventually(() => Promise.resolve(!pids.some(isAlive)), LIMIT_MS, 'both others have ended');
    start('m2');
    start('m3');
    const operator = new Operator({ addresses: running.grpcAddresses });
    started.push({ stop: () => Promise.resolve(operator.close()) });
    const voters = async (): Promise<number> => {
      const { members } = await operator.status(2000);
      return members.filter(({ voter, healthy }) => voter && healthy).length;
    };
    await eventually(async () => (await voters()) === 3, LIMIT_MS, 'all three vote in the new generation');
    const reader = new Tree({ addresses: running.grpcAddresses });
    started.push({ stop: () => reader.close() });
    assert.equal((await reader.get('/kept')).data.toString(), '1');
    await assert.rejects(reader.get('/lost'), /\/lost does not exist/);
  });
});

function idsOf(list: string): string[] {
  return (JSON.parse(list) as { items: { id: string }[] }).items.map(({ id }) => id);
}
