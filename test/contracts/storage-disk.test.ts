import assert from 'node:assert/strict';
import { utf8Decode, utf8Encode } from '../../lib/base/index.js';
import type { Disk } from '../../lib/storage/index.js';
import { twins } from '../storage/helpers.js';

const options = { writeBufferBytes: 1 << 20 };

for (const twin of twins) {
  describe(`data folder on ${twin.name}`, () => {
    const withDisk = (work: (disk: Disk) => Promise<void>): Promise<void> =>
      twin.with((source) => work(source.attach(() => undefined)));

    it('is empty at first', () =>
      withDisk(async (disk) => {
        assert.deepEqual(await disk.listKv(), []);
        assert.equal(await disk.readFile('identity.json'), null);
        assert.equal(await disk.sizeOf('reserve'), 0);
      }));

    it('replaces a file whole', () =>
      withDisk(async (disk) => {
        await disk.replaceFile('f', utf8Encode('a long first version'));
        await disk.replaceFile('f', utf8Encode('second'));
        assert.equal(utf8Decode((await disk.readFile('f'))!), 'second');
        await disk.removeFile('f');
        await disk.removeFile('f');
        assert.equal(await disk.readFile('f'), null);
      }));

    it('lists, removes and sets aside databases', () =>
      withDisk(async (disk) => {
        for (const name of ['b', 'a']) {
          const kv = await disk.openKv(name, options);
          await kv.write([{ type: 'put', key: utf8Encode('k'), value: utf8Encode(name) }]);
          await kv.close();
        }
        assert.deepEqual(await disk.listKv(), ['a', 'b']);
        await disk.removeKv('a');
        await disk.removeKv('a');
        await disk.setAsideKv('b');
        assert.deepEqual(await disk.listKv(), ['b-damaged']);
        const aside = await disk.openKv('b-damaged', options);
        assert.equal(utf8Decode(aside.get(utf8Encode('k'))!), 'b');
        await aside.close();
      }));

    it('keeps what was written to each slot', () =>
      twin.with(async (source) => {
        const first = await source.attach(() => undefined).openSlots('w');
        assert.equal(first.found, null);
        await first.write(0, utf8Encode('zero'), true);
        await first.write(1, utf8Encode('one'), false);
        await first.write(0, utf8Encode('null'), false);
        await first.close();
        const again = await source.attach(() => undefined).openSlots('w');
        const [a, b] = again.found!;
        assert.equal(utf8Decode(a, 0, 4), 'null');
        assert.equal(utf8Decode(b, 0, 3), 'one');
        assert.deepEqual([a.length, b.length], [4096, 4096]);
        await again.close();
      }));

    it('allocates a file of the size asked for, and measures free space', () =>
      withDisk(async (disk) => {
        await disk.replaceFile('f', new Uint8Array(1));
        await disk.allocate('reserve', 3_000_000);
        assert.equal(await disk.sizeOf('reserve'), 3_000_000);
        await disk.allocate('reserve', 3_000_000);
        assert.equal(await disk.sizeOf('reserve'), 3_000_000);
        assert.ok((await disk.freeBytes()) > 0);
      }));
  });
}
