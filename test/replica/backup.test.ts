import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { TepuiError, type MemberId } from '../../lib/base/index.js';
import { loadArchive } from '../../lib/node/offline/load-archive.js';
import { BackupSource, type Backup } from '../../lib/replica/index.js';
import { bytesOf } from '../support/archives.js';
import { tempFolder } from '../support/temp-folder.js';
import { Group } from './group.js';
import { settled } from './process.js';

const [M1, M2] = ['m1', 'm2'] as MemberId[] as [MemberId, MemberId];

function sourceOf(group: Group, id: MemberId): BackupSource {
  const { member, disk } = group.at(id);
  return new BackupSource({
    replica: member,
    identity: () => disk.identity,
    store: () => disk.state,
    release: '0.1.0',
    clock: group.time,
    timers: group.time,
    limits: group.limits,
  });
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'fine',
    (error: unknown) => (error instanceof TepuiError ? error.code : String(error)),
  );
}

describe('replica: backups', () => {
  let folder: ReturnType<typeof tempFolder>;

  beforeEach(() => {
    folder = tempFolder();
  });

  afterEach(() => folder.remove());

  async function load(backup: Backup) {
    const file = path.join(folder.path, 'x.snapshot');
    writeFileSync(file, await bytesOf(backup.bytes()));
    await backup.close();
    return loadArchive(file);
  }

  it('holds everything that was acknowledged before it was asked for, at any member', async () => {
    const group = await Group.serving();
    for (const id of group.ids) {
      const { path: node } = await group.create(M1);
      const backup = await settled(group.time, sourceOf(group, id).begin({ linearizable: true }));
      const { machine, contents } = await load(backup);
      assert.notEqual(machine.tree.get(node), null, `${node} is in the backup of ${id}`);
      assert.equal(contents.header.member, id);
      assert.equal(contents.header.clusterId, group.at(id).member.status().clusterId);
      assert.equal(contents.header.digest, group.digests.get(contents.header.index));
    }
  });

  it('is of one moment, however much is written while it is read', async () => {
    const group = await Group.serving();
    await group.create(M1);
    const backup = await settled(group.time, sourceOf(group, M2).begin({ linearizable: true }));
    const { path: later } = await group.create(M1);
    await group.pass(2000);
    const { machine } = await load(backup);
    assert.equal(machine.tree.get(later), null);
  });

  it('without a quorum there is the state a member has, and no promise of more', async () => {
    const group = await Group.serving();
    const { path: node } = await group.create(M1);
    await group.pass(2000);
    for (const { id } of group.alive) if (id !== M1) group.at(id).crash();
    const source = sourceOf(group, M1);
    assert.equal(await codeOf(settled(group.time, source.begin({ linearizable: true }))), 'NO_LEADER');
    const { machine } = await load(await source.begin({ linearizable: false }));
    assert.notEqual(machine.tree.get(node), null);
  });

  it('a third one at once is refused, and the place of one that failed is free again', async () => {
    const group = await Group.serving();
    await group.pass(1000);
    const source = sourceOf(group, M1);
    const first = await source.begin({ linearizable: false });
    const second = await source.begin({ linearizable: false });
    assert.equal(await codeOf(source.begin({ linearizable: false })), 'OVERLOADED');
    await first.close();
    await second.close();
    const third = await source.begin({ linearizable: false });
    await third.close();
  });
});
