import assert from 'node:assert/strict';
import { MemoryDisk } from '../../lib/storage/index.js';
import { SLOT_BYTES } from '../../lib/storage/disk.js';
import { Witness, type WitnessRecord } from '../../lib/storage/witness.js';
import { N1, N2, settle } from './helpers.js';

const fresh: WitnessRecord = {
  instance: 'aaaaaaaaaaaaaaaa',
  hard: { term: 0, vote: null },
  promised: { term: 0, index: 0 },
  recovering: false,
};

async function create(disk: MemoryDisk): Promise<Witness> {
  return Witness.create(await disk.attach(() => undefined).openSlots('witness'), fresh);
}

async function reopen(disk: MemoryDisk, instance = fresh.instance): Promise<Witness | null> {
  return Witness.open(await disk.attach(() => undefined).openSlots('witness'), instance);
}

describe('witness', () => {
  it('remembers term, vote and the last point', async () => {
    const disk = new MemoryDisk();
    const witness = await create(disk);
    await witness.secure({ term: 4, vote: N2 });
    witness.follow({ term: 4, index: 9 });
    await settle();
    const found = await reopen(disk);
    assert.deepEqual(found?.hard, { term: 4, vote: N2 });
    assert.deepEqual(found?.promised, { term: 4, index: 9 });
  });

  it('is missing when its file is, or when it is of another instance', async () => {
    assert.equal(await reopen(new MemoryDisk()), null);
    const disk = new MemoryDisk();
    await create(disk);
    assert.equal(await reopen(disk, 'bbbbbbbbbbbbbbbb'), null);
  });

  it('survives damage to either slot with at most the last change lost, wherever the byte', async () => {
    for (let at = 0; at < 2 * SLOT_BYTES; at += at % SLOT_BYTES < 120 ? 1 : 97) {
      const disk = new MemoryDisk();
      const witness = await create(disk);
      await witness.secure({ term: 1, vote: N1 });
      await witness.secure({ term: 2, vote: N2 });
      disk.files.get('witness')![at]! ^= 0x5a;
      const hard = (await reopen(disk))?.hard;
      assert.ok(hard?.term === 2 ? hard.vote === N2 : hard?.term === 1 && hard.vote === N1, `byte ${at}`);
    }
  });

  it('keeps term and vote through a power cut, whatever is left of points written since', async () => {
    const disk = new MemoryDisk();
    const witness = await create(disk);
    await witness.secure({ term: 4, vote: N2 });
    const synced = disk.files.get('witness')!.slice();
    for (let index = 1; index <= 20; index++) {
      witness.follow({ term: 4, index });
      await settle();
    }
    const written = disk.files.get('witness')!;
    const changed = [0, 1].filter((slot) =>
      written
        .subarray(slot * SLOT_BYTES, (slot + 1) * SLOT_BYTES)
        .some((b, i) => b !== synced[slot * SLOT_BYTES + i]),
    );
    assert.equal(changed.length, 1, 'only one slot is written over');
    for (let torn = 0; torn < 100; torn++) {
      const image = disk.image();
      const file = image.files.get('witness')!;
      file.set(
        synced.subarray(changed[0]! * SLOT_BYTES, changed[0]! * SLOT_BYTES + torn),
        changed[0]! * SLOT_BYTES,
      );
      assert.deepEqual((await reopen(image))?.hard, { term: 4, vote: N2 }, `${torn} bytes of the older slot`);
    }
  });

  it('loses a few points at most in a power cut, and none when the process is killed', async () => {
    const disk = new MemoryDisk();
    const witness = await create(disk);
    for (let index = 1; index <= 1000; index++) {
      witness.follow({ term: 1, index });
      await settle();
    }
    assert.equal((await reopen(disk.image()))?.promised.index, 1000);
    disk.powerCut();
    const { index } = (await reopen(disk))!.promised;
    assert.ok(index >= 1000 - 65 && index < 1000, `${index} of 1000`);
  });

  it('is synced when it is closed', async () => {
    const disk = new MemoryDisk();
    const witness = await create(disk);
    witness.follow({ term: 1, index: 1 });
    await witness.close();
    disk.powerCut();
    assert.equal((await reopen(disk))?.promised.index, 1);
  });

  it('is missing when both slots are damaged', async () => {
    const disk = new MemoryDisk();
    await create(disk);
    const file = disk.files.get('witness')!;
    file[20]! ^= 1;
    file[SLOT_BYTES + 20]! ^= 1;
    assert.equal(await reopen(disk), null);
  });

  it('writes over the damaged slot first, so that one good slot is always there', async () => {
    const disk = new MemoryDisk();
    const witness = await create(disk);
    await witness.secure({ term: 1, vote: N1 });
    await witness.secure({ term: 2, vote: N2 });
    const file = disk.files.get('witness')!;
    for (const slot of [0, 1]) {
      const image = disk.image();
      image.files.get('witness')!.fill(0, slot * SLOT_BYTES, slot * SLOT_BYTES + 64);
      const found = await reopen(image);
      await found?.secure({ term: 3, vote: null });
      image.files.get('witness')!.fill(0, (1 - slot) * SLOT_BYTES, (1 - slot) * SLOT_BYTES + 64);
      assert.deepEqual((await reopen(image))?.hard, { term: 3, vote: null });
    }
    assert.equal(file.length, 2 * SLOT_BYTES);
  });

  it('has one write in flight; what changes meanwhile goes into the next', async () => {
    const waiting: (() => void)[] = [];
    let scheduled = false;
    const disk = new MemoryDisk({
      schedule: () => (scheduled ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve()),
    });
    const witness = await create(disk);
    scheduled = true;
    for (let index = 1; index <= 100; index++) witness.follow({ term: 1, index });
    const secured = witness.secure({ term: 2, vote: N1 });
    assert.equal(waiting.length, 1);
    waiting.shift()!();
    await settle();
    assert.equal(waiting.length, 1);
    waiting.shift()!();
    await secured;
    assert.equal(waiting.length, 0);
    const found = await reopen(disk);
    assert.deepEqual([found?.promised.index, found?.hard.term], [100, 2]);
  });

  it('does not report a vote as safe before it is', async () => {
    let release: () => void = () => undefined;
    let held = false;
    const disk = new MemoryDisk({
      schedule: () => (held ? new Promise((resolve) => (release = resolve)) : Promise.resolve()),
    });
    const witness = await create(disk);
    held = true;
    let done = false;
    const secured = witness.secure({ term: 1, vote: N1 }).then(() => (done = true));
    await settle();
    assert.equal(done, false);
    assert.equal((await reopen(disk.image()))?.hard.term, 0);
    release();
    await secured;
    assert.equal((await reopen(disk.image()))?.hard.term, 1);
  });

  it('keeps the highest point ever reached while the log recovers', async () => {
    const disk = new MemoryDisk();
    const witness = await create(disk);
    await witness.markRecovering({ term: 3, index: 50 });
    witness.follow({ term: 3, index: 10 });
    await witness.lower({ term: 2, index: 5 });
    await settle();
    assert.deepEqual((await reopen(disk.image()))?.promised, { term: 3, index: 50 });
    await witness.markRecovered({ term: 3, index: 40 });
    const found = await reopen(disk);
    assert.deepEqual([found?.promised, found?.recovering], [{ term: 3, index: 40 }, false]);
  });

  it('fails every later change after a failed write, and the owner hears of one nobody waits for', async () => {
    const disk = new MemoryDisk();
    const failures: Error[] = [];
    const file = await disk.attach((error) => failures.push(error)).openSlots('witness');
    const witness = await Witness.create(file, fresh);
    disk.failNext('slots witness', 'write');
    witness.follow({ term: 1, index: 1 });
    await settle();
    assert.equal(failures.length, 1);
    await assert.rejects(witness.secure({ term: 1, vote: N1 }), /injected write fault/);
    await assert.rejects(witness.markRecovered({ term: 1, index: 1 }), /injected write fault/);
  });
});
