import assert from 'node:assert/strict';
import { readFile, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { TepuiError, utf8Decode, utf8Encode, type ClusterId, type MemberId } from '../../lib/base/index.js';
import { FORMAT_VERSION, FolderSource, MemoryDisk } from '../../lib/storage/index.js';
import { RAFT_KEYS } from '../../lib/storage/keys.js';
import { encodeHardState } from '../../lib/storage/log-records.js';
import {
  C1,
  M1,
  N1,
  N2,
  NOBODY,
  appendTerm,
  group,
  logOf,
  open,
  openFormed,
  persist,
  settle,
  withFolder,
} from './helpers.js';

const refused =
  (code: string, ...parts: string[]) =>
  (e: unknown): boolean =>
    e instanceof TepuiError && e.code === code && parts.every((part) => e.message.includes(part));

function identityOf(disk: MemoryDisk): Record<string, unknown> {
  return JSON.parse(utf8Decode(disk.files.get('identity.json')!)) as Record<string, unknown>;
}

function textOf(disk: MemoryDisk): string {
  return utf8Decode(disk.files.get('identity.json')!);
}

function rewriteIdentity(disk: MemoryDisk, change: Record<string, unknown>): void {
  const { checksum: _, ...fields } = identityOf(disk);
  disk.files.set('identity.json', utf8Encode(JSON.stringify({ ...fields, ...change })));
}

/** Everything on the disk, to show that a refused start changed nothing. */
function imageOf(disk: MemoryDisk): string {
  const databases = [...disk.databases].map(
    ([name, contents]) =>
      `${name}: ${contents.read({ from: Buffer.alloc(0), to: Buffer.of(255) }, 1e6, 1e9).join('|')}`,
  );
  return [...databases, ...[...disk.files].map(([name, bytes]) => `${name}: ${bytes.join()}`)].join('\n');
}

async function member(): Promise<MemoryDisk> {
  const disk = new MemoryDisk();
  const folder = await openFormed(disk);
  await appendTerm(logOf(folder), 1, 3);
  await logOf(folder).append(persist({ hardState: { term: 1, vote: N1 } }), NOBODY, null);
  await settle();
  disk.powerCut();
  return disk;
}

describe('a data folder', () => {
  it('holds what its description says, for its owner only', () =>
    withFolder(async (path) => {
      const source = new FolderSource(join(path, 'm1'));
      await (await openFormed(source)).close();
      assert.deepEqual((await readdir(join(path, 'm1'))).sort(), [
        'identity.json',
        'raft',
        'state',
        'witness',
      ]);
      assert.equal((await stat(join(path, 'm1'))).mode & 0o777, 0o700);
      const identity = JSON.parse(await readFile(join(path, 'm1', 'identity.json'), 'utf8')) as object;
      assert.deepEqual(
        { ...identity, instance: '', checksum: '' },
        {
          checksum: '',
          format: 1,
          clusterId: C1,
          memberId: M1,
          instance: '',
          boot: 1,
          formerCluster: null,
        },
      );
    }));

  it('is used by one process at a time', () =>
    withFolder(async (path) => {
      const source = new FolderSource(path);
      const folder = await openFormed(source);
      const before = await readFile(join(path, 'identity.json'), 'utf8');
      await assert.rejects(open(source), refused('FOLDER_IN_USE', path));
      assert.equal(await readFile(join(path, 'identity.json'), 'utf8'), before);
      await folder.close();
    }));

  it('of another member is refused, naming both, and not changed', async () => {
    const disk = await member();
    const before = imageOf(disk);
    await assert.rejects(open(disk, { memberId: 'm2' as MemberId }), refused('FOREIGN_MEMBER', 'm1', 'm2'));
    assert.equal(imageOf(disk), before);
  });

  it('of another cluster is refused, naming both, and not changed', async () => {
    const disk = await member();
    const before = imageOf(disk);
    const other = 'c2' as ClusterId;
    await assert.rejects(open(disk, { clusterId: other }), refused('FOREIGN_CLUSTER', 'c1', 'c2'));
    assert.equal(imageOf(disk), before);
  });

  it('of a newer format is refused, naming both, and not changed', async () => {
    const disk = await member();
    rewriteIdentity(disk, { format: FORMAT_VERSION + 1 });
    const before = imageOf(disk);
    await assert.rejects(open(disk), refused('NEWER_FORMAT', '3', '2'));
    assert.equal(imageOf(disk), before);
  });

  it('whose raft/ was taken from another member or cluster is refused and not changed', async () => {
    for (const [change, code] of [
      [{ memberId: 'm2' }, 'FOREIGN_MEMBER'],
      [{ clusterId: 'c2' }, 'FOREIGN_CLUSTER'],
    ] as const) {
      const disk = await member();
      rewriteIdentity(disk, change);
      const before = imageOf(disk);
      await assert.rejects(open(disk, { memberId: identityOf(disk)['memberId'] as MemberId }), refused(code));
      assert.equal(imageOf(disk), before);
    }
  });

  it('whose identity is missing or unreadable is refused and not changed when its log does not say whose it is', async () => {
    for (const text of [null, ...UNREADABLE]) {
      const disk = await member();
      if (text === null) disk.files.delete('identity.json');
      else disk.files.set('identity.json', utf8Encode(text));
      disk.databases.delete('raft');
      const before = imageOf(disk);
      await assert.rejects(open(disk), refused('DAMAGED', 'identity.json'), String(text));
      disk.databases.delete('raft');
      assert.equal(imageOf(disk), before);
    }
  });

  it('without an identity, and with the log of another member, is refused and not changed', async () => {
    const disk = await member();
    disk.files.delete('identity.json');
    const before = imageOf(disk);
    await assert.rejects(open(disk, { memberId: 'm2' as MemberId }), refused('FOREIGN_MEMBER', 'm1', 'm2'));
    await assert.rejects(
      open(disk, { clusterId: 'c2' as ClusterId }),
      refused('FOREIGN_CLUSTER', 'c1', 'c2'),
    );
    assert.equal(imageOf(disk), before);
  });

  it('starts again after a first start that ended before its identity was written', async () => {
    const disk = new MemoryDisk();
    disk.failNext('file identity.json', 'write');
    await assert.rejects(open(disk), refused('STORAGE'));
    assert.equal((await open(disk)).identity.boot, 1);
  });

  it('belongs to the group once raft/ says so, whatever identity.json says', async () => {
    const disk = await member();
    rewriteIdentity(disk, { clusterId: null });
    const folder = await open(disk);
    assert.equal(folder.identity.clusterId, C1);
    assert.equal(logOf(folder).lastIndex(), 3);
    assert.equal(identityOf(disk)['clusterId'], C1);
  });

  it('joins a group with an empty log that names no voters', async () => {
    const disk = new MemoryDisk();
    const folder = await open(disk);
    const log = await folder.join(C1);
    assert.deepEqual([log.lastIndex(), log.configuration.voters, folder.identity.clusterId], [0, [], C1]);
    await assert.rejects(folder.form(C1, group), /belongs to cluster c1 already/);
  });
});

/** Contents of identity.json that no start wrote. */
const UNREADABLE = ['', '{', '[]', '{"format":1}', '{"format":1,"memberId":"m1","instance":"x"}'];

describe('a folder whose votes are lost', () => {
  const losses: Record<string, (disk: MemoryDisk) => void> = {
    'no witness': (disk) => disk.files.delete('witness'),
    'both slots damaged': (disk) => disk.files.get('witness')!.fill(0xee),
    'no identity.json': (disk) => disk.files.delete('identity.json'),
    'an identity.json with a flipped bit in its boot counter': (disk) =>
      disk.files.set('identity.json', utf8Encode(textOf(disk).replace('"boot": 1', '"boot": 3'))),
    'two votes in one term': (disk) =>
      disk.tamper('raft', [
        { type: 'put', key: RAFT_KEYS.hardState, value: encodeHardState({ term: 1, vote: N2 }) },
      ]),
  };

  for (const text of UNREADABLE)
    losses[`identity.json is ${text}`] = (disk) => {
      disk.files.set('identity.json', utf8Encode(text));
    };

  for (const [name, lose] of Object.entries(losses)) {
    it(`becomes a new instance that only joins its former cluster (${name})`, async () => {
      const disk = await member();
      const { instance } = identityOf(disk);
      lose(disk);
      const folder = await open(disk);
      assert.notEqual(folder.renewed, null);
      assert.notEqual(folder.identity.instance, instance);
      assert.equal(folder.log, null);
      assert.equal(folder.identity.clusterId, null);
      assert.equal(folder.identity.formerCluster, C1);
      assert.ok(disk.databases.has('raft-damaged'), 'what it held is kept for inspection');
      await assert.rejects(folder.form(C1, group), refused('FOREIGN_CLUSTER', 'only join'));
      await assert.rejects(folder.join('c2' as ClusterId), refused('FOREIGN_CLUSTER', 'c1', 'c2'));
      const log = await folder.join(C1);
      assert.deepEqual(log.hardState, { term: 0, vote: null });
      disk.powerCut();
      const again = await open(disk);
      assert.deepEqual(
        [again.renewed, again.identity.formerCluster, again.identity.clusterId, again.identity.instance],
        [null, null, C1, folder.identity.instance],
      );
    });
  }

  it('is one whose log holds a later term than it knows', async () => {
    const disk = new MemoryDisk();
    const folder = await openFormed(disk);
    await appendTerm(logOf(folder), 1, 1);
    await settle();
    const stale = disk.image();
    await appendTerm(logOf(folder), 2, 1);
    disk.powerCut();
    disk.files.set('witness', stale.files.get('witness')!);
    disk.tamper('raft', [
      { type: 'put', key: RAFT_KEYS.hardState, value: encodeHardState({ term: 1, vote: null }) },
    ]);
    assert.match((await open(disk)).renewed ?? '', /entries of term 2, the term is 1/);
  });

  for (const [name, lose] of Object.entries(losses)) {
    it(`is renewed once, whenever the power is cut meanwhile (${name})`, async () => {
      for (let at = 1; at < 12; at++) {
        const lost = await member();
        const { instance } = identityOf(lost);
        lose(lost);
        const disk = await openUntilCut(lost, at);
        const folder = await open(disk);
        assert.notEqual(folder.identity.instance, instance, `cut at ${at}`);
        assert.equal(folder.identity.formerCluster, C1, `cut at ${at}`);
        assert.equal(folder.log, null);
        assert.ok(disk.databases.has('raft-damaged'), `cut at ${at}: the remains are kept`);
      }
    });
  }
});

/** Opens a copy of `original`; the power is cut at disk action `at`, if there are that many. */
async function openUntilCut(original: MemoryDisk, at: number): Promise<MemoryDisk> {
  let actions = 0;
  let cut: () => void = () => undefined;
  const ended = new Promise<void>((resolve) => (cut = resolve));
  const disk: MemoryDisk = new MemoryDisk({
    schedule: async () => {
      if (++actions !== at) return;
      disk.powerCut();
      cut();
      await ended;
    },
  });
  for (const [name, contents] of original.databases) disk.databases.set(name, contents);
  for (const [name, bytes] of original.files) disk.files.set(name, bytes);
  await Promise.race([ended, open(disk).then(() => undefined)]);
  actions = at;
  return disk;
}
