import assert from 'node:assert/strict';
import { SeededRandom, below } from '../../../lib/base/index.js';
import { MemoryDisk } from '../../../lib/storage/index.js';
import { Wrong, judge } from './judge.js';
import { prepare, type PreparedGroup } from './prepared.js';

const SEED = Number(process.env['DAMAGE_SEED'] ?? 1);
const SAMPLES = 100;

/** With an even seed the member was once sent the whole state. */
for (const seed of [SEED, SEED + 1]) {
  describe(`a data folder that loses batches which were synced (seed ${seed})`, function () {
    this.timeout(120_000);
    let truth: PreparedGroup;
    const random = new SeededRandom(seed);

    before(async () => {
      truth = await prepare(seed);
    });

    after(() => truth.remove());

    /** A copy of the member's disk, with its journals, damaged. */
    async function outcomeOf(damage: (disk: MemoryDisk) => string): Promise<string> {
      const disk = truth.disk();
      const what = damage(disk);
      try {
        return await judge(disk, truth, false);
      } catch (error) {
        if (error instanceof Wrong) assert.fail(`${what}: ${error.message}`);
        throw error;
      }
    }

    function lengthOf(disk: MemoryDisk, database: string): number {
      return disk.journals.get(database)!.batches.length;
    }

    for (const part of ['raft', 'state'] as const) {
      const nameIn = (disk: MemoryDisk): string =>
        [...disk.journals.keys()].find((name) => name.startsWith(part))!;
      it(`does not pass for whole without the last ones of ${part}/`, async () => {
        const database = nameIn(truth.disk());
        const count = lengthOf(truth.disk(), database);
        for (let n = 0; n < SAMPLES; n++) {
          const lost = 1 + below(random, count);
          const outcome = await outcomeOf((disk) => {
            disk.loseBatches(database, lost);
            return `the last ${lost} of ${count}`;
          });
          // An older cut is as good, with the log above it; no log is.
          if (database === 'raft') assert.match(outcome, /recovering|hints/, `${lost} of ${count} lost`);
        }
      });

      it(`does not pass for whole without some in the midst of ${part}/`, async () => {
        const database = nameIn(truth.disk());
        const count = lengthOf(truth.disk(), database);
        for (let n = 0; n < SAMPLES; n++) {
          const lost = 1 + below(random, Math.min(6, count));
          const kept = below(random, count - lost + 1);
          await outcomeOf((disk) => {
            disk.loseBatches(database, lost, kept);
            return `${lost} before the last ${kept}`;
          });
        }
      });

      it(`takes no former value of a key of ${part}/ for the present one`, async () => {
        const database = nameIn(truth.disk());
        const former = formerValues(truth.disk(), database);
        assert(former.length > 0);
        for (let n = 0; n < SAMPLES; n++) {
          const one = former[below(random, former.length)]!;
          await outcomeOf((disk) => {
            disk.tamper(database, [one]);
            return `${Buffer.from(one.key).toString('latin1')} is ${Buffer.from(one.value).toString('hex')}`;
          });
        }
      });
    }
  });
}

function formerValues(
  disk: MemoryDisk,
  database: string,
): ReturnType<NonNullable<ReturnType<MemoryDisk['journals']['get']>>['formerValues']> {
  return disk.journals.get(database)!.formerValues(disk.databases.get(database)!);
}
