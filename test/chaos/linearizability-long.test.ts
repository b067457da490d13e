import assert from 'node:assert/strict';
import fc from 'fast-check';
import { checkRegister } from '../../chaos/judges/linearizability.js';
import { BEGIN, longHistory, type Flaw, type LongOptions } from './long-histories.js';

const OPERATIONS = 20_000;
const FLAWS: readonly Flaw['kind'][] = ['lost write', 'stale read', 'done twice', 'against real time'];
/** Looks at calls for each operation: the search goes back a little, and never far. */
const STEPS_EACH = 20;

function history(options: Omit<LongOptions, 'operations' | 'unknownChance'>): ReturnType<typeof longHistory> {
  return longHistory({ ...options, operations: OPERATIONS, unknownChance: 0.05 });
}

for (const node of ['register', 'slot'] as const) {
  const name = node === 'register' ? 'a register' : 'a node that comes and goes';
  describe(`the linearizability of ${name}, over 20,000 operations with hundreds of unknown outcome`, () => {
    it('is found in a few steps for each operation', () => {
      fc.assert(
        fc.property(fc.nat(), (seed) => {
          const { operations } = history({ seed, node });
          assert.ok(operations.filter(({ outcome }) => outcome.kind === 'unknown').length >= 300);
          const { kind, steps } = checkRegister(operations, BEGIN[node]);
          assert.equal(kind, 'linearizable');
          assert.ok(steps < STEPS_EACH * operations.length, `${steps} steps`);
        }),
        { numRuns: 3 },
      );
    }).timeout(30_000);

    for (const kind of FLAWS) {
      it(`is violated by one flaw near the middle or the end: ${kind}`, () => {
        fc.assert(
          fc.property(fc.nat(), fc.constantFrom(10_000, 19_000), (seed, after) => {
            const { operations, flawed } = history({ seed, node, flaw: { kind, after } });
            assert.ok(flawed);
            const verdict = checkRegister(operations, BEGIN[node]);
            assert.equal(verdict.kind, 'violation', `${verdict.steps} steps`);
          }),
          { numRuns: 3 },
        );
      }).timeout(30_000);
    }
  });
}
