import assert from 'node:assert/strict';
import { LEASE_CLOCK_BOUND } from '../../lib/replica/lease-clock.js';
import { LeaseSchedule, type LeaseRun } from './lease-schedule.js';

const FIRST = Number(process.env['SEED'] ?? 1);
const COUNT = Number(process.env['SEEDS'] ?? 12);

function runs(drift: number, count: number): { readonly seed: number; readonly run: LeaseRun }[] {
  return Array.from({ length: count }, (_, i) => {
    const seed = FIRST + i;
    return { seed, run: new LeaseSchedule(seed, drift).pass(20_000) };
  });
}

describe('leases under random faults (S22)', () => {
  it('while one is held nobody leads a later term, by clocks within the bound', () => {
    // 1/(1 − bound) is what the bound allows; the slowest clock may be the leader’s.
    const all = runs(LEASE_CLOCK_BOUND, COUNT);
    for (const { seed, run } of all) assert.deepEqual(run.violations, [], `SEED=${seed} SEEDS=1`);
    const sum = (of: (run: LeaseRun) => number): number => all.reduce((total, { run }) => total + of(run), 0);
    const met = {
      heldMs: sum((run) => run.heldMs),
      terms: sum((run) => run.terms),
      restarts: sum((run) => run.restarts),
      transfers: sum((run) => run.transfers),
    };
    assert.ok(met.heldMs > 1000 * COUNT && met.terms > 3 * COUNT, JSON.stringify(met));
    assert.ok(met.restarts > COUNT && met.transfers > COUNT, JSON.stringify(met));
  });

  it('NOT PROMISED: by clocks far beyond the bound somebody may', () => {
    // It takes luck: one history in thirty or eighty.
    let tried = 0;
    let broken = false;
    while (!broken && tried < 16 * COUNT)
      broken = new LeaseSchedule(FIRST + tried++, 2).pass(20_000).violations.length > 0;
    assert.ok(broken, `${tried} schedules could not see a broken lease`);
  });
});
