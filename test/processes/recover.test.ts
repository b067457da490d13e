import assert from 'node:assert/strict';
import { cpSync, rmSync } from 'node:fs';
import path from 'node:path';
import { Operator, Tree } from '../../lib/client/index.js';
import { DevCluster } from '../support/dev-cluster.js';
import { eventually } from '../support/eventually.js';
import { tempFolder } from '../support/temp-folder.js';
import { logTail, tepui } from '../support/tepui-process.js';

const LIMIT_MS = 90_000;

interface Recovered {
  readonly node: string;
  readonly generation: number;
  readonly missingVoters: readonly string[];
  readonly mayBeMissing: boolean;
}

describe('tepui recover, after the loss of a quorum', function () {
  this.timeout(240_000);
  let folder: ReturnType<typeof tempFolder>;
  const started: { stop(): Promise<void> }[] = [];

  beforeEach(() => {
    folder = tempFolder();
  });

  afterEach(async () => {
    for (const one of started.splice(0).reverse()) await one.stop();
    folder.remove();
  });

  async function start(): Promise<{ cluster: DevCluster; tree: Tree; operator: Operator }> {
    const dir = path.join(folder.path, 'dev');
    const cluster = await DevCluster.start({ masters: 3, agents: 0, respawn: true, dir });
    started.push(cluster);
    const tree = new Tree({ addresses: cluster.grpcAddresses });
    started.push({ stop: () => tree.close() });
    const operator = new Operator({ addresses: cluster.grpcAddresses });
    started.push({ stop: () => Promise.resolve(operator.close()) });
    return { cluster, tree, operator };
  }

  it('goes on from the survivor with its data; former members are fenced and come back with new instances', async () => {
    const { cluster, tree } = await start();
    for (let i = 0; i < 20; i++) await tree.create(`/n${i}`, Buffer.from(`data ${i}`));
    const dir = (id: string): string => path.join(cluster.dir, id);
    const running = await tepui(['recover', dir('m1'), '--survey']);
    assert.equal(running.code, 2, running.stderr);
    assert.match(running.stderr, /FOLDER_IN_USE/);
    for (const one of started.splice(0).reverse()) await one.stop();

    // Two hosts are gone; of one of them an old folder turns up later.
    cpSync(dir('m3'), path.join(folder.path, 'm3'), { recursive: true });
    for (const id of ['m2', 'm3']) rmSync(dir(id), { recursive: true });
    const { code, stdout, stderr } = await tepui(['recover', dir('m1'), '--yes', '--json']);
    assert.equal(code, 0, stderr);
    const recovered = JSON.parse(stdout) as Recovered;
    assert.deepEqual([recovered.missingVoters, recovered.mayBeMissing], [['m2', 'm3'], true]);
    cpSync(path.join(folder.path, 'm3'), dir('m3'), { recursive: true });

    const again = await start();
    for (let i = 0; i < 20; i++) assert.equal((await again.tree.get(`/n${i}`)).data.toString(), `data ${i}`);
    const voters = async (): Promise<string[]> => {
      const { members } = await again.operator.status(2000);
      return members.flatMap(({ id, voter, healthy }) => (voter && healthy ? [id] : [])).sort();
    };
    await eventually(async () => (await voters()).length === 3, LIMIT_MS, 'all three vote again');
    await again.tree.create('/after', Buffer.from('x'));
    const fenced = logTail(dir('m3'), 200);
    assert.match(fenced, /m3 belongs to the group as it was before m1 was recovered or restored/);
  });
});
