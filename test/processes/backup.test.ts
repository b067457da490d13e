import assert from 'node:assert/strict';
import { existsSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Tree } from '../../lib/client/index.js';
import { DevCluster } from '../support/dev-cluster.js';
import { tempFolder } from '../support/temp-folder.js';
import { tepui } from '../support/tepui-process.js';

interface Saved {
  readonly clusterId: string;
  readonly member: string;
  readonly revision: number;
  readonly records: number;
  readonly tables: Readonly<Record<string, number>>;
}

describe('tepui snapshot', function () {
  this.timeout(120_000);
  let cluster: DevCluster;
  let folder: ReturnType<typeof tempFolder>;
  let tree: Tree;

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
      // The root is a node too.
      assert.equal(saved.tables['tree'], 50 + i + 1 + 1);
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
});
