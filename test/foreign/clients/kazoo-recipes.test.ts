import assert from 'node:assert/strict';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { eventually } from '../../support/eventually.js';
import { tempFolder } from '../../support/temp-folder.js';
import type { CutGroup } from '../../support/cut-group.js';
import {
  assertBarriersStood,
  assertFencesRise,
  assertHeldByAtMost,
  assertMet,
  assertWritersAlone,
  count,
  ofRecipe,
  readClaims,
  untaken,
  type Claim,
} from './claims.js';
import { ForeignProcess } from './foreign-process.js';
import { doors, IDS, restart, startGroup } from './group.js';
import { KAZOO, needs, PYTHON } from './needs.js';
import { Witness } from './witness.js';

const RECIPES = [
  'lock',
  'rwlock',
  'semaphore',
  'election',
  'barrier',
  'queue',
  'locking-queue',
  'counter',
  'party',
  'partition',
  'transactions',
  'data',
  'children',
  'writes',
];
/** Rounds that each recipe of each process is to make before the next thing happens to the group. */
const ROUNDS = 8;
const LIMIT_MS = 60_000;

interface Progress {
  readonly rounds: Readonly<Record<string, number>>;
  /** Ports that the clients are connected to. */
  readonly homes: Readonly<Record<string, number | null>>;
}

/** What the processes believe once all writing has ended. */
interface View {
  readonly party: readonly string[];
  readonly partition: readonly string[];
  readonly data: Readonly<Record<string, string>>;
  readonly children: {
    readonly watched: readonly string[];
    readonly cached: Readonly<Record<string, string>>;
  };
}

