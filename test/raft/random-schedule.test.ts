import assert from 'node:assert/strict';
import { RandomSchedule, type Coverage } from './random-schedule.js';

const FIRST_SEED = Number(process.env['SEED'] ?? 1);
const SEEDS = Number(process.env['SEEDS'] ?? 300);

function runBatch(): Record<keyof Coverage, number> {
  const total = {} as Record<keyof Coverage, number>;
  for (let seed = FIRST_SEED; seed < FIRST_SEED + SEEDS; seed++) {
    try {
      for (const [key, count] of Object.entries(new RandomSchedule(seed).run(3000))) {
        total[key as keyof Coverage] = (total[key as keyof Coverage] ?? 0) + count;
      }
    } catch (error) {
      throw new Error(`seed ${seed} fails; replay with SEED=${seed} SEEDS=1`, { cause: error });
    }
  }
  return total;
}

describe('random schedules of loss, reordering, cuts, slow disks and crashes', () => {
  it('break no invariant, end in agreement, and meet what they are meant to test', () => {
    const total = runBatch();
    if (SEEDS < 300) return;
    for (const [what, count] of Object.entries(total)) assert.ok(count >= 25, `only ${count} ${what}`);
  });

  it('replay exactly from their seed', () => {
    for (const seed of [1, 2, 3]) {
      assert.deepEqual(new RandomSchedule(seed).run(2000), new RandomSchedule(seed).run(2000));
    }
  });
});
