import assert from 'node:assert/strict';
import fc from 'fast-check';
import { below, chance, SeededRandom } from '../../lib/base/index.js';
import { type Applied, type Cut, DEFAULT_LIMITS, Machine } from '../../lib/state/index.js';
import { Durable, wholeCut } from './support/durable.js';
import { type History, makeHistory } from './support/history.js';
import { picture } from './support/picture.js';

const ENTRIES = 200;
const RUNS = 6;

function endCut(machine: Machine, history: History): Cut {
  const last = history.entries.at(-1)!;
  return wholeCut(machine, last.index + 1, last.term);
}

/** Applies a history with cuts in slices between entries, and now and then starts again from the last cut. */
function applyWithRestarts(
  history: History,
  seed: number,
): { machine: Machine; durable: Durable; restarts: number } {
  const random = new SeededRandom(seed);
  const durable = new Durable();
  let machine = new Machine(DEFAULT_LIMITS);
  let cut: Cut | null = null;
  let restarts = 0;
  for (let n = 0; n < history.entries.length; n++) {
    const entry = history.entries[n]!;
    const applied = machine.apply(entry.index, entry.term, entry.data);
    assert.deepEqual(applied, history.applied[n], `entry ${entry.index} has another outcome`);
    if (cut === null && chance(random, 0.1)) cut = machine.beginCut(entry.index, entry.term);
    if (cut !== null && cut.encodeSlice(1 + below(random, 6))) {
      durable.take(cut);
      cut = null;
    }
    if (durable.meta === null || !chance(random, 0.04)) continue;
    machine = durable.load(chance(random, 0.5));
    n = history.entries.findIndex(({ index }) => index > durable.meta!.index) - 1;
    if (n < -1) n = history.entries.length - 1;
    cut = null;
    restarts++;
    if (restarts > 8) break;
  }
  if (cut !== null) {
    while (!cut.encodeSlice(3));
    durable.take(cut);
  }
  const { appliedIndex } = machine;
  for (const [n, entry] of history.entries.entries()) {
    if (entry.index <= appliedIndex) continue;
    assert.deepEqual(machine.apply(entry.index, entry.term, entry.data), history.applied[n]);
  }
  return { machine, durable, restarts };
}

describe('The machine is deterministic', function () {
  // Long sequences on a computer that may be busy with other things.
  this.timeout(120_000);

  it('gives the same results, events, records and digest from zero, over cuts and loads, and on a replica', () => {
    let attempts = 0;
    let effects = 0;
    let restarts = 0;
    let skipped = 0;
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 31 }), (seed) => {
        const history = makeHistory(seed, ENTRIES);
        attempts += history.attempts;
        effects += history.effects;
        skipped += history.skipped;
        const whole = endCut(history.machine, history);
        const first = new Durable();
        first.take(whole);

        const replica = new Machine(DEFAULT_LIMITS);
        const repeated: Applied[] = history.entries.map(({ index, term, data }) =>
          replica.apply(index, term, data),
        );
        assert.deepEqual(repeated, history.applied);
        assert.equal(endCut(replica, history).digest, whole.digest);

        const restarted = applyWithRestarts(history, seed);
        restarts += restarted.restarts;
        if (restarted.machine.appliedIndex < whole.index)
          restarted.durable.take(endCut(restarted.machine, history));
        assert.equal(restarted.durable.meta!.digest, whole.digest);
        assert.deepEqual(restarted.durable.contents(), first.contents());
        assert.deepEqual(picture(restarted.machine), picture(history.machine));
      }),
      { numRuns: RUNS },
    );
    assert.ok(effects * 2 >= attempts, `only ${effects} of ${attempts} commands took effect`);
    assert.ok(restarts >= RUNS, `only ${restarts} restarts`);
    assert.ok(skipped >= RUNS, `only ${skipped} sub-batches were skipped`);
  });
});
