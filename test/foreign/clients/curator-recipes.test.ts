import assert from 'node:assert/strict';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { eventually } from '../../support/eventually.js';
import type { CutGroup } from '../../support/cut-group.js';
import { tempFolder } from '../../support/temp-folder.js';
import { assertHeldByAtMost, count, ofRecipe, readClaims, type Claim } from './claims.js';
import { ForeignProcess } from './foreign-process.js';
import { doors, IDS, restart, startGroup } from './group.js';
import { JARS_OF_CURATOR, needs } from './needs.js';
import { Witness } from './witness.js';

const RECIPES = ['lock', 'latch', 'count', 'children'];
/** Rounds that each recipe of each process is to make before the next thing happens to the group. */
const ROUNDS = 8;
const LIMIT_MS = 60_000;
const SOURCE = path.resolve('test/foreign/clients/curator/Worker.java');

/** What a process believes once all writing has ended. */
interface View {
  readonly count: number;
  readonly children: Readonly<Record<string, string>>;
}

describe('Recipes of Curator in three processes, while the leader is killed and the next one cut off', function () {
  this.timeout(300_000);
  needs(this, 'sh', '-c', `java -version && ls ${JARS_OF_CURATOR.join(' ')}`);
  const folder = tempFolder();
  const file = path.join(folder.path, 'claims.jsonl');
  const workers = new Map<string, ForeignProcess>();
  let group: CutGroup;
  let claims: Claim[] = [];

  before(async () => {
    group = await startGroup();
    for (const id of IDS) {
      const java = ['java', '-Xmx128m', '-cp', JARS_OF_CURATOR.join(':'), SOURCE];
      workers.set(id, new ForeignProcess([...java, id, doors(group, id), file]));
    }
    await allAdvance();
    const leader = await group.leader();
    await group.kill(leader);
    await allAdvance();
    await restart(group, leader);
    const next = await group.leader();
    const heal = group.cutOff(next);
    await group.leader(group.others(next));
    await allAdvance();
    heal();
    await group.serving();
    await allAdvance();
    for (const worker of workers.values()) worker.tell('stop');
    for (const worker of workers.values()) await worker.heard(/^\{"stopped"/, LIMIT_MS);
    claims = readClaims(file);
  });

  after(async () => {
    for (const worker of workers.values()) await worker.kill();
    await group?.end();
    folder.remove();
  });

  function roundsOf(worker: ForeignProcess): Readonly<Record<string, number>> {
    const line = worker.lines.findLast((one) => one.startsWith('{"rounds"'));
    return line === undefined ? {} : (JSON.parse(line) as { rounds: Record<string, number> }).rounds;
  }

  /** Waits until each recipe in each process has gone on for some rounds. */
  async function allAdvance(): Promise<void> {
    const before = new Map(Array.from(workers, ([id, worker]) => [id, roundsOf(worker)]));
    const behind = (): string[] =>
      Array.from(workers).flatMap(([id, worker]) => {
        const now = roundsOf(worker);
        const late = RECIPES.filter((one) => (now[one] ?? 0) < (before.get(id)![one] ?? 0) + ROUNDS);
        return late.map((one) => `${one} of ${id}`);
      });
    await eventually(() => behind().length === 0, LIMIT_MS).catch((error: unknown) => {
      const said = Array.from(workers.values(), (worker) => worker.complaints).join('\n');
      throw new Error(`no ${ROUNDS} rounds of ${behind().join(', ')}:\n${said}`, { cause: error });
    });
  }

  async function viewOf(worker: ForeignProcess): Promise<View> {
    const from = worker.lines.length;
    worker.tell('view');
    const line = await worker.heard(/^\{"view"/, LIMIT_MS, from);
    return (JSON.parse(line) as { view: View }).view;
  }

  it('no session is lost', () => {
    assert.deepEqual(
      claims.filter(({ state }) => state === 'LOST'),
      [],
    );
    assert.ok(count(claims, 'state') > IDS.length, 'somebody lost a connection');
  });

  it('a mutex has one holder at a time', () => {
    assert.ok(assertHeldByAtMost(ofRecipe(claims, 'lock'), 1) > 3 * ROUNDS);
  });

  it('a leader latch has one leader at a time', () => {
    assert.ok(assertHeldByAtMost(ofRecipe(claims, 'latch'), 1) > 3 * ROUNDS);
  });

  it('a shared count has each acknowledged step once, and others only where a connection was lost', async () => {
    const added = count(ofRecipe(claims, 'count'), 'added');
    const lost = count(claims, 'state');
    for (const worker of workers.values()) {
      const view = await viewOf(worker);
      assert.ok(view.count >= added, `${view.count} after ${added} acknowledged steps`);
      assert.ok(view.count <= added + lost, `${view.count} after ${added} acknowledged steps`);
    }
  });

  it('caches of children end with what is there', async () => {
    const witness = await Witness.at(group, IDS[0]!);
    const there: Record<string, string> = {};
    for (const name of await witness.children('/curator/children')) {
      there[name] = (await witness.data(`/curator/children/${name}`))!;
    }
    witness.close();
    assert.ok(Object.keys(there).length >= IDS.length);
    for (const worker of workers.values()) {
      const same = async (): Promise<boolean> => isDeepStrictEqual((await viewOf(worker)).children, there);
      await eventually(same, LIMIT_MS, 'a cache with all children');
    }
  });
});
