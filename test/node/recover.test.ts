import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { SeededRandom, TepuiError, utf8Encode, type MemberId, type NodeId } from '../../lib/base/index.js';
import { describeEntry } from '../../lib/node/offline/log-command.js';
import { loadFolder } from '../../lib/node/offline/load-folder.js';
import { REVISION_RAISE } from '../../lib/node/offline/new-history.js';
import {
  recover,
  type Recovered,
  type RecoverOptions,
  type RecoveryPlan,
} from '../../lib/node/offline/recover.js';
import { restore } from '../../lib/node/offline/restore.js';
import { lossText } from '../../lib/node/offline/survey.js';
import type { Entry } from '../../lib/raft/types.js';
import { encodeCommand, encodeEntry, encodeSubBatch } from '../../lib/state/index.js';
import { FolderSource, openDataFolder, type LogPoint } from '../../lib/storage/index.js';
import { readFolder } from '../../lib/storage/offline/index.js';
import { clusterArchive } from '../support/archives.js';
import { quiet } from '../support/quiet.js';
import { tempFolder } from '../support/temp-folder.js';

const NOW_MS = 1_795_000_000_000;
/** The first entry after the folders were made. */
const FIRST = 10;

describe('tepui recover', () => {
  let folder: ReturnType<typeof tempFolder>;
  let plans: RecoveryPlan[];

  beforeEach(async () => {
    folder = tempFolder();
    plans = [];
    const targets = ['m1', 'm2', 'm3'].map((id) => ({ memberId: id as MemberId, folder: at(id) }));
    const file = await clusterArchive(folder.path);
    const { index } = await restore(file, {
      targets,
      newCluster: false,
      replace: false,
      force: false,
      wallMs: NOW_MS,
      random: new SeededRandom(1),
    });
    assert.equal(index, FIRST - 1);
  });

  afterEach(() => folder.remove());

  const at = (id: string): string => path.join(folder.path, id);

  function options(ids: readonly string[], change: Partial<RecoverOptions> = {}): RecoverOptions {
    return {
      folders: ids.map(at),
      skip: new Set<number>(),
      force: false,
      surveyOnly: false,
      wallMs: NOW_MS + 5000,
      random: new SeededRandom(2),
      whoLeads: () => Promise.resolve(null),
      tell: (plan) => plans.push(plan),
      confirm: () => Promise.resolve(true),
      ...change,
    };
  }

  function create(index: number, node: string, term = 4): Entry {
    const command = encodeCommand({ kind: 'tree-create', path: node, data: utf8Encode(node) });
    const lane = 'm1@aaaaaaaaaaaaaaaa' as NodeId;
    const batch = encodeSubBatch(lane, 1, index - FIRST + 1, [command]);
    return { index, term, kind: 'normal', data: encodeEntry(1_700_000_100_000, [batch]) };
  }

  /** The member writes entries to its log, and is told what others acknowledged; then it stops. */
  async function write(
    id: string,
    entries: readonly Entry[],
    acknowledged: ReadonlyMap<NodeId, LogPoint> = new Map(),
  ): Promise<void> {
    const disk = await openDataFolder({
      source: new FolderSource(at(id)),
      memberId: id as MemberId,
      random: new SeededRandom(3),
      logger: quiet,
      onFailure: (error) => assert.fail(error),
    });
    const term = entries.at(-1)?.term ?? disk.log!.hardState.term;
    const hardState = { term, vote: null };
    const nothing = { truncateFrom: null, snapshot: null, configuration: null };
    await disk.log!.append({ ...nothing, entries, hardState }, acknowledged, null);
    await disk.close();
  }

  /** The member writes a cut of its state, as if it had applied all up to there. */
  async function cut(id: string, index: number): Promise<void> {
    const disk = await openDataFolder({
      source: new FolderSource(at(id)),
      memberId: id as MemberId,
      random: new SeededRandom(3),
      logger: quiet,
      onFailure: (error) => assert.fail(error),
    });
    const chain = disk.log!.chainAt(index);
    await disk.state.writeCut({ ...disk.state.meta!, index, term: 4, chain: chain! }, [], []);
    await disk.close();
  }

  async function nodesIn(id: string): Promise<string[]> {
    const reading = await readFolder(at(id));
    try {
      assert.deepEqual(reading.problems, []);
      const { machine } = await loadFolder(reading);
      return machine.tree.children('/') ?? [];
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

  function imageOf(id: string): string {
    const hash = createHash('sha256');
    for (const name of (readdirSync(at(id), { recursive: true }) as string[]).sort()) {
      const file = path.join(at(id), name);
      hash.update(name);
      if (!name.endsWith('raft') && !name.endsWith('state')) hash.update(readFileSync(file));
    }
    return hash.digest('hex');
  }

  it('goes on from the furthest log, with everything in it', async () => {
    await write('m1', [create(FIRST, '/a')]);
    await write('m2', [create(FIRST, '/a'), create(FIRST + 1, '/b')]);
    const recovered = (await recover(options(['m1', 'm2'], { force: true }))) as Recovered;
    assert.match(recovered.node, /^m2@/);
    assert.deepEqual(await nodesIn('m2'), ['a', 'b', 'n0', 'n1', 'n2']);
    assert.equal(recovered.index, FIRST + 2);
  });

  it('a later term is further than a longer log (Raft 5.4.1)', async () => {
    await write('m1', [create(FIRST, '/a'), create(FIRST + 1, '/b')]);
    await write('m3', [create(FIRST, '/late', 5)]);
    const recovered = (await recover(options(['m1', 'm3'], { force: true }))) as Recovered;
    assert.match(recovered.node, /^m3@/);
    assert.deepEqual(await nodesIn('m3'), ['late', 'n0', 'n1', 'n2']);
  });

  it('begins a later generation with a new instance as the only voter; the others are learners', async () => {
    await write('m1', [create(FIRST, '/a')]);
    const before = await readFolder(at('m1'));
    await before.close();
    const recovered = (await recover(options(['m1']))) as Recovered;
    const reading = await readFolder(at('m1'));
    const { machine } = await loadFolder(reading);
    await reading.close();
    assert.equal(reading.identity.generation, NOW_MS + 5000);
    assert.notEqual(reading.identity.instance, before.identity.instance);
    const { voters, learners } = reading.log!.configuration;
    assert.deepEqual(voters, [recovered.node]);
    assert.deepEqual(
      learners.map((node) => node.slice(0, 2)),
      ['m2', 'm3'],
    );
    assert(machine.revision > 2 * REVISION_RAISE, 'raised by the restore, and again');
  });

  it('a folder of the former generation is not gone on from, however long its log', async () => {
    await write('m2', [create(FIRST, '/old'), create(FIRST + 1, '/older')]);
    await recover(options(['m1'], { force: true }));
    const change = { force: true, wallMs: NOW_MS, random: new SeededRandom(9) };
    const again = (await recover(options(['m1', 'm2'], change))) as Recovered;
    assert.match(again.node, /^m1@/);
    assert.equal(again.generation, NOW_MS + 5001);
  });

  it('keeps what was in the folder beside it', async () => {
    await write('m1', [create(FIRST, '/a')]);
    const before = readFileSync(path.join(at('m1'), 'identity.json'), 'utf8');
    const { setAside } = (await recover(options(['m1']))) as Recovered;
    assert.equal(readFileSync(path.join(setAside, 'identity.json'), 'utf8'), before);
  });

  it('changes nothing while it looks, when it is not confirmed, or in the folders it does not go on from', async () => {
    await write('m1', [create(FIRST, '/a')]);
    await write('m2', [create(FIRST, '/a'), create(FIRST + 1, '/b')]);
    const images = ['m1', 'm2'].map(imageOf);
    assert.equal(await recover(options(['m1', 'm2'], { surveyOnly: true })), null);
    assert.equal(await recover(options(['m1'], { confirm: () => Promise.resolve(false) })), null);
    assert.deepEqual(['m1', 'm2'].map(imageOf), images);
    await recover(options(['m1', 'm2'], { force: true }));
    assert.equal(imageOf('m1'), images[0]);
  });

  it('says that entries may be missing when the voters that are away are a majority', async () => {
    await write('m1', [create(FIRST, '/a')]);
    await recover(options(['m1']));
    const [{ best, loss }] = plans as [RecoveryPlan];
    assert.equal(loss.atRisk, true);
    assert.deepEqual(lossText(best, loss), [
      'MAY BE MISSING: m2 and m3 (2 of 3 voters) are not here or damaged: ' +
        'what they committed from entry 11 on, without the others, is lost.',
    ]);
  });

  it('says which entries are missing when a survivor knows that another had acknowledged them', async () => {
    const nodes = new Map<NodeId, LogPoint>();
    const reading = await readFolder(at('m2'));
    await reading.close();
    nodes.set(reading.identity.nodeId, { term: 4, index: FIRST + 7 });
    await write('m1', [create(FIRST, '/a')], nodes);
    await recover(options(['m1']));
    const [{ best, loss }] = plans as [RecoveryPlan];
    assert.deepEqual(loss.known && [loss.known.from, loss.known.to], [FIRST + 1, FIRST + 7]);
    assert.match(lossText(best, loss)[0]!, /^MISSING: m2 had acknowledged entry 17; entries from 11 on/);
  });

  it('is refused when a majority is here and sound, for it needs no recovery', async () => {
    const text = await refusal(recover(options(['m1', 'm2'])));
    assert.match(text, /^RECOVERY_NOT_NEEDED: 2 of 3 voters are here and sound: start them/);
  });

  it('is refused while the group has a leader somewhere', async () => {
    await write('m1', [
      {
        index: FIRST,
        term: 4,
        kind: 'normal',
        data: encodeEntry(1, [
          encodeSubBatch('m2@bbbbbbbbbbbbbbbb' as NodeId, 1, 1, [
            encodeCommand({
              kind: 'member-info',
              node: 'm2@bbbbbbbbbbbbbbbb' as NodeId,
              member: 'm2' as MemberId,
              doors: { http: '', grpc: 'host2:5060', peer: '', zookeeper: '' },
              release: '0.1.0',
              commandLevel: 1,
              memoryBudgetBytes: 1,
            }),
          ]),
        ]),
      },
    ]);
    const asked: (readonly string[])[] = [];
    const whoLeads = (addresses: readonly string[]): Promise<string> => {
      asked.push(addresses);
      return Promise.resolve('m2');
    };
    assert.match(await refusal(recover(options(['m1'], { whoLeads }))), /m2 leads cluster c1 at this moment/);
    assert.deepEqual(asked, [['host2:5060']]);
  });

  it('an entry that breaks this release stops it, and is left out when told', async () => {
    const broken: Entry = { index: FIRST, term: 4, kind: 'normal', data: utf8Encode('\u0009 not an entry') };
    await write('m1', [broken, create(FIRST + 1, '/after')]);
    // The lane counts from the first entry: here the second is the first that can be read.
    const batch = encodeSubBatch('m1@cccccccccccccccc' as NodeId, 1, 1, [
      encodeCommand({ kind: 'tree-create', path: '/more', data: new Uint8Array(0) }),
    ]);
    await write('m1', [{ index: FIRST + 2, term: 4, kind: 'normal', data: encodeEntry(1, [batch]) }]);
    assert.match(await refusal(recover(options(['m1']))), /^UNSUPPORTED: .*entry 10 breaks this release/);
    assert.match(
      await refusal(recover(options(['m1'], { skip: new Set([FIRST - 1]) }))),
      /^INVALID_ARGUMENT: entry 9 cannot be left out: only entries 10 to 12 can/,
    );
    await recover(options(['m1'], { skip: new Set([FIRST]) }));
    assert((await nodesIn('m1')).includes('more'));
  });

  it('leaves out nothing that any of the folders has applied, whichever it goes on from', async () => {
    const entries = [create(FIRST, '/a'), create(FIRST + 1, '/b')];
    await write('m1', [...entries, create(FIRST + 2, '/c')]);
    await write('m2', entries);
    await cut('m2', FIRST + 1);
    const force = true;
    assert.match(
      await refusal(recover(options(['m1', 'm2'], { force, skip: new Set([FIRST]) }))),
      /^INVALID_ARGUMENT: entry 10 cannot be left out: only entries 12 to 12 can/,
    );
    assert.equal(await refusal(recover(options(['m1'], { force, skip: new Set([FIRST]) }))), 'fine');
  });

  it('refuses folders of different clusters, and one with nothing to go on from', async () => {
    await restore(path.join(folder.path, 'cluster.snapshot'), {
      targets: [{ memberId: 'm4' as MemberId, folder: at('m4') }],
      newCluster: true,
      replace: false,
      force: false,
      wallMs: NOW_MS,
      random: new SeededRandom(4),
    });
    assert.match(
      await refusal(recover(options(['m1', 'm4']))),
      /^FOREIGN_CLUSTER: these folders are of 2 clusters/,
    );
    rmSync(path.join(at('m2'), 'raft'), { recursive: true });
    rmSync(path.join(at('m2'), 'state'), { recursive: true });
    assert.match(await refusal(recover(options(['m2']))), /^DAMAGED: none of these folders/);
    assert.match(await refusal(recover(options(['nowhere']))), /^CONFIG: .* is no data folder/);
  });

  it('a damaged end of a log is gone on from as far as it is sound, and counts as away', async () => {
    await write('m1', [create(FIRST, '/a'), create(FIRST + 1, '/b')]);
    rmSync(path.join(at('m1'), 'witness'));
    const recovered = (await recover(options(['m1', 'm2']))) as Recovered;
    assert.match(recovered.node, /^m1@/);
    const [{ loss }] = plans as [RecoveryPlan];
    assert.equal(loss.away.length, 2, 'm3 is not here, m1 lost its votes');
    assert.deepEqual(await nodesIn('m1'), ['a', 'b', 'n0', 'n1', 'n2']);
  });

  it('what a reader that was killed left behind is removed by the next one', async () => {
    mkdirSync(path.join(at('m1'), 'reading-999999999-0'));
    const reading = await readFolder(at('m1'));
    await reading.close();
    assert.deepEqual(
      readdirSync(at('m1')).filter((name) => name.startsWith('reading-')),
      [],
    );
  });

  it('reading a folder leaves no trace in it', async () => {
    await write('m1', [create(FIRST, '/a')]);
    const before = imageOf('m1');
    const reading = await readFolder(at('m1'));
    const told: unknown[] = [];
    for await (const entry of reading.entries(0, Infinity)) told.push(describeEntry(entry));
    await reading.close();
    assert.equal(imageOf('m1'), before);
    assert.equal(existsSync(at('m1')), true);
    assert.equal(told.length, 1);
    const [entry] = told as { index: number; batches: { commands: unknown[] }[] }[];
    assert.equal(entry!.index, FIRST);
    assert.deepEqual(entry!.batches[0]!.commands, [{ kind: 'tree-create', path: '/a', data: '/a' }]);
  });
});
