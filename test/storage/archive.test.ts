import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { TepuiError } from '../../lib/base/index.js';
import { WholeFile, readArchive, type ArchiveContents } from '../../lib/storage/archive/index.js';
import { CHUNK_BYTES } from '../../lib/storage/index.js';
import { pinned, record, writeArchive } from '../support/archives.js';
import { tempFolder } from '../support/temp-folder.js';

const RECORDS = [
  ...Array.from({ length: 300 }, (_, i) => record(1, String(i).padStart(4, '0'), 'x'.repeat(2000))),
  record(2, 'huge', new Uint8Array(CHUNK_BYTES * 2 + 7).fill(7)),
  record(3, 'empty', ''),
];

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return 'fine';
  } catch (error) {
    return error instanceof TepuiError ? error.code : String(error);
  }
}

describe('a snapshot file', () => {
  let folder: ReturnType<typeof tempFolder>;

  beforeEach(() => {
    folder = tempFolder();
  });

  afterEach(() => folder.remove());

  async function read(file: string): Promise<{ contents: ArchiveContents; found: string[] }> {
    const found: string[] = [];
    const contents = await readArchive(file, {
      begin: (header, meta) => assert.equal(header.index, meta.index),
      records: (records) => {
        for (const { table, key, value } of records)
          found.push(`${table}/${Buffer.from(key).toString()} ${value.length}`);
      },
    });
    return { contents, found };
  }

  it('holds every record once and in order, and says what it is of', async () => {
    const file = await writeArchive(folder.path, await pinned(RECORDS));
    const { contents, found } = await read(file);
    assert.deepEqual(
      found,
      RECORDS.map(({ table, key, value }) => `${table}/${Buffer.from(key).toString()} ${value.length}`),
    );
    assert.equal(contents.records, RECORDS.length);
    assert.equal(contents.bytes, readFileSync(file).length);
    const { index, term, revision, digest, clusterId, voters } = contents.header;
    assert.deepEqual(
      { index, term, revision, digest },
      { index: 7, term: 2, revision: 70, digest: '0123456789abcdef' },
    );
    assert.deepEqual([clusterId, voters.length], ['c1', 3]);
    assert.match(readFileSync(file).subarray(0, 60).toString('latin1'), /^TEPUI SNAPSHOT 1\n/);
  });

  it('is refused wherever it was cut off', async () => {
    const file = await writeArchive(folder.path, await pinned([record(1, 'a', 'b'), record(2, 'c', 'd')]));
    const whole = readFileSync(file);
    for (let size = 0; size < whole.length; size++) {
      writeFileSync(file, whole.subarray(0, size));
      assert.equal(await codeOf(read(file)), 'SNAPSHOT_DAMAGED', `${size} of ${whole.length} bytes`);
    }
  });

  it('is refused whichever byte is wrong', async () => {
    const file = await writeArchive(folder.path, await pinned([record(1, 'a', 'b'), record(2, 'c', 'd')]));
    const whole = readFileSync(file);
    for (let at = 0; at < whole.length; at++) {
      const bytes = Buffer.from(whole);
      bytes[at]! ^= 0x11;
      writeFileSync(file, bytes);
      assert.match(await codeOf(read(file)), /^(SNAPSHOT_DAMAGED|NEWER_FORMAT)$/, `byte ${at}`);
    }
  });

  it('is refused when something follows after its end', async () => {
    const file = await writeArchive(folder.path, await pinned(RECORDS));
    writeFileSync(file, 'x', { flag: 'a' });
    assert.equal(await codeOf(read(file)), 'SNAPSHOT_DAMAGED');
  });

  it('of a newer format is refused by its version', async () => {
    const file = path.join(folder.path, 'newer');
    writeFileSync(file, 'TEPUI SNAPSHOT 2\nwhatever a later release writes');
    await assert.rejects(read(file), (error: unknown) => {
      assert(error instanceof TepuiError);
      assert.equal(error.code, 'NEWER_FORMAT');
      assert.match(error.message, /snapshot format 2, this release knows up to 1/);
      return true;
    });
  });

  it('appears under its name only when it is whole and was found good', async () => {
    const target = path.join(folder.path, 'x.snapshot');
    const file = await WholeFile.create(target);
    await file.write(Buffer.from('half'));
    assert.equal(existsSync(target), false);
    await assert.rejects(
      file.finish(() => Promise.reject(new Error('no good'))),
      /no good/,
    );
    assert.deepEqual([existsSync(target), existsSync(file.partial)], [false, false]);
    const again = await WholeFile.create(target);
    await again.write(Buffer.from('whole'));
    await again.finish((partial) => Promise.resolve(assert.equal(readFileSync(partial, 'utf8'), 'whole')));
    assert.equal(readFileSync(target, 'utf8'), 'whole');
  });
});
