import assert from 'node:assert/strict';
import { readFile, readdir, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { between, type SeededRandom } from '../../lib/base/index.js';
import { SeededRandom as Seeded } from '../../lib/base/index.js';
import { encodeConfiguration } from '../../lib/raft/index.js';
import { FolderSource, MemoryDisk, type DataFolder } from '../../lib/storage/index.js';
import { RAFT_KEYS, acknowledgedKey, entryKey } from '../../lib/storage/keys.js';
import {
  N1,
  N2,
  N3,
  NOBODY,
  appendTerm,
  contentsOf,
  entry,
  group,
  logOf,
  open,
  openFormed,
  persist,
  settle,
  withFolder,
} from './helpers.js';

/** A member that voted in term 3 and holds ten entries, as it lies on a disk nobody uses. */
async function tenEntries(): Promise<MemoryDisk> {
  const disk = new MemoryDisk();
  const folder = await openFormed(disk);
  const log = logOf(folder);
  await appendTerm(log, 2, 6);
  await log.append(
    persist({ entries: [7, 8, 9, 10].map((i) => entry(3, i)), hardState: { term: 3, vote: N1 } }),
    new Map([[N2, { term: 3, index: 8 }]]),
    null,
  );
  await settle();
  disk.kill();
  return disk;
}

const all = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
const upTo = (last: number): string[] =>
  all.filter((i) => i <= last).map((i) => `${i}:${i > 6 ? 3 : 2}:normal:${i > 6 ? 3 : 2}.${i}`);

/** The folder recovers: what it holds is a true beginning, it knows what it promised, and keeps term and vote. */
function assertRecovering(folder: DataFolder, last: number): void {
  const log = logOf(folder);
  assert.equal(log.health.kind, 'log-damaged', JSON.stringify(log.health));
  if (log.health.kind !== 'log-damaged') return;
  assert.deepEqual(log.health.promised, { term: 3, index: 10 });
  assert.equal(log.health.found.index, last);
  assert.deepEqual(contentsOf(log), upTo(last));
  assert.deepEqual(log.hardState, { term: 3, vote: N1 });
}

/** The same with a cut at entry 8, which was written in `term`. */
async function withCut(term: number): Promise<MemoryDisk> {
  const disk = await tenEntries();
  const folder = await open(disk);
  const chain = logOf(folder).chainAt(8)!.slice();
  const meta = { index: 8, term, revision: 8, configuration: group, digest: '00', chain };
  await folder.state.writeCut(meta, [], []);
  disk.kill();
  return disk;
}

/** The folder recovers, from the cut on. */
function assertAboveCut(folder: DataFolder): void {
  const log = logOf(folder);
  assert.equal(log.health.kind, 'log-damaged');
  assert.deepEqual([log.base().index, log.lastIndex(), log.hardState], [8, 8, { term: 3, vote: N1 }]);
  assert.deepEqual(log.configuration, group);
}

describe('a damaged log', () => {
  it('is intact before anything is damaged', async () => {
    const folder = await open(await tenEntries());
    assert.deepEqual(logOf(folder).health, { kind: 'intact' });
    assert.deepEqual(contentsOf(logOf(folder)), upTo(10));
  });

  it('ends before an entry that is missing, whichever it is', async () => {
    for (const index of all) {
      const disk = await tenEntries();
      disk.tamper('raft', [{ type: 'delete', key: entryKey(index) }]);
      assertRecovering(await open(disk), index - 1);
    }
  });

  it('ends before an entry with a flipped bit or zeros in it', async () => {
    const random = new Seeded(7);
    for (const index of all) {
      for (const damage of ['flip', 'zero'] as const) {
        const disk = await tenEntries();
        const value = disk.databases.get('raft')!.get(entryKey(index))!.slice();
        if (damage === 'flip') value[between(random, 0, value.length - 1)]! ^= 1 << between(random, 0, 7);
        else value.fill(0, between(random, 0, 30));
        disk.tamper('raft', [{ type: 'put', key: entryKey(index), value }]);
        assertRecovering(await open(disk), index - 1);
      }
    }
  });

  it('ends before an entry in whose place lies another, sound one', async () => {
    const disk = await tenEntries();
    const value = disk.databases.get('raft')!.get(entryKey(4))!;
    disk.tamper('raft', [{ type: 'put', key: entryKey(5), value }]);
    assertRecovering(await open(disk), 4);
  });

  it('ends before an entry left over from an earlier leader', async () => {
    const disk = new MemoryDisk();
    const folder = await openFormed(disk);
    const log = logOf(folder);
    await appendTerm(log, 2, 4);
    const stale = disk.databases.get('raft')!.get(entryKey(4))!.slice();
    await log.append(
      persist({ truncateFrom: 3, entries: [entry(3, 3), entry(3, 4)], hardState: { term: 3, vote: null } }),
      NOBODY,
      null,
    );
    disk.kill();
    disk.tamper('raft', [{ type: 'put', key: entryKey(4), value: stale }]);
    const again = logOf(await open(disk));
    assert.equal(again.health.kind, 'log-damaged');
    assert.equal(again.lastIndex(), 3);
  });

  it('is noticed when its end is cut off, although what is left is sound', async () => {
    for (const keep of [0, 3, 6, 9]) {
      const disk = await tenEntries();
      disk.tamper(
        'raft',
        all.filter((i) => i > keep).map((i) => ({ type: 'delete', key: entryKey(i) })),
      );
      assertRecovering(await open(disk), keep);
    }
  });

  it('stays recovering over restarts, however far the log grows, until it is called recovered', async () => {
    const disk = await tenEntries();
    disk.tamper('raft', [{ type: 'delete', key: entryKey(5) }]);
    await open(disk);
    disk.kill();
    let folder = await open(disk);
    assertRecovering(folder, 4);
    await appendTerm(logOf(folder), 9, 30);
    await settle();
    disk.kill();
    folder = await open(disk);
    assert.equal(logOf(folder).health.kind, 'log-damaged');
    await logOf(folder).markRecovered();
    assert.deepEqual(logOf(folder).health, { kind: 'intact' });
    disk.kill();
    folder = await open(disk);
    assert.deepEqual(logOf(folder).health, { kind: 'intact' });
    assert.equal(logOf(folder).lastIndex(), 34);
  });

  it('begins anew above the cut when raft/ is gone, with term and vote from the witness', async () => {
    const disk = await withCut(3);
    disk.databases.delete('raft');
    assertAboveCut(await open(disk));
  });

  it('begins anew above the cut when its base cannot be read, and keeps the remains for inspection', async () => {
    for (const key of [RAFT_KEYS.base, RAFT_KEYS.owner, RAFT_KEYS.stateFolder]) {
      const disk = await withCut(3);
      const value = disk.databases.get('raft')!.get(key)!.slice();
      value[value.length - 1]! ^= 1;
      disk.tamper('raft', [{ type: 'put', key, value }]);
      assertAboveCut(await open(disk));
      assert.ok(disk.databases.has('raft-damaged'));
    }
  });

  it('makes a new instance when it is gone and there is no cut: nothing else names the founders', async () => {
    const disk = await tenEntries();
    disk.databases.delete('raft');
    const folder = await open(disk);
    assert.match(folder.renewed ?? '', /raft\/ is gone .*nobody here knows who votes/);
    assert.equal(folder.log, null);
  });

  it('makes a new instance when it is gone and the cut is of a later term than the witness knows', async () => {
    const disk = await withCut(4);
    disk.databases.delete('raft');
    const folder = await open(disk);
    assert.match(folder.renewed ?? '', /state\/ was made in term 4, the term is 3/);
    assert.equal(folder.log, null);
  });

  it('goes on above the state when entries below the cut are lost', async () => {
    const disk = await tenEntries();
    let folder = await open(disk);
    const chain = logOf(folder).chainAt(8)!.slice();
    await folder.state.writeCut(
      { index: 8, term: 3, revision: 8, configuration: group, digest: '00', chain },
      [],
      [],
    );
    disk.kill();
    disk.tamper('raft', [{ type: 'delete', key: entryKey(5) }]);
    folder = await open(disk);
    const log = logOf(folder);
    assert.equal(log.health.kind, 'log-damaged');
    assert.deepEqual([log.base().index, log.base().term, log.lastIndex()], [8, 3, 8]);
    assert.deepEqual(log.configuration, group);
    assert.equal(folder.state.meta?.index, 8);
    assert.deepEqual(log.hardState, { term: 3, vote: N1 });
    disk.kill();
    folder = await open(disk);
    assert.equal(logOf(folder).health.kind, 'log-damaged');
  });

  it('recovers from nothing when the state it builds on is lost', async () => {
    for (const loss of ['gone', 'meta', 'discarded'] as const) {
      const disk = await tenEntries();
      let folder = await open(disk);
      const log = logOf(folder);
      await folder.state.writeCut(
        {
          index: 8,
          term: 3,
          revision: 8,
          configuration: group,
          digest: '00',
          chain: log.chainAt(8)!,
        },
        [],
        [],
      );
      await log.compact({ index: 8, term: 3, configuration: group });
      if (loss === 'discarded') await folder.discardState();
      disk.kill();
      if (loss === 'gone') disk.databases.delete('state');
      if (loss === 'meta')
        disk.tamper('state', [{ type: 'put', key: Buffer.from('m'), value: Buffer.alloc(30) }]);
      folder = await open(disk);
      assertRecovering(folder, 0);
      assert.equal(folder.state.meta, null);
      assert.deepEqual(logOf(folder).configuration, group);
    }
  });

  it('counts a bad configuration as damage and falls back on the last one in the log', async () => {
    const disk = await tenEntries();
    disk.tamper('raft', [{ type: 'put', key: RAFT_KEYS.configuration, value: Buffer.alloc(20) }]);
    const folder = await open(disk);
    assertRecovering(folder, 10);
    assert.deepEqual(logOf(folder).configuration, group);
  });

  it('counts an older configuration as damage, however sound, and goes by the log', async () => {
    const disk = new MemoryDisk();
    const log = logOf(await openFormed(disk));
    await appendTerm(log, 1, 2);
    const former = disk.databases.get('raft')!.get(RAFT_KEYS.configuration)!.slice();
    const configuration = { ...group, voters: [N1, N2] };
    const change = {
      term: 1,
      index: 3,
      kind: 'configuration' as const,
      data: encodeConfiguration(configuration),
    };
    await log.append(persist({ entries: [change], configuration }), NOBODY, null);
    await appendTerm(log, 1, 2);
    await settle();
    disk.kill();
    disk.tamper('raft', [{ type: 'put', key: RAFT_KEYS.configuration, value: former }]);
    const again = logOf(await open(disk));
    assert.equal(again.health.kind, 'log-damaged');
    assert.deepEqual([again.configuration, again.lastIndex()], [configuration, 5]);
    disk.kill();
    assert.deepEqual(logOf(await open(disk)).configuration, configuration);
  });

  it('counts a bad acknowledged point as damage and forgets it', async () => {
    const disk = await tenEntries();
    disk.tamper('raft', [{ type: 'put', key: acknowledgedKey(N2), value: Buffer.alloc(12) }]);
    const folder = await open(disk);
    assertRecovering(folder, 10);
    assert.deepEqual(logOf(folder).acknowledgedBy(N2), { term: 0, index: 0 });
  });

  it('counts a key that is no text, and a point under the key of another member, as damage', async () => {
    const point = (disk: MemoryDisk): Uint8Array => disk.databases.get('raft')!.get(acknowledgedKey(N2))!;
    const damaged = acknowledgedKey(N2).map((byte, at) => (at === 3 ? 0xf1 : byte));
    for (const key of [damaged, acknowledgedKey(N3)]) {
      const disk = await tenEntries();
      disk.tamper('raft', [{ type: 'put', key, value: point(disk) }]);
      const folder = await open(disk);
      assertRecovering(folder, 10);
      assert.deepEqual(logOf(folder).acknowledgedBy(N3), { term: 0, index: 0 });
      disk.powerCut();
      assert.equal(disk.databases.get('raft')!.get(key), undefined, 'it is gone');
    }
  });

  it('refuses to serve an entry that was damaged while the process ran', async () => {
    const disk = await tenEntries();
    const log = logOf(await open(disk, { tailBytes: 1 }));
    const value = disk.databases.get('raft')!.get(entryKey(3))!.slice();
    value[58]! ^= 1;
    disk.tamper('raft', [{ type: 'put', key: entryKey(3), value }]);
    assert.throws(() => log.read(1, 6, 1e6), /log entry 3: wrong checksum/);
  });

  it('keeps term and vote when one copy of them is damaged, whichever', async () => {
    for (const copy of ['raft', 'slot 0', 'slot 1'] as const) {
      const disk = await tenEntries();
      if (copy === 'raft')
        disk.tamper('raft', [{ type: 'put', key: RAFT_KEYS.hardState, value: Buffer.alloc(9) }]);
      else disk.files.get('witness')!.fill(0xff, copy === 'slot 0' ? 0 : 4096, copy === 'slot 0' ? 99 : 4199);
      const folder = await open(disk);
      assert.deepEqual(logOf(folder).hardState, { term: 3, vote: N1 }, copy);
    }
  });

  it('never shows other entries than were written, wherever the files of LevelDB are damaged', async function () {
    this.timeout(120_000);
    const seed = 11;
    const random = new Seeded(seed);
    for (let round = 0; round < 30; round++) {
      await withFolder(async (path) => {
        const source = new FolderSource(path);
        const first = await openFormed(source);
        for (let term = 1; term <= 4; term++) await appendTerm(logOf(first), term, 8);
        const written = contentsOf(logOf(first));
        await first.close();
        await damageLevelDb(join(path, 'raft'), random);
        const folder = await open(source);
        if (folder.renewed !== null) {
          assert.match(folder.renewed, /nobody here knows who votes/, `round ${round}`);
          return folder.close();
        }
        const log = logOf(folder);
        const found = contentsOf(log);
        assert.deepEqual(found, written.slice(0, found.length), `seed ${seed}, round ${round}`);
        if (found.length < written.length) assert.equal(log.health.kind, 'log-damaged', `round ${round}`);
        assert.equal(log.hardState.term, 4, `round ${round}`);
        await appendTerm(log, 5, 1);
        await folder.close();
      });
    }
  });
});

/** Flips, zeroes or cuts off something in a file of the database that holds data. */
async function damageLevelDb(folder: string, random: SeededRandom): Promise<void> {
  const names = (await readdir(folder)).filter((name) => /\.(log|ldb)$|^MANIFEST/.test(name)).sort();
  const sized = [];
  for (const name of names) {
    const bytes = await readFile(join(folder, name));
    if (bytes.length > 0) sized.push({ path: join(folder, name), bytes });
  }
  const { path, bytes } = sized[between(random, 0, sized.length - 1)]!;
  const at = between(random, 0, bytes.length - 1);
  const kind = between(random, 0, 2);
  if (kind === 0) await truncate(path, at);
  else {
    if (kind === 1) bytes[at]! ^= 1 << between(random, 0, 7);
    else bytes.fill(0, at, Math.min(bytes.length, at + between(random, 1, 200)));
    await writeFile(path, bytes);
  }
}
