import assert from 'node:assert/strict';
import path from 'node:path';
import { Operator, Tree } from '../../lib/client/index.js';
import { DevCluster } from '../support/dev-cluster.js';
import { eventually } from '../support/eventually.js';
import { tempFolder } from '../support/temp-folder.js';
import { tepui } from '../support/tepui-process.js';

const LIMIT_MS = 90_000;
const RESTORE = ['snapshot', 'restore', '--online', '--yes', '--json'];

interface Status {
  readonly leader: string | null;
  readonly restored: { readonly restore: string; readonly sha256: string } | null;
}

interface Restored {
  readonly restore: string;
  readonly sha256: string;
  readonly revision: number;
}

describe('tepui snapshot restore --online', function () {
  this.timeout(300_000);
  let cluster: DevCluster;
  let folder: ReturnType<typeof tempFolder>;
  let tree: Tree;
  let masters: readonly string[];
  const file = (name: string): string => path.join(folder.path, name);

  before(async () => {
    folder = tempFolder();
    cluster = await DevCluster.start({ masters: 3, agents: 1, respawn: true });
    masters = ['--masters', cluster.grpcAddresses.join(',')];
    tree = new Tree({ addresses: cluster.grpcAddresses });
    for (let i = 0; i < 40; i++) await tree.create(`/kept-${i}`, Buffer.alloc(20_000, i));
    const saved = await tepui(['snapshot', 'save', file('a'), ...masters]);
    assert.equal(saved.code, 0, saved.stderr);
  });

  after(async () => {
    await tree.close();
    await cluster.stop();
    folder.remove();
  });

  async function status(): Promise<Status> {
    return JSON.parse((await tepui(['status', '--json', ...masters])).stdout) as Status;
  }

  async function names(): Promise<number> {
    const reader = new Tree({ addresses: cluster.grpcAddresses });
    try {
      return (await reader.children('/')).children.filter((name) => name !== 'zookeeper').length;
    } finally {
      await reader.close();
    }
  }

  it('takes the cluster back as it runs: the later writes are gone, numbers go on, agents come back', async () => {
    const lost = await tree.create('/lost', Buffer.from('x'));
    const { code, stdout, stderr } = await tepui([...RESTORE, file('a'), ...masters]);
    assert.equal(code, 0, stderr);
    const restored = JSON.parse(stdout) as Restored;
    assert.ok(restored.revision > lost.index + 2 ** 40);
    assert.equal(await names(), 40);
    const told = (await status()).restored;
    assert.deepEqual([told?.restore, told?.sha256], [restored.restore, restored.sha256]);
    await eventually(
      async () => /registered/.test((await tepui(['agents', ...masters])).stdout),
      LIMIT_MS,
      'the agent is there',
    );
  });

  it('goes on at another master when the leader is killed in the middle, and the others are restored alike', async () => {
    const writer = new Tree({ addresses: cluster.grpcAddresses });
    for (let i = 0; i < 20; i++) await writer.create(`/more-${i}`, Buffer.alloc(1000, i));
    await writer.close();
    const restoring = tepui(['snapshot', 'restore', file('a'), '--online', '--yes', '--json', ...masters]);
    const { leader } = await status();
    cluster.signal(leader!, 'SIGKILL');
    const { code, stdout, stderr } = await restoring;
    assert.equal(code, 0, stderr);
    assert.equal(await names(), 40);
    const operator = new Operator({ addresses: cluster.grpcAddresses });
    const { restore } = JSON.parse(stdout) as Restored;
    await eventually(
      async () => {
        const { members, restored } = await operator.status(2000);
        return restored?.restore === restore && members.every(({ healthy }) => healthy);
      },
      LIMIT_MS,
      'all three serve the restored state',
    );
    operator.close();
  });

  it('is refused before anything changes: a damaged file, another cluster, flags that make folders', async () => {
    const other = await DevCluster.start({ masters: 1, agents: 0 });
    try {
      const flags = ['--masters', other.grpcAddresses.join(',')];
      const foreign = await tepui(['snapshot', 'restore', file('a'), '--online', '--yes', ...flags]);
      assert.deepEqual([foreign.code, /FOREIGN_CLUSTER/.test(foreign.stderr)], [2, true], foreign.stderr);
      const forced = ['snapshot', 'restore', file('a'), '--online', '--yes', '--force-cluster', ...flags];
      assert.equal((await tepui(forced)).code, 0);
      const told = JSON.parse((await tepui(['status', '--json', ...flags])).stdout) as Status;
      assert.ok(told.restored !== null);
    } finally {
      await other.stop();
    }
    const mixed = await tepui([
      'snapshot',
      'restore',
      file('a'),
      '--online',
      '--dir',
      folder.path,
      ...masters,
    ]);
    assert.equal(mixed.code, 2, mixed.stderr);
  });
});
