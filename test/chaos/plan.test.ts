import assert from 'node:assert/strict';
import fc from 'fast-check';
import { canLimitFiles } from '../../chaos/faults/full-disk.js';
import { defaultKinds, drawPlan, groupsOf, possibleKinds } from '../../chaos/faults/plan.js';

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

  it('leaves out what this machine has no command for, and names it', () => {
    const { kinds, leftOut } = possibleKinds(defaultKinds(false), () => false);
    assert.deepEqual(leftOut, ['full-disk-leader', 'full-disk-one']);
    assert.deepEqual([...kinds, ...leftOut].sort(), [...defaultKinds(false)].sort());
    assert.ok(drawPlan(1, 120, kinds).faults.every(({ kind }) => !kind.startsWith('full-disk')));
  });

  it('leaves out nothing where the command is there, and asks for it only when it is needed', () => {
    assert.deepEqual(possibleKinds(defaultKinds(false), () => true).leftOut, []);
    const refuse = () => assert.fail('nobody needs it');
    assert.deepEqual(possibleKinds(['kill-one'], refuse), { kinds: ['kill-one'], leftOut: [] });
  });

  it('finds no command on a path without it', () => {
    assert.equal(canLimitFiles({ PATH: '/nowhere' }), false);
  });

  it('has one fault at a time for three masters', () => {
    assert.ok(groupsOf(drawPlan(1, 600)).every((group) => group.length === 1));
  });

  it('lets two faults meet, and never more, for five masters', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const groups = groupsOf(drawPlan(seed, 300, defaultKinds(true), 5));
        assert.ok(groups.some((group) => group.length === 2));
        assert.ok(groups.every((group) => group.length <= 2));
      }),
    );
  });

  it('lets a fault that hurts more than one master meet none', () => {
    const more = ['kill-all', 'pause-all', 'flip-cold', 'grow-kill', 'replace-kill'];
    fc.assert(
      fc.property(seeds, (seed) => {
        for (const group of groupsOf(drawPlan(seed, 300, defaultKinds(true), 5))) {
          assert.ok(group.length === 1 || group.every(({ kind }) => !more.includes(kind)));
        }
      }),
    );
  });

  it('leaves at least a quarter of the time without a fault where they meet, too', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const groups = groupsOf(drawPlan(seed, 300, defaultKinds(true), 5));
        const lengths = groups.map((group) => {
          return Math.max(...group.map(({ afterMs, durationMs }) => (afterMs ?? 0) + durationMs));
        });
        assert.ok(groups.every((group, i) => 3 * group.at(-1)!.quietMs >= lengths[i]!));
        const faultMs = lengths.reduce((sum, ms) => sum + ms, 0);
        const quietMs = groups.reduce((sum, group) => sum + group.at(-1)!.quietMs, 0);
        assert.ok(quietMs >= (faultMs + quietMs) / 4, `${quietMs} ms of ${faultMs + quietMs} ms are quiet`);
      }),
    );
  });

  it('has a fault however short the time', () => {
    assert.equal(drawPlan(3, 1).faults.length, 1);
  });
});
