import assert from 'node:assert/strict';
import { mkdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TepuiError } from '../../lib/base/index.js';
import { FolderSource, MemoryDisk, type Disk } from '../../lib/storage/index.js';
import { Space, type SpaceLimits } from '../../lib/storage/reserve.js';
import { appendTerm, contentsOf, logOf, open, openFormed, withFolder } from './helpers.js';

const limits: SpaceLimits = { reserveBytes: 100, lowBytes: 1000, ampleBytes: 1500 };

const full = (): Error => Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });

describe('space of a data folder', () => {
  const watch = (freeBytes: number): { disk: MemoryDisk; space: Space } => {
    const disk = new MemoryDisk({ freeBytes });
    const session: Disk = disk.attach(() => undefined);
    return { disk, space: new Space(session, limits) };
  };

  it('is ample after the reserve was made', async () => {
    const { disk, space } = watch(5000);
    assert.deepEqual(await space.check(), { kind: 'ample' });
    assert.equal(disk.allocated.get('reserve'), 100);
    assert.equal(space.growthRefused, false);
  });

  it('refuses growth while little is free, and allows it only when clearly more is', async () => {
    const { disk, space } = watch(5000);
    const kinds: string[] = [];
    for (disk.freeBytes of [5000, 1001, 999, 1200, 1499, 1500, 1200, 1000])
      kinds.push((await space.check()).kind);
    assert.deepEqual(kinds, ['ample', 'ample', 'low', 'low', 'low', 'ample', 'ample', 'ample']);
  });

  it('does not take the last space for the reserve', async () => {
    const { disk, space } = watch(1599);
    assert.equal((await space.check()).kind, 'reserve-spent');
    assert.equal(space.growthRefused, true);
    disk.freeBytes = 1600;
    assert.equal((await space.check()).kind, 'ample');
    assert.equal(disk.allocated.get('reserve'), 100);
  });

  it('enlarges the reserve with what opening the databases would take', async () => {
    const { disk, space } = watch(5000);
    const sizes: (number | undefined)[] = [];
    for (disk.unflushedBytes of [0, 50, 51, 130, 10]) {
      await space.check();
      sizes.push(disk.allocated.get('reserve'));
    }
    assert.deepEqual(sizes, [100, 100, 150, 200, 200]);
    disk.unflushedBytes = 300;
    disk.freeBytes = 1149;
    assert.equal((await space.check()).kind, 'low');
    disk.freeBytes = 1700;
    assert.equal((await space.check()).kind, 'ample');
    assert.equal(disk.allocated.get('reserve'), 350);
  });

  it('can be measured while a database is removed: a state that came in takes the place of another', () =>
    withFolder(async (path) => {
      const disk = new FolderSource(path).attach(() => undefined);
      const [state, gone] = [join(path, 'state'), `${path}-gone`];
      for (let round = 0; round < 20; round++) {
        await mkdir(state);
        for (const name of ['CURRENT', '000003.log']) await writeFile(join(state, name), 'x');
        // In one step, so that it falls between two steps of the other.
        await Promise.all([disk.unflushedBytes(), rename(state, gone)]);
        await rm(gone, { recursive: true });
      }
      assert.equal(await disk.unflushedBytes(), 0);
    }));

  it('really takes the blocks of the reserve', () =>
    withFolder(async (path) => {
      const disk = new FolderSource(path).attach(() => undefined);
      await disk.allocate('reserve', 3 << 20);
      const { size, blocks } = await stat(join(path, 'reserve'));
      assert.equal(size, 3 << 20);
      assert.ok(blocks * 512 >= size, `${blocks} blocks of 512 bytes`);
    }));
});

describe('a start on a full disk', () => {
  it('gives the reserve up, opens with everything in place, and refuses growth', async () => {
    const disk = new MemoryDisk({ freeBytes: 5000 });
    const first = await openFormed(disk, { space: limits });
    await appendTerm(logOf(first), 1, 5);
    await first.space.check();
    disk.powerCut();
    disk.freeBytes = 10;
    disk.failNext('file identity.json', 'write', full());
    const folder = await open(disk, { space: limits });
    assert.equal(disk.allocated.has('reserve'), false);
    assert.deepEqual([folder.space.state.kind, folder.space.growthRefused], ['reserve-spent', true]);
    assert.equal(contentsOf(logOf(folder)).length, 5);
    disk.freeBytes = 9999;
    await folder.space.check();
    assert.equal(folder.space.growthRefused, false);
  });

  it('fails when there is no reserve to give', async () => {
    const disk = new MemoryDisk();
    await openFormed(disk);
    disk.powerCut();
    disk.failNext('file identity.json', 'write', full());
    await assert.rejects(open(disk), (e) => e instanceof TepuiError && e.code === 'STORAGE');
  });

  it('does not give the reserve up for another error', async () => {
    const disk = new MemoryDisk();
    const first = await openFormed(disk, { space: limits });
    await first.space.check();
    disk.powerCut();
    disk.failNext('file identity.json', 'write');
    await assert.rejects(open(disk, { space: limits }), /I\/O error/);
    assert.equal(disk.allocated.get('reserve'), 100);
  });
});
