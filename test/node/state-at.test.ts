import assert from 'node:assert/strict';
import path from 'node:path';
import { TepuiError } from '../../lib/base/index.js';
import { loadArchive } from '../../lib/node/offline/load-archive.js';
import { loadFolder, type LoadOptions } from '../../lib/node/offline/load-folder.js';
import { DEFAULT_LIMITS, Machine } from '../../lib/state/index.js';
import { FolderSource, type CutMeta, type DataFolder } from '../../lib/storage/index.js';
import { readFolder } from '../../lib/storage/offline/index.js';
import { clusterArchive, sampleEntries, writeArchive } from '../support/archives.js';
import { tempFolder } from '../support/temp-folder.js';
import { NOBODY, group, logOf, openFormed, persist } from '../storage/helpers.js';

const TERM = 3;
const NODES = 10;

/** A machine's cut of everything applied so far, as the folder's newest. */
async function writeCut(disk: DataFolder, machine: Machine): Promise<void> {
  const cut = machine.beginCut(machine.appliedIndex, TERM);
  while (!cut.encodeSlice(1000));
  const { index, term, revision, digest } = cut;
  const chain = logOf(disk).chainAt(index)!;
  const meta: CutMeta = { index, term, revision, digest, configuration: group, chain };
  await disk.state.writeCut(meta, cut.records, cut.deletions);
}

describe('the state at an entry', () => {
  let folder: ReturnType<typeof tempFolder>;
  let dir: string;
  /** A snapshot file as of entry 6; the folder's own cut is at entry 12, its log ends at 14. */
  let file: string;

  before(async () => {
    folder = tempFolder();
    dir = path.join(folder.path, 'm1');
    const disk = await openFormed(new FolderSource(dir));
    const datas = sampleEntries(NODES);
    const entries = datas.map((data, i) => ({ index: i + 1, term: TERM, kind: 'normal' as const, data }));
    assert.equal(entries.length, 14);
    await logOf(disk).append(persist({ entries, hardState: { term: TERM, vote: null } }), NOBODY, null);
    const machine = new Machine(DEFAULT_LIMITS);
    const apply = (from: number, to: number): void => {
      for (let i = from; i <= to; i++) machine.apply(i, TERM, datas[i - 1]!);
    };
    apply(1, 6);
    await writeCut(disk, machine);
    file = await writeArchive(folder.path, disk.state.openSnapshot());
    apply(7, 12);
    await writeCut(disk, machine);
    // As a compaction leaves it: nothing below entry 5 is told by the log alone.
    await logOf(disk).compact({ index: 4, term: TERM, configuration: group });
    await disk.close();
  });

  after(() => folder.remove());

  async function nodesAt(to: number, options: LoadOptions = {}): Promise<number> {
    const reading = await readFolder(dir);
    try {
      const { machine, index } = await loadFolder(reading, { to, ...options });
      assert.equal(index, to);
      return machine.tree.children('/')!.length;
    } finally {
      await reading.close();
    }
  }

  async function refusal(work: Promise<unknown>): Promise<string> {
    return work.then(
      () => 'fine',
      (error: unknown) => (error instanceof TepuiError ? `${error.code}: ${error.message}` : String(error)),
    );
  }

  it('is the newest cut with the log applied up to there', async () => {
    // Four entries founded the cluster; each later one made a node.
    for (const at of [12, 13, 14]) assert.equal(await nodesAt(at), at - 4);
  });

  it('is not told from before the cut or after the log', async () => {
    for (const at of [11, 15]) {
      assert.match(
        await refusal(nodesAt(at)),
        /^OUT_OF_RANGE: .*from its newest cut on, it holds entries 12 to 14/,
      );
    }
  });

  it('reaches back to a snapshot file of the same history', async () => {
    for (let at = 6; at <= 14; at++) {
      assert.equal(await nodesAt(at, { base: await loadArchive(file) }), at - 4);
    }
    assert.match(await refusal(nodesAt(5, { base: await loadArchive(file) })), /^OUT_OF_RANGE/);
  });

  it('is not told from a snapshot file of another history', async () => {
    const other = await clusterArchive(path.dirname(dir), 3);
    assert.match(
      await refusal(nodesAt(14, { base: await loadArchive(other) })),
      /^FOREIGN_CLUSTER: .*two histories/,
    );
  });
});
