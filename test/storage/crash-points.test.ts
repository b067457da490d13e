import assert from 'node:assert/strict';
import { utf8Encode, type SnapshotChunk } from '../../lib/base/index.js';
import {
  MemoryDisk,
  type CutMeta,
  type DataFolder,
  type DiskAction,
  type InstalledState,
} from '../../lib/storage/index.js';
import {
  C1,
  N1,
  N2,
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
} from './helpers.js';

/** What a start must find, part by part. */
interface View {
  readonly formed: string;
  readonly entries: string;
  readonly base: string;
  readonly hard: string;
  readonly state: string;
}

async function viewOf(folder: DataFolder): Promise<View> {
  const { log, state } = folder;
  const records: string[] = [];
  for await (const slice of state.load(1e6))
    for (const r of slice) records.push(Buffer.from(r.value).toString());
  return {
    formed: String(folder.identity.clusterId),
    entries: log === null ? '' : contentsOf(log).join(' '),
    base: log === null ? '' : `${log.base().index}:${log.base().term}`,
    hard: log === null ? '' : `${log.hardState.term}:${log.hardState.vote}`,
    state: `${state.meta?.index ?? 0} ${records.join(',')}`,
  };
}

/** A snapshot at index 40 of term 6, as another member would send it. */
async function donor(): Promise<{ meta: CutMeta; id: string; chunks: SnapshotChunk[] }> {
  const folder = await openFormed(new MemoryDisk());
  await appendTerm(logOf(folder), 6, 40);
  const chain = logOf(folder).chainAt(40)!;
  const meta = { index: 40, term: 6, revision: 40, configuration: group, digest: '00', chain };
  const records = ['p', 'q'].map((key) => ({
    table: 1,
    key: utf8Encode(key),
    value: utf8Encode(`sent ${key}`),
  }));
  await folder.state.writeCut(meta, records, []);
  const snapshot = folder.state.openSnapshot();
  const chunks: SnapshotChunk[] = [];
  for await (const chunk of snapshot.chunks(0)) chunks.push(chunk);
  return { meta, id: snapshot.id, chunks };
}

interface Life {
  folder: DataFolder;
  installed: InstalledState | null;
}

type Step = (life: Life, disk: MemoryDisk) => Promise<void>;

/** Each step changes one thing that must happen whole or not at all. */
async function steps(): Promise<Record<string, Step>> {
  const sent = await donor();
  const cutAt = (folder: DataFolder, index: number, value: string): Promise<void> => {
    const log = logOf(folder);
    const chain = log.chainAt(index)!.slice();
    const term = log.termAt(index)!;
    return folder.state.writeCut(
      { index, term, revision: index, configuration: group, digest: '00', chain },
      [{ table: 1, key: utf8Encode('k'), value: utf8Encode(value) }],
      [],
    );
  };
  const reopen: Step = async (life, disk) => {
    await settle();
    await life.folder.close();
    life.folder = await open(disk);
  };
  return {
    form: async ({ folder }) => void (await folder.form(C1, group)),
    'vote in term 1': ({ folder }) =>
      logOf(folder).append(persist({ hardState: { term: 1, vote: N2 } }), NOBODY, null),
    'first entries': ({ folder }) => appendTerm(logOf(folder), 1, 5),
    'vote and entries in one': ({ folder }) =>
      logOf(folder).append(
        persist({ entries: [entry(3, 6), entry(3, 7)], hardState: { term: 3, vote: N1 } }),
        NOBODY,
        null,
      ),
    'cut at 4': ({ folder }) => cutAt(folder, 4, 'four'),
    'conflict that lowers the end': ({ folder }) =>
      logOf(folder).append(
        persist({ truncateFrom: 6, entries: [entry(2, 6)], hardState: { term: 4, vote: null } }),
        NOBODY,
        null,
      ),
    restart: reopen,
    'more entries': ({ folder }) => appendTerm(logOf(folder), 4, 6),
    'cut at 8': ({ folder }) => cutAt(folder, 8, 'eight'),
    'compaction to 6': ({ folder }) => logOf(folder).compact({ index: 6, term: 2, configuration: group }),
    'vote in term 5': ({ folder }) =>
      logOf(folder).append(persist({ hardState: { term: 5, vote: N1 } }), NOBODY, null),
    receiving: async (life) => {
      const receiver = await life.folder.receive(sent.id, sent.meta);
      for (const chunk of sent.chunks) await receiver.add(chunk);
      life.installed = await receiver.finish();
    },
    installation: async (life) => {
      const { index, term, configuration } = sent.meta;
      await logOf(life.folder).append(
        persist({ snapshot: { index, term, configuration }, hardState: { term: 6, vote: null } }),
        NOBODY,
        life.installed,
      );
      await life.folder.switchState(life.installed!.folder);
    },
    'entries above the snapshot': ({ folder }) => appendTerm(logOf(folder), 6, 2),
    'second restart': reopen,
    note: ({ folder }) => logOf(folder).writeNote('n', utf8Encode('v')),
  };
}