describe('Recipes of kazoo in three processes, while the leader is killed and the next one cut off', function () {
  this.timeout(300_000);
  needs(this, ...KAZOO);
  let group: CutGroup;
  let workers: Map<string, ForeignProcess>;
  let claims: Claim[];
  let file: string;
  const folder = tempFolder();
  /** Claims of states that came between two moments, from clients that were connected to a member that was well. */
  const disturbed: Claim[] = [];
  let sawLeaderDie = 0;

  before(async () => {
    group = await startGroup();
    file = path.join(folder.path, 'claims.jsonl');
    const leader = await group.leader();
    workers = new Map(
      IDS.map((id) => {
        const recipes = id === leader ? RECIPES : [...RECIPES, 'double'];
        const script = path.resolve('test/foreign/clients/kazoo/worker.py');
        return [id, new ForeignProcess([PYTHON, script, id, doors(group, id), file, ...recipes])];
      }),
    );
    await allAdvance();
    await leaderIsKilled(leader);
    for (const worker of workers.values()) worker.tell('end double');
    await eventually(() => count(ofRecipe(readClaims(file), 'double'), 'ended') === 2, LIMIT_MS);
    await restart(group, leader);
    await leaderIsCutOff();
    for (const worker of workers.values()) worker.tell('stop');
    for (const worker of workers.values()) {
      const stopped = JSON.parse(await worker.heard(/^\{"stopped"/, LIMIT_MS)) as { stopped: string[] };
      assert.deepEqual(new Set(RECIPES), new Set(stopped.stopped.filter((one) => one !== 'double')));
    }
    claims = readClaims(file);
  });

  after(async () => {
    for (const worker of workers?.values() ?? []) await worker.kill();
    await group?.end();
    folder.remove();
  });

  async function leaderIsKilled(leader: string): Promise<void> {
    const from = readClaims(file).length;
    const homes = homesNow();
    await group.kill(leader);
    await allAdvance();
    noteDisturbed(from, homes, leader);
    const after = readClaims(file).slice(from);
    sawLeaderDie = after.filter(({ who, state }) => who === leader && state === 'SUSPENDED').length;
  }

  async function leaderIsCutOff(): Promise<void> {
    const from = readClaims(file).length;
    const homes = homesNow();
    const leader = await group.leader();
    const heal = group.cutOff(leader);
    await group.leader(group.others(leader));
    await allAdvance();
    noteDisturbed(from, homes, leader);
    heal();
    await group.serving();
    await allAdvance();
  }

  /** Waits until each recipe in each process has gone on for some rounds. */
  async function allAdvance(): Promise<void> {
    for (const [id, worker] of workers) await worker.heard(/"rounds"/, LIMIT_MS).catch(failed(id));
    const before = new Map([...workers].map(([id, worker]) => [id, progressOf(worker)]));
    const behind = (): string[] =>
      [...workers].flatMap(([id, worker]) => {
        const now = progressOf(worker).rounds;
        const then = before.get(id)!.rounds;
        return RECIPES.filter((recipe) => now[recipe]! < then[recipe]! + ROUNDS).map(
          (recipe) => `${recipe} of ${id}`,
        );
      });
    await eventually(() => behind().length === 0, LIMIT_MS).catch((error: unknown) => {
      const said = [...workers.values()].map((worker) => worker.complaints).join('\n');
      throw new Error(`no ${ROUNDS} rounds of ${behind().join(', ')}:\n${said}`, { cause: error });
    });
  }

  function failed(id: string): (error: unknown) => never {
    return (error) => {
      throw new Error(`${id}: ${String(error)}`, { cause: error });
    };
  }

  function homesNow(): Map<string, Progress['homes']> {
    return new Map([...workers].map(([id, worker]) => [id, progressOf(worker).homes]));
  }

  function noteDisturbed(from: number, homes: Map<string, Progress['homes']>, gone: string): void {
    const port = Number(group.door(gone).split(':')[1]);
    const states = readClaims(file)
      .slice(from)
      .filter(({ event }) => event === 'state');
    disturbed.push(...states.filter(({ who, recipe }) => homes.get(who)![recipe] !== port));
  }

  it('each makes rounds through all of it', () => {
    for (const recipe of RECIPES) assert.ok(ofRecipe(claims, recipe).length > 0, recipe);
    assert.ok(sawLeaderDie > 0, 'clients of the leader lost their connections');
  });

  it('no session is lost', () => {
    assert.deepEqual(
      claims.filter(({ state }) => state === 'LOST'),
      [],
    );
  });

  it('connections to members that are well stay open', () => {
    assert.deepEqual(disturbed, []);
  });

  it('a lock has one holder at a time, and the numbers of the holders rise', () => {
    const lock = ofRecipe(claims, 'lock');
    assert.ok(assertHeldByAtMost(lock, 1) > 3 * ROUNDS);
    assertFencesRise(lock);
  });

  it('a writer holds a read-write lock alone', () => {
    assertWritersAlone(ofRecipe(claims, 'rwlock'));
  });

  it('a semaphore of two has at most two holders', () => {
    assert.ok(assertHeldByAtMost(ofRecipe(claims, 'semaphore'), 2) > 3 * ROUNDS);
  });

  it('an election has one winner at a time', () => {
    assert.ok(assertHeldByAtMost(ofRecipe(claims, 'election'), 1) > 3 * ROUNDS);
  });

  it('nobody passes a barrier that stands', () => {
    assert.ok(assertBarriersStood(ofRecipe(claims, 'barrier')) > ROUNDS);
  });

  it('a double barrier lets both in when both have come, and out when both have left', () => {
    const double = ofRecipe(claims, 'double');
    assert.ok(count(double, 'left') > 2 * ROUNDS);
    assertMet(double, 'enter', 'entered', 2);
    assertMet(double, 'leave', 'left', 2);
  });

  it('what is put into a queue is taken at most once, and lost only with the connection of a taker', async () => {
    const queue = ofRecipe(claims, 'queue');
    const missing = untaken(queue, 'got');
    await withWitness(async (witness) => {
      const left = await witness.children('/recipes/queue');
      for (const child of left) missing.delete((await witness.data(`/recipes/queue/${child}`))!);
    });
    assert.ok(missing.size <= count(queue, 'state'), `missing: ${[...missing].join(', ')}`);
  });

  it('an entry of a locking queue has one holder at a time, and is there until it is consumed', async () => {
    const queue = ofRecipe(claims, 'locking-queue');
    assertHeldByAtMost(queue, 1, ({ value }) => String(value));
    const missing = untaken(queue, 'consumed');
    for (const { event, value } of queue) if (event === 'consume unknown') missing.delete(value!);
    await withWitness(async (witness) => {
      for (const child of await witness.children('/recipes/locking/entries')) {
        missing.delete((await witness.data(`/recipes/locking/entries/${child}`))!);
      }
    });
    assert.deepEqual([...missing], []);
  });

  it('a counter counts each acknowledged step once, and others only where a connection was lost', async () => {
    const counter = ofRecipe(claims, 'counter');
    const added = count(counter, 'added');
    await withWitness(async (witness) => {
      const value = Number(await witness.data('/recipes/counter'));
      assert.ok(value >= added, `${value} after ${added} acknowledged steps`);
      assert.ok(value <= added + count(counter, 'state'), `${value} after ${added} acknowledged steps`);
    });
  });

  it('items of a partitioned set have one owner at a time, and all of them one in the end', async () => {
    assertHeldByAtMost(ofRecipe(claims, 'partition'), 1, ({ item }) => item!);
    const views = await viewsLike((all) => all.flatMap(({ partition }) => partition).length === 6);
    assert.equal(new Set(views.flatMap(({ partition }) => partition)).size, 6);
  });

  it('a party has its three members', async () => {
    await viewsLike((all) => all.every(({ party }) => party.join() === IDS.join()));
  });

  it('a transaction is done as a whole or not at all', async () => {
    const transactions = ofRecipe(claims, 'transactions').filter(({ name }) => name !== undefined);
    await withWitness(async (witness) => {
      const there = new Set(await witness.children('/recipes/transactions'));
      for (const { event, name, forbidden, who } of transactions) {
        const base = path.basename(name!);
        assert.equal(there.has(`${base}-a`), there.has(`${base}-b`), name);
        if (event === 'unknown') continue;
        assert.equal(event, forbidden ? 'refused' : 'done', `${name} of ${who}`);
        assert.equal(there.has(`${base}-a`), event === 'done', name);
      }
      assert.ok(there.size > 3 * ROUNDS);
    });
  });

  it('watches of data show each node going forward, and in the end as it is', async () => {
    const last = new Map<string, number>();
    for (const { event, who, node, mzxid } of ofRecipe(claims, 'data')) {
      if (event !== 'saw') continue;
      const key = `${who} ${node}`;
      assert.ok(mzxid! >= (last.get(key) ?? 0), `${key} went back to ${mzxid}`);
      last.set(key, mzxid!);
    }
    assert.equal(last.size, 9);
    await withWitness(async (witness) => {
      const nodes: [string, string | null][] = [];
      for (const id of IDS) nodes.push([id, await witness.data(`/recipes/data/${id}`)]);
      const truth = Object.fromEntries(nodes);
      await viewsLike((all) => all.every(({ data }) => isDeepStrictEqual(data, truth)));
    });
  });

  it('watches of children and caches of a tree show in the end what is there', async () => {
    await withWitness(async (witness) => {
      const names = await witness.children('/recipes/children');
      const truth: Record<string, string | null> = {};
      for (const name of names) truth[name] = await witness.data(`/recipes/children/${name}`);
      await viewsLike((all) =>
        all.every(({ children: { watched, cached } }) => {
          return watched.join() === names.join() && isDeepStrictEqual(cached, truth);
        }),
      );
    });
  });

  it('every acknowledged write is there at each member', async () => {
    const writes = ofRecipe(claims, 'writes');
    for (const id of IDS) {
      await withWitness((witness) => assertThere(witness, writes), id);
    }
  });

  /** A node that somebody began to delete may be gone, and that was deleted must be. */
  async function assertThere(witness: Witness, writes: readonly Claim[]): Promise<void> {
    const expected = new Map<string, Claim>();
    for (const claim of writes) if (claim.path !== undefined) expected.set(claim.path, claim);
    assert.ok(expected.size > 3 * ROUNDS);
    for (const [node, { event, value }] of expected) {
      const data = await witness.data(node);
      if (event === 'deleted') assert.equal(data, null, `${node} was deleted`);
      else if (event === 'set') assert.equal(data, value, `${node} was set`);
      else if (event === 'created') assert.notEqual(data, null, `${node} was created`);
    }
  }

  async function withWitness(look: (witness: Witness) => Promise<void>, id = IDS[0]!): Promise<void> {
    const witness = await Witness.at(group, id);
    try {
      await look(witness);
    } finally {
      witness.close();
    }
  }

  /** Asks all processes again and again until what they believe is as wanted. */
  async function viewsLike(wanted: (all: readonly View[]) => boolean): Promise<readonly View[]> {
    let all: View[] = [];
    const look = async (): Promise<boolean> => {
      all = await Promise.all(
        [...workers.values()].map(async (worker) => {
          const from = worker.lines.length;
          worker.tell('view');
          return (JSON.parse(await worker.heard(/^\{"view"/, LIMIT_MS, from)) as { view: View }).view;
        }),
      );
      return wanted(all);
    };
    await eventually(look, LIMIT_MS).catch((error: unknown) => {
      throw new Error(`in the end they believe ${JSON.stringify(all)}`, { cause: error });
    });
    return all;
  }
});

function progressOf(worker: ForeignProcess): Progress {
  const line = worker.lines.findLast((one) => one.startsWith('{"rounds"'))!;
  return JSON.parse(line) as Progress;
}
