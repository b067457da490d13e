import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { diskIo, type FileIo } from '../../lib/agent/checkpoint/file-io.js';
import { encodeFrame } from '../../lib/agent/checkpoint/frames.js';
import { RecordLog } from '../../lib/agent/checkpoint/record-log.js';
import type { TepuiError } from '../../lib/base/index.js';
import { tempFolder } from '../support/temp-folder.js';

describe('record log', () => {
  const folder = tempFolder();
  const file = path.join(folder.path, 'log');
  const nothing = (): readonly unknown[] => [];
  afterEach(() => fs.rmSync(file, { force: true }));
  after(() => folder.remove());

  const open = (snapshot = nothing, more: { io?: FileIo; compactBytes?: number } = {}) =>
    RecordLog.open({ file, kind: 'test', format: 1, snapshot, ...more });

  const append = (log: RecordLog, record: unknown): Promise<void> =>
    new Promise((resolve, reject) => {
      log.append(record, (error) => (error === null ? resolve() : reject(error)));
    });

  it('gives back, in order, every record whose append was answered', async () => {
    const { log } = open();
    await Promise.all(['a', { b: 'ü' }, 3].map((record) => append(log, record)));
    await append(log, 'last');
    await log.close();
    const again = open();
    assert.deepEqual(again.records, ['a', { b: 'ü' }, 3, 'last']);
    assert.equal(again.tornBytes, 0);
    await again.log.close();
  });

  it('syncs once for everything that was appended while a sync was under way', async () => {
    let syncs = 0;
    const io: FileIo = { ...diskIo, sync: (fd, done) => (syncs++, diskIo.sync(fd, done)) };
    const { log } = open(nothing, { io });
    await Promise.all(Array.from({ length: 500 }, (_, i) => append(log, i)));
    assert.equal(syncs, 2);
    await log.close();
  });

  it('recovers exactly the whole batches before any tear, and appends after them', async () => {
    const { log } = open();
    for (const record of ['one', 'two', 'three']) await append(log, record);
    await log.close();
    const whole = fs.readFileSync(file);
    const header = encodeFrame([{ kind: 'test', format: 1 }]).length;
    for (let cut = header; cut < whole.length; cut++) {
      fs.writeFileSync(file, whole.subarray(0, cut));
      const torn = open();
      const expected = ['one', 'two', 'three'].slice(0, torn.records.length);
      assert.deepEqual(torn.records, expected, `cut at ${cut}`);
      assert.equal(torn.records.length < 3, true);
      await append(torn.log, 'new');
      await torn.log.close();
      const after = open();
      assert.deepEqual(after.records, [...expected, 'new']);
      await after.log.close();
    }
  });

  it('takes a last frame of which any part was not written for torn', async () => {
    const { log } = open();
    await append(log, 'kept');
    const keptBytes = fs.statSync(file).size;
    await append(log, 'x'.repeat(200));
    await log.close();
    const whole = fs.readFileSync(file);
    fc.assert(
      fc.property(fc.integer({ min: keptBytes + 4, max: whole.length - 1 }), fc.nat(100), (from, size) => {
        const damaged = Buffer.from(whole);
        damaged.fill(0, from, Math.min(whole.length, from + size + 1));
        fs.writeFileSync(file, damaged);
        const { records, log: reopened } = open();
        void reopened.close();
        assert.deepEqual(records, ['kept']);
      }),
    );
    fs.writeFileSync(file, Buffer.concat([whole.subarray(0, keptBytes), Buffer.alloc(4096)]));
    assert.deepEqual(open().records, ['kept']);
  });

  it('cuts a torn frame off, so that nothing of it can follow what is appended', async () => {
    const { log } = open();
    await append(log, 'kept');
    await log.close();
    const torn = Buffer.alloc(600, Buffer.from([5, 0, 0, 0]));
    torn.writeUInt32LE(10_000, 0);
    fs.appendFileSync(file, torn);
    const cut = open();
    assert.equal(cut.tornBytes, 600);
    // Its frame is 16 bytes long: what would follow it looks like a short frame with a wrong checksum.
    await append(cut.log, 'new!');
    await cut.log.close();
    assert.deepEqual(open().records, ['kept', 'new!']);
  });

  it('refuses a file in which a frame that had a successor is damaged', async () => {
    const { log } = open();
    await append(log, 'first');
    const firstEnd = fs.statSync(file).size;
    await append(log, 'second');
    await log.close();
    const bytes = fs.readFileSync(file);
    bytes[firstEnd - 2]! ^= 1;
    fs.writeFileSync(file, bytes);
    assert.throws(() => open(), { code: 'DAMAGED', message: /damaged at byte/ });
    assert.deepEqual(fs.readFileSync(file), bytes);
  });

  it('refuses a newer format and a file of another kind, and leaves them as they are', () => {
    fs.writeFileSync(file, encodeFrame([{ kind: 'test', format: 2 }]));
    assert.throws(() => open(), { code: 'NEWER_FORMAT', message: /format 2.*up to 1/ });
    fs.writeFileSync(file, encodeFrame([{ kind: 'other', format: 1 }]));
    assert.throws(() => open(), { code: 'DAMAGED' });
  });

  it('is rewritten to its present state when it has grown, without losing what is being appended', async () => {
    const state = new Map<string, number>();
    const snapshot = (): readonly unknown[] => [...state].map(([key, n]) => ({ key, n }));
    const { log } = open(snapshot, { compactBytes: 2000 });
    for (let i = 0; i < 300; i++) {
      const record = { key: `k${i % 3}`, n: i };
      state.set(record.key, i);
      await append(log, record);
    }
    await log.close();
    assert.ok(fs.statSync(file).size < 3000, `${fs.statSync(file).size} bytes`);
    const rebuilt = new Map<string, number>();
    for (const record of open(snapshot).records as { key: string; n: number }[])
      rebuilt.set(record.key, record.n);
    assert.deepEqual(
      rebuilt,
      new Map([
        ['k0', 297],
        ['k1', 298],
        ['k2', 299],
      ]),
    );
  });

  it('answers a failed write or sync with STORAGE, and is whole again as soon as the disk is', async () => {
    for (const failing of ['write', 'sync'] as const) {
      fs.rmSync(file, { force: true });
      let broken = false;
      const refuse = (done: (error: Error) => void): void => void setImmediate(done, new Error('ENOSPC'));
      const io: FileIo = {
        ...diskIo,
        write: (fd, bytes, at, done) =>
          broken && failing === 'write' ? refuse(done) : diskIo.write(fd, bytes, at, done),
        sync: (fd, done) => (broken && failing === 'sync' ? refuse(done) : diskIo.sync(fd, done)),
        open: (name, create) => {
          if (broken) throw new Error('ENOSPC');
          return diskIo.open(name, create);
        },
      };
      const state: string[] = [];
      const add = (log: RecordLog, record: string): Promise<void> => {
        state.push(record);
        return append(log, record);
      };
      const { log } = open(() => state, { io });
      await add(log, 'a');
      broken = true;
      const isStorage = (error: TepuiError): boolean =>
        error.code === 'STORAGE' && /ENOSPC/.test(error.message);
      await assert.rejects(add(log, 'b'), isStorage);
      await assert.rejects(add(log, 'c'), isStorage);
      broken = false;
      await add(log, 'd');
      await log.close();
      assert.deepEqual(open().records, ['a', 'b', 'c', 'd']);
    }
  });
});
