import assert from 'node:assert/strict';
import fc from 'fast-check';
import { defaultKinds, drawPlan } from '../../chaos/faults/plan.js';

const seeds = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const seconds = fc.integer({ min: 1, max: 600 });

describe('the plan of faults', () => {
  it('is the same for the same seed and time', () => {
    fc.assert(
      fc.property(seeds, seconds, (seed, time) => {
        assert.deepEqual(drawPlan(seed, time), drawPlan(seed, time));
      }),
    );
  });

  it('differs between seeds', () => {
    assert.notDeepEqual(drawPlan(1, 60).faults, drawPlan(2, 60).faults);
  });

  it('leaves at least a quarter of the time without a fault', () => {
    fc.assert(
      fc.property(seeds, seconds, (seed, time) => {
        const { faults } = drawPlan(seed, time);
        const faultMs = faults.reduce((sum, { durationMs }) => sum + durationMs, 0);
        const quietMs = faults.reduce((sum, { quietMs }) => sum + quietMs, 0);
        assert.ok(quietMs >= (faultMs + quietMs) / 4, `${quietMs} ms of ${faultMs + quietMs} ms are quiet`);
      }),
    );
  });

  it('brings every kind once before any comes again', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const kinds = drawPlan(seed, 120).faults.map(({ kind }) => kind);
        const all = defaultKinds(false);
        assert.deepEqual(new Set(kinds.slice(0, all.length)), new Set(all));
      }),
    );
  });

  it('keeps to the kinds that it is given', () => {
    const { faults } = drawPlan(7, 60, ['kill-all']);
    assert.ok(faults.length > 5, `${faults.length} faults in 60 s`);
    assert.ok(faults.every(({ kind }) => kind === 'kill-all'));
  });

  it('fills disks only where they are small', () => {
    assert.ok(defaultKinds(true).includes('no-room-leader'));
    assert.ok(!defaultKinds(false).includes('no-room-leader'));
  });

  it('has a fault however short the time', () => {
    assert.equal(drawPlan(3, 1).faults.length, 1);
  });
});
