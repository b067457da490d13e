import assert from 'node:assert/strict';
import { TepuiError, utf8Decode, utf8Encode } from '../../lib/base/index.js';
import type { Disk, Kv, KvOperation } from '../../lib/storage/index.js';
import { twins } from '../storage/helpers.js';

const put = (key: string, value: string): KvOperation => ({
  type: 'put',
  key: utf8Encode(key),
  value: utf8Encode(value),
});
const remove = (key: string): KvOperation => ({ type: 'delete', key: utf8Encode(key) });
const range = (from: string, to: string, reverse = false) => ({
  from: utf8Encode(from),
  to: utf8Encode(to),
  reverse,
});
const text = (pairs: readonly [Uint8Array, Uint8Array][]): string[] =>
  pairs.map(([key, value]) => `${utf8Decode(key)}=${utf8Decode(value)}`);
const options = { writeBufferBytes: 1 << 20 };

for (const twin of twins) {
  describe(`ordered store on ${twin.name}`, () => {
    const withKv = (work: (kv: Kv, disk: Disk) => Promise<void>): Promise<void> =>
      twin.with(async (source) => {
        const disk = source.attach(() => undefined);
        const kv = await disk.openKv('db', options);
        try {
          await work(kv, disk);
        } finally {
          await kv.close();
        }
      });

    it('keeps a batch over closing and opening', () =>
      withKv(async (kv, disk) => {
        await kv.write([put('a', '1'), put('b', '2'), remove('a')]);
        await kv.close();
        const again = await disk.openKv('db', options);
        assert.equal(again.get(utf8Encode('a')), undefined);
        assert.equal(utf8Decode(again.get(utf8Encode('b'))!), '2');
        await again.close();
      }));

    it('applies the operations of a batch in order', () =>
      withKv(async (kv) => {
        await kv.write([put('a', '1'), remove('a'), put('a', '2'), put('b', '1'), remove('b')]);
        assert.deepEqual(text(await kv.read(range('', 'z'), 9, 1000)), ['a=2']);
      }));

    it('has copied what an operation holds by the time it asks for the next', () =>
      withKv(async (kv) => {
        const key = utf8Encode('k?');
        const value = utf8Encode('v?');
        const count = 2000;
        function* inTheSameMemory(): Generator<KvOperation> {
          for (let i = 0; i < count; i++) {
            key[1] = value[1] = i & 0x7f;
            yield { type: 'put', key, value };
          }
          key.fill(0);
          value.fill(0);
        }
        await kv.write(inTheSameMemory());
        const kept = await kv.read(range('k', 'l'), count, 1e6);
        assert.equal(kept.length, 128);
        for (const [i, [k, v]] of kept.entries()) assert.deepEqual([k[1], v[0], v[1]], [i, 0x76, i]);
      }));

    it('keeps empty values and tells them from absent ones', () =>
      withKv(async (kv) => {
        await kv.write([put('a', '')]);
        assert.equal(kv.get(utf8Encode('a'))?.length, 0);
        assert.equal(kv.get(utf8Encode('b')), undefined);
      }));

    it('reads a range in byte order, first key included, last excluded', () =>
      withKv(async (kv) => {
        await kv.write(['d', 'b', 'a', 'c', 'aa'].map((key) => put(key, key)));
        assert.deepEqual(text(await kv.read(range('a', 'd'), 9, 1000)), ['a=a', 'aa=aa', 'b=b', 'c=c']);
        assert.deepEqual(text(await kv.read(range('a', 'd', true), 9, 1000)), ['c=c', 'b=b', 'aa=aa', 'a=a']);
      }));

    it('stops a read at its limits, but always moves on', () =>
      withKv(async (kv) => {
        const large = 'x'.repeat(1000);
        await kv.write(['a', 'b', 'c', 'd'].map((key) => put(key, large)));
        assert.equal((await kv.read(range('a', 'z'), 2, 1e6)).length, 2);
        const few = await kv.read(range('a', 'z'), 9, 1500);
        assert.ok(few.length >= 1 && few.length <= 2, `${few.length} entries in 1,500 bytes`);
        assert.equal((await kv.read(range('a', 'z'), 9, 1)).length, 1);
      }));

    it('shows a snapshot as it was, whatever is written later', () =>
      withKv(async (kv) => {
        await kv.write([put('a', '1'), put('b', '1')]);
        const snapshot = kv.snapshot();
        await kv.write([put('a', '2'), remove('b'), put('c', '2')]);
        assert.deepEqual(text(await snapshot.read(range('', 'z'), 9, 1000)), ['a=1', 'b=1']);
        assert.equal(utf8Decode(snapshot.get(utf8Encode('a'))!), '1');
        assert.deepEqual(text(await kv.read(range('', 'z'), 9, 1000)), ['a=2', 'c=2']);
        await snapshot.close();
      }));

    it('takes batches larger than one slice of the loop whole', () =>
      withKv(async (kv) => {
        await kv.write(Array.from({ length: 1700 }, (_, i) => put(String(i).padStart(5, '0'), 'v')));
        assert.equal((await kv.read(range('', 'z'), 9999, 1e9)).length, 1700);
      }));

    it('refuses a second batch while one is in flight', () =>
      withKv(async (kv) => {
        const first = kv.write([put('a', '1')]);
        await assert.rejects(kv.write([put('b', '1')]), /two batches in flight/);
        await first;
        await kv.write([put('b', '2')]);
      }));

    it('is held by one owner at a time', () =>
      withKv(async (_kv, disk) => {
        await assert.rejects(
          disk.openKv('db', options),
          (e) => e instanceof TepuiError && e.code === 'FOLDER_IN_USE',
        );
      }));

    it('answers nothing any more after its first failed write, and tells the owner once', () =>
      twin.with(async (source, breakDisk) => {
        const failures: Error[] = [];
        const disk = source.attach((error) => failures.push(error));
        const kv = await disk.openKv('db', options);
        const other = await disk.openKv('other', options);
        await breakDisk('db');
        const isStorage = (e: unknown): boolean => e instanceof TepuiError && e.code === 'STORAGE';
        const fill = async (): Promise<void> => {
          for (let i = 0; i < 10; i++) await kv.write([put(`k${i}`, 'x'.repeat(options.writeBufferBytes))]);
        };
        await assert.rejects(fill(), isStorage);
        await assert.rejects(kv.write([put('a', '1')]), isStorage);
        await assert.rejects(other.write([put('a', '1')]), isStorage);
        await assert.rejects(other.read(range('', 'z'), 1, 1), isStorage);
        assert.throws(() => other.get(utf8Encode('a')), isStorage);
        await assert.rejects(disk.replaceFile('f', new Uint8Array(1)), isStorage);
        assert.equal(failures.length, 1);
        await kv.close();
        await other.close();
      }));

    it('refuses calls after closing without taking them for a failure of the disk', () =>
      twin.with(async (source) => {
        const failures: Error[] = [];
        const disk = source.attach((error) => failures.push(error));
        const kv = await disk.openKv('db', options);
        await kv.write([put('a', '1')]);
        const snapshot = kv.snapshot();
        await kv.close();
        const isClosed = (e: unknown): boolean => e instanceof TepuiError && e.code === 'SHUTTING_DOWN';
        await assert.rejects(kv.write([put('a', '2')]), isClosed);
        await assert.rejects(kv.read(range('', 'z'), 1, 1), isClosed);
        await assert.rejects(snapshot.read(range('', 'z'), 1, 1), isClosed);
        assert.throws(() => kv.get(utf8Encode('a')), isClosed);
        await snapshot.close();
        await kv.close();
        assert.equal(failures.length, 0);
      }));
  });
}
