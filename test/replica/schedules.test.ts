import { SeededRandom, below, chance, pick, type MemberId } from '../../lib/base/index.js';
import { Group } from './group.js';

const SEEDS = Number(process.env['REPLICA_SEEDS'] ?? 12);
const FROM = Number(process.env['REPLICA_SEED'] ?? 1);
const STEPS = 120;

/** Faults and proposals at random; afterwards all is healed and everything has to fit. */
async function run(seed: number): Promise<void> {
  const random = new SeededRandom(seed);
  const size = chance(random, 0.8) ? 3 : 5;
  const limits = {
    laneWindow: 4,
    subBatchCommands: 3,
    logTailEntries: 8 + below(random, 40),
    cutIntervalMs: 50 + below(random, 400),
    logCacheBytes: chance(random, 0.8) ? 0 : 1000,
    logTailBytes: 1000,
    cutBytes: 500,
    replayBytes: chance(random, 0.3) ? 600 : 1 << 20,
    loadSliceBytes: 200,
    proposalDeadlineMs: 3000,
  };
  const group = new Group({ size, seed, limits });
  // Leases in two of three runs: short ones that end all the time, and long ones that hold.
  group.leaseMs = [null, 100, 400][seed % 3]!;
  const reads: Read[] = [];
  await group.startAll();
  for (let step = 0; step < STEPS; step++) {
    await act(group, random, reads);
    await group.pass(below(random, chance(random, 0.1) ? 1500 : 60));
  }
  group.healAll();
  for (const process of group.alive) process.thaw();
  for (const id of group.ids) group.resumeDisk(id);
  group.loadMs = 0;
  await group.startAll();
  await group.untilServing();
  await group.until('every proposal of the living ends', () =>
    group.proposals.every(({ at, life, outcome }) => outcome !== null || group.processes.get(at) !== life),
  );
  await group.untilLevel();
  group.check();
  for (const { end, path } of reads)
    if (end === 'absent') throw new Error(`${path} was acknowledged, then not seen`);
  if (group.ends.length > 0) throw new Error(`somebody ended\n${group.describe()}`);
}

interface Read {
  readonly path: string;
  readonly end: string | null;
}

/** Reads something that was acknowledged before. */
function readBack(group: Group, id: MemberId, random: SeededRandom): Read[] {
  const known = group.proposals.filter(({ outcome }) => outcome?.kind === 'applied');
  if (known.length === 0) return [];
  const { path } = pick(random, known);
  const { path: latest } = known.at(-1)!;
  return [path, latest].map((one) => {
    const read = group.read(id, one);
    return {
      path: one,
      get end() {
        return read.end;
      },
    };
  });
}

async function act(group: Group, random: SeededRandom, reads: Read[]): Promise<void> {
  const id = pick(random, group.ids);
  const other = pick(random, group.ids);
  const dice = below(random, 100);
  const up = group.processes.get(id)?.alive ?? false;
  if (dice < 12) {
    if (up) reads.push(...readBack(group, id, random));
  } else if (dice < 14) {
    if (up) group.command(id, { kind: 'checkpoint' }, { outcome: null });
  } else if (dice < 55) {
    if (up) for (let n = below(random, 12); n >= 0; n--) group.propose(id);
  } else if (dice < 62) {
    if (up) group.at(id).crash(() => chance(random, 0.5));
  } else if (dice < 72) {
    group.loadMs = chance(random, 0.3) ? 20 : 0;
    if (!up) await group.start(id);
  } else if (dice < 78) group.cut(id, other);
  else if (dice < 80) group.isolate(id);
  else if (dice < 88) group.healAll();
  else if (dice < 90) group.hangDisk(id);
  else if (dice < 94) group.resumeDisk(id);
  else if (dice < 97) group.leader?.member.transferLeadership(null, () => {});
  else if (up) {
    group.at(id).freeze();
    await group.pass(below(random, 1500));
    group.at(id).thaw();
  }
}

describe('replica: random schedules', function () {
  this.timeout(120_000);

  for (let seed = FROM; seed < FROM + SEEDS; seed++) {
    it(`applies what was acknowledged once, and never what was refused (seed ${seed})`, () => run(seed));
  }
});
