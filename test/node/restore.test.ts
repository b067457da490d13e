import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { SeededRandom, TepuiError, type ClusterId, type MemberId } from '../../lib/base/index.js';
import { loadFolder } from '../../lib/node/offline/load-folder.js';
import { REVISION_RAISE } from '../../lib/node/offline/new-history.js';
import { restore, type RestoreOptions, type RestoreTarget } from '../../lib/node/offline/restore.js';
import { FolderSource, openDataFolder } from '../../lib/storage/index.js';
import { readFolder } from '../../lib/storage/offline/index.js';
import { clusterArchive } from '../support/archives.js';
import { quiet } from '../support/quiet.js';
import { tempFolder } from '../support/temp-folder.js';

const NOW_MS = 1_795_000_000_000;

describe('tepui snapshot restore', () => {
  let folder: ReturnType<typeof tempFolder>;

  beforeEach(() => {
    folder = tempFolder();
  });

  afterEach(() => folder.remove());

  function target(id: string): RestoreTarget {
    return { memberId: id as MemberId, folder: path.join(folder.path, id) };
  }

  function options(change: Partial<RestoreOptions> = {}): RestoreOptions {
    return {
      targets: [target('m1')],
      newCluster: false,
      replace: false,
      force: false,
      wallMs: NOW_MS,
      random: new SeededRandom(1),
      ...change,
    };
  }

  async function codeOf(work: Promise<unknown>): Promise<string> {
    return work.then(
      () => 'fine',
      (error: unknown) => (error instanceof TepuiError ? error.code : String(error)),
    );
  }

  function open(id: string) {
    return openDataFolder({
      source: new FolderSource(path.join(folder.path, id)),
      memberId: id as MemberId,
      random: new SeededRandom(2),
      logger: quiet,
      onFailure: (error) => assert.fail(error),
    });
  }

  it('makes a folder that a master starts from as a sound member of the same cluster in a later generation', async () => {
    const file = await clusterArchive(folder.path);
    const restored = await restore(file, options());
    const disk = await open('m1');
    const { clusterId, generation, boot } = disk.identity;
    assert.deepEqual({ clusterId, generation, boot }, { clusterId: 'c1', generation: NOW_MS, boot: 1 });
    assert.deepEqual(disk.log?.health, { kind: 'intact' });
    assert.deepEqual(disk.log?.configuration.voters, [disk.identity.nodeId]);
    assert.equal(disk.log?.lastIndex(), restored.index);
    assert.equal(disk.state.meta?.index, restored.index);
    await disk.close();
  });

  it('keeps every node, raises the revision, and forgets who the members were', async () => {
    const file = await clusterArchive(folder.path, 20);
    const restored = await restore(file, options());
    const reading = await readFolder(path.join(folder.path, 'm1'));
    const { machine } = await loadFolder(reading);
    await reading.close();
    assert.equal(Buffer.from(machine.tree.get('/n19')!.data).toString(), 'data 19');
    // 24 commands of the cluster, then three members forgotten and the raise itself.
    assert.equal(machine.revision, 24 + 4 + REVISION_RAISE);
    assert.equal(machine.revision, restored.revision);
    assert.deepEqual(machine.cluster.members(), []);
    assert.equal(machine.cluster.clusterId, 'c1');
  });

  it('lets the other members of the snapshot come back as learners', async () => {
    const { learners } = await restore(await clusterArchive(folder.path), options());
    assert.deepEqual(learners, ['m2@0000000000000002', 'm3@0000000000000003']);
  });

  it('makes folders for several voters that are alike but for who they are', async () => {
    const targets = ['m1', 'm2', 'm3'].map(target);
    const restored = await restore(await clusterArchive(folder.path), options({ targets }));
    assert.deepEqual(restored.learners, []);
    const metas = [];
    for (const { folder: path_ } of targets) {
      const reading = await readFolder(path_);
      assert.deepEqual(reading.problems, []);
      metas.push(reading.state!.meta);
      await reading.close();
    }
    assert.deepEqual(metas[1], metas[0]);
    assert.deepEqual(metas[2], metas[0]);
    assert.equal(metas[0]!.configuration.voters.length, 3);
  });

  it('draws a new cluster id when told, everywhere', async () => {
    const { clusterId, learners } = await restore(
      await clusterArchive(folder.path),
      options({ newCluster: true }),
    );
    assert.notEqual(clusterId, 'c1');
    assert.deepEqual(learners, []);
    const reading = await readFolder(path.join(folder.path, 'm1'));
    const { machine } = await loadFolder(reading);
    await reading.close();
    assert.equal(machine.cluster.clusterId, clusterId);
    assert.equal(reading.identity.clusterId, clusterId);
  });

  it('refuses a folder with data, and sets it aside when told, whole', async () => {
    const file = await clusterArchive(folder.path);
    await restore(file, options());
    const before = readFileSync(path.join(folder.path, 'm1/identity.json'), 'utf8');
    assert.equal(await codeOf(restore(file, options())), 'FOLDER_OCCUPIED');
    const { setAside, generation } = await restore(file, options({ replace: true, wallMs: NOW_MS - 5000 }));
    assert.equal(setAside.length, 1);
    assert.equal(readFileSync(path.join(setAside[0]!, 'identity.json'), 'utf8'), before);
    assert.deepEqual(readdirSync(setAside[0]!).sort(), ['identity.json', 'raft', 'state', 'witness']);
    assert.equal(generation, NOW_MS + 1, 'later than the one it replaces, although the clock went back');
  });

  it('refuses a folder of another cluster or member unless told', async () => {
    const other = await clusterArchive(folder.path, 1, { clusterId: 'c1' as ClusterId });
    await restore(other, options({ newCluster: true }));
    assert.equal(await codeOf(restore(other, options({ replace: true }))), 'FOREIGN_CLUSTER');
    const wrongMember = [{ memberId: 'm2' as MemberId, folder: path.join(folder.path, 'm1') }];
    await restore(other, options({ replace: true, force: true }));
    assert.equal(
      await codeOf(restore(other, options({ targets: wrongMember, replace: true }))),
      'FOREIGN_MEMBER',
    );
  });

  it('changes no folder when one of several cannot be made', async () => {
    const file = await clusterArchive(folder.path);
    await restore(file, options({ targets: [target('m2')] }));
    const targets = ['m1', 'm2', 'm3'].map(target);
    assert.equal(await codeOf(restore(file, options({ targets }))), 'FOLDER_OCCUPIED');
    assert.equal(existsSync(path.join(folder.path, 'm1/identity.json')), false);
    assert.deepEqual(readdirSync(path.join(folder.path, 'm2')).sort(), [
      'identity.json',
      'raft',
      'state',
      'witness',
    ]);
  });

  it('leaves what is no data of a master where it is', async () => {
    mkdirSync(path.join(folder.path, 'm1'));
    writeFileSync(path.join(folder.path, 'm1/config.yaml'), 'id: m1\n');
    await restore(await clusterArchive(folder.path), options());
    assert.equal(readFileSync(path.join(folder.path, 'm1/config.yaml'), 'utf8'), 'id: m1\n');
  });

  it('refuses a damaged file before it touches anything', async () => {
    const file = await clusterArchive(folder.path);
    const bytes = readFileSync(file);
    bytes[bytes.length - 40]! ^= 1;
    writeFileSync(file, bytes);
    assert.equal(await codeOf(restore(file, options())), 'SNAPSHOT_DAMAGED');
    assert.equal(existsSync(path.join(folder.path, 'm1')), false);
  });
});
