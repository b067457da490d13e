import { SeededRandom, below, chance, pick, type MemberId } from '../../lib/base/index.js';
import { Group } from './group.js';

/** A group that serves again within this long, in virtual time, is not stuck. */
const BACK_MS = 20_000;

export interface CutReport {
  readonly cuts: number;
  /** The longest time without service after a cut, in virtual ms. */
  readonly worstMs: number;
}

/**
 * Lets a group work and cuts the power of all its members at once, again and again. Of the writes in flight at each
 * member any may land or not; unsynced slots of the witness may be undone. Some cuts come while the group is still
 * getting up. Afterwards everybody serves and nothing that was acknowledged is missing; else this throws.
 */
export async function powerCuts(seed: number, cuts: number): Promise<CutReport> {
  const random = new SeededRandom(seed);
  const limits = {
    logTailEntries: 20 + below(random, 60),
    cutIntervalMs: 50 + below(random, 300),
    logTailBytes: 20_000,
    logCacheBytes: chance(random, 0.5) ? 0 : 4000,
  };
  const group = new Group({ seed, size: chance(random, 0.7) ? 3 : 5, limits });
  await group.startAll();
  await group.untilServing();
  let worstMs = 0;
  for (let cut = 0; cut < cuts; cut++) {
    await load(group, random);
    await cutAll(group, random);
    // The next cut finds the group still getting up.
    if (chance(random, 0.3)) await group.pass(below(random, 600));
    else worstMs = Math.max(worstMs, await back(group));
  }
  await back(group);
  return { cuts, worstMs };
}

async function load(group: Group, random: SeededRandom): Promise<void> {
  for (const id of group.ids) group.diskMs.set(id, 1 + below(random, 8));
  const bursts = 1 + below(random, 12);
  for (let n = 0; n < bursts; n++) {
    const id = pick(random, group.ids);
    const data = 'x'.repeat(chance(random, 0.1) ? below(random, 5000) : below(random, 50));
    for (let m = below(random, 8); m >= 0; m--) group.propose(id, undefined, data);
    if (chance(random, 0.05)) group.leader?.member.transferLeadership(null, () => {});
    await group.pass(below(random, 40));
  }
}

async function cutAll(group: Group, random: SeededRandom): Promise<void> {
  const landing = pick(random, [0, 0.5, 1]);
  for (const process of group.alive) process.crash(() => chance(random, landing));
  const order = [...group.ids].sort(() => below(random, 3) - 1);
  for (const id of order) await start(group, id, below(random, 100));
}

async function start(group: Group, id: MemberId, afterMs: number): Promise<void> {
  if (afterMs > 50) await group.pass(afterMs);
  await group.start(id);
}

/** Returns how long it took until everybody served. */
async function back(group: Group): Promise<number> {
  const startedMs = group.time.monotonicMs();
  await group.until(
    'everybody serves',
    () => group.leader !== null && group.alive.every((one) => one.member.status().trouble === null),
    BACK_MS,
  );
  const tookMs = group.time.monotonicMs() - startedMs;
  await group.untilLevel();
  group.check();
  if (group.ends.length > 0) throw new Error(`somebody ended\n${group.describe()}`);
  return tookMs;
}
