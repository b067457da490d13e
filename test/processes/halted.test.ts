import assert from 'node:assert/strict';
import path from 'node:path';
import { SeededRandom, type MemberId, type NodeId } from '../../lib/base/index.js';
import { Operator, Tree } from '../../lib/client/index.js';
import { release } from '../../lib/node/release.js';
import type { Entry } from '../../lib/raft/index.js';
import { writeHalt } from '../../lib/replica/halt.js';
import { encodeEntry, encodeSubBatch } from '../../lib/state/index.js';
import { FolderSource, openDataFolder, type DataFolder } from '../../lib/storage/index.js';
import { DevCluster } from '../support/dev-cluster.js';
import { eventually } from '../support/eventually.js';
import { quiet } from '../support/quiet.js';
import { tempFolder } from '../support/temp-folder.js';
import { TepuiProcess, tepui } from '../support/tepui-process.js';

const LIMIT_MS = 60_000;
const IDS = ['m1', 'm2', 'm3'] as const;
const NOTHING = { truncateFrom: null, snapshot: null, configuration: null };

describe('An entry that breaks apply, with real processes', function () {
  this.timeout(300_000);
  let folder: ReturnType<typeof tempFolder>;
  let dir: string;
  let addresses: string[];
  const masters = new Map<string, TepuiProcess>();

  beforeEach(async () => {
    folder = tempFolder();
    dir = path.join(folder.path, 'dev');
    const cluster = await DevCluster.start({ masters: 3, agents: 0, dir });
    addresses = cluster.grpcAddresses;
    const tree = new Tree({ addresses });
    for (let i = 0; i < 10; i++) await tree.create(`/n${i}`, Buffer.from('x'));
    await tree.close();
    await cluster.stop();
  });

  afterEach(async () => {
    for (const master of masters.values()) await master.end('SIGKILL');
    masters.clear();
    folder.remove();
  });

  function start(id: string): TepuiProcess {
    const master = new TepuiProcess(['master', '--config', path.join(dir, id, 'config.yaml')]);
    masters.set(id, master);
    return master;
  }

  function open(id: string): Promise<DataFolder> {
    return openDataFolder({
      source: new FolderSource(path.join(dir, id)),
      memberId: id as MemberId,
      random: new SeededRandom(1),
      logger: quiet,
      onFailure: (error) => assert.fail(error),
    });
  }

  /** Puts an entry that no release knows at the end of every log, behind what the furthest of them has. */
  async function plant(): Promise<number> {
    const disks: DataFolder[] = [];
    for (const id of IDS) disks.push(await open(id));
    const logs = disks.map((disk) => disk.log!);
    const furthest = logs.reduce((best, log) => (log.lastIndex() > best.lastIndex() ? log : best));
    const last = furthest.lastIndex();
    const term = furthest.termAt(last)!;
    const batch = encodeSubBatch('m9@0000000000000009' as NodeId, 1, 1, [Uint8Array.of(250, 1)]);
    const broken: Entry = { index: last + 1, term, kind: 'normal', data: encodeEntry(1, [batch]) };
    for (const [i, log] of logs.entries()) {
      const missing: Entry[] = [];
      for (let at = log.lastIndex() + 1; at <= last; at++)
        missing.push(...furthest.read(at, at + 1, 1 << 20));
      const hardState = { term: Math.max(term, log.hardState.term), vote: log.hardState.vote };
      await log.append({ ...NOTHING, entries: [...missing, broken], hardState }, new Map(), null);
      await disks[i]!.close();
    }
    return last + 1;
  }

  async function write(name: string): Promise<void> {
    const tree = new Tree({ addresses });
    try {
      await tree.create(name, Buffer.from('x'));
    } finally {
      await tree.close();
    }
  }

  async function status(): Promise<{ leader: string | null; trouble: string; votersUp: number }> {
    const operator = new Operator({ addresses });
    try {
      const { leader, trouble, members } = await operator.status(2000);
      return { leader, trouble, votersUp: members.filter(({ voter, healthy }) => voter && healthy).length };
    } finally {
      operator.close();
    }
  }

  /** Those of the former generation end, and join with their next start. */
  async function allVote(): Promise<boolean> {
    for (const id of IDS) if (masters.get(id)!.hasEnded) start(id);
    return (await status()).votersUp === 3;
  }

  it('ends every master, halts it at its next start, and is left out by recover --skip', async () => {
    const index = await plant();
    for (const id of IDS) start(id);
    // Whoever learns that the entry is committed ends; the last one learns it only with the vote of one that is back.
    const broken = new Set<string>();
    const restartEnded = (): boolean => {
      for (const id of IDS) {
        if (!masters.get(id)!.hasEnded) continue;
        assert.ok(!broken.has(id), `${id} ended again: ${masters.get(id)!.stderr}`);
        broken.add(id);
        start(id);
      }
      return broken.size === IDS.length;
    };
    await eventually(restartEnded, LIMIT_MS, 'every master ended once');
    const halted = new RegExp(`halted before entry ${index}, which broke this release`);
    await eventually(async () => halted.test((await status()).trouble), LIMIT_MS, 'the status says so');
    assert.equal((await status()).leader, null);
    for (const id of IDS) await masters.get(id)!.end();

    const folders = IDS.map((id) => path.join(dir, id));
    const recovered = await tepui(['recover', '--skip', String(index), '--yes', '--json', ...folders]);
    assert.equal(recovered.code, 0, recovered.stderr);
    for (const id of IDS) start(id);
    await eventually(allVote, LIMIT_MS, 'all three vote again');
    await write('/after');
    const tree = new Tree({ addresses });
    const ours = (await tree.children('/')).children.filter((name) => name !== 'zookeeper');
    assert.equal(ours.length, 11);
    await tree.close();
  });

  it('noted by one master: it replicates and votes, but applies and leads nothing', async () => {
    const disk = await open('m3');
    const index = disk.log!.lastIndex() + 20;
    await writeHalt(disk.log!, { index, release: release(), reason: 'planted' });
    await disk.close();
    for (const id of IDS) start(id);
    await eventually(async () => (await status()).leader !== null, LIMIT_MS, 'a leader');
    for (let i = 0; i < 30; i++) await write(`/more-${i}`);
    assert.match((await status()).trouble, new RegExp(`halted before entry ${index}`));

    // Without the vote and the log of the halted one the other could not go on alone.
    await masters.get('m1')!.end('SIGKILL');
    await eventually(async () => (await status()).leader === 'm2', LIMIT_MS, 'm2 leads with the vote of m3');
    await write('/with-m3');
    const ended = async (): Promise<void> => {
      for (const id of ['m2', 'm3']) await masters.get(id)!.end();
    };
    await ended();
    const hasCutBeyond = async (): Promise<boolean> => {
      const m2 = await open('m2');
      const cut = m2.state.meta?.index ?? 0;
      await m2.close();
      if (cut >= index) return true;
      for (const id of ['m2', 'm3']) start(id);
      await eventually(async () => (await status()).leader === 'm2', LIMIT_MS, 'm2 leads again');
      await write(`/later-${cut}-${Date.now()}`);
      await ended();
      return false;
    };
    await eventually(hasCutBeyond, LIMIT_MS, 'm2 has written a cut of what it applied');

    const folders = IDS.map((id) => path.join(dir, id));
    const recovered = await tepui(['recover', '--skip', String(index), '--yes', '--json', ...folders]);
    // The others could apply it, and one holds a cut from beyond it: its state has it, so it is not left out.
    assert.deepEqual(
      [recovered.code, /only entries \d+ to \d+ can be left out/.test(recovered.stderr)],
      [3, true],
    );
  });
});