interface Cut {
  /** Which of the writes in flight land. */
  readonly lands: (action: DiskAction) => boolean;
  readonly name: string;
}

const cuts: Cut[] = [
  { name: 'none', lands: () => false },
  { name: 'all', lands: () => true },
  { name: 'databases only', lands: (action) => action.startsWith('kv') },
  { name: 'witness only', lands: (action) => action.startsWith('slots') },
];

/** Lives until the power is cut at disk action `at`, or to the end; returns the steps that were completed. */
async function live(
  at: number,
  cut: Cut,
  views: View[] | null,
): Promise<{ disk: MemoryDisk; done: string[]; actions: number }> {
  const done: string[] = [];
  let actions = 0;
  let end: () => void = () => undefined;
  const ended = new Promise<void>((resolve) => (end = resolve));
  const disk: MemoryDisk = new MemoryDisk({
    schedule: async () => {
      actions++;
      if (actions !== at) return;
      // The other writes of this moment get on their way too, so that several are in flight.
      await settle();
      disk.powerCut(cut.lands);
      end();
    },
  });
  const life = async (): Promise<void> => {
    const state: Life = { folder: await open(disk), installed: null };
    views?.push(await viewOf(state.folder));
    for (const [name, step] of Object.entries(await steps())) {
      await step(state, disk);
      views?.push(await viewOf(state.folder));
      done.push(name);
    }
    await settle();
    end();
  };
  await Promise.race([ended, life()]);
  return { disk, done, actions };
}

describe('a power cut at any disk action', () => {
  for (const cut of cuts) {
    it(`leaves every step done or undone, and what was reported done in place (${cut.name} in flight lands)`, async () => {
      const views: View[] = [];
      const { actions } = await live(0, cut, views);
      assert.equal(views.length, Object.keys(await steps()).length + 1);
      assert.ok(actions > 30, `${actions} actions`);
      for (let at = 1; at <= actions; at++) {
        const { disk, done } = await live(at, cut, null);
        const folder = await open(disk);
        const found = await viewOf(folder);
        const [before, after] = [views[done.length], views[done.length + 1] ?? views[done.length]];
        const where = `cut at action ${at}, after ${done.at(-1) ?? 'the start'}`;
        if (folder.log !== null) assert.deepEqual(folder.log.health, { kind: 'intact' }, where);
        for (const part of ['formed', 'entries', 'base', 'hard', 'state'] as const) {
          const allowed = [before![part], after![part]];
          assert.ok(
            allowed.includes(found[part]),
            `${where}: ${part} is ${found[part]}, not one of ${allowed.join(' | ')}`,
          );
        }
        assert.equal(folder.renewed, null, where);
        const states = [...disk.databases.keys()].filter((name) => name.startsWith('state'));
        assert.equal(states.length, 1, `${where}: ${states.join(', ')}`);
        disk.powerCut();
        assert.deepEqual(await viewOf(await open(disk)), found, `${where}: a second start finds the same`);
      }
    });
  }
});
