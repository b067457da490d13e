import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Operation } from '../../chaos/history/operations.js';
import { checkRegister } from '../../chaos/judges/linearizability.js';
import { SeededRandom, below, between, chance } from '../../lib/base/index.js';
import {
  cas,
  create,
  createRefused,
  mismatch,
  read,
  readNothing,
  remove,
  removeRefused,
  unknownCas,
  unknownRemove,
  unknownWrite,
  write,
} from './histories.js';

const EMPTY = { value: '', version: 0 };

function verdict(...operations: Operation[]): string {
  return checkRegister(operations, EMPTY).kind;
}

describe('the linearizability of a register', () => {
  describe('holds when', () => {
    it('a read finds what the last write left', () => {
      assert.equal(verdict(write([0, 1], 'a', 1), read([2, 3], 'a', 1)), 'linearizable');
    });

    it('a read concurrent with a write finds either value', () => {
      assert.equal(
        verdict(write([0, 10], 'a', 1), read([2, 3], '', 0), read([4, 5], 'a', 1)),
        'linearizable',
      );
    });

    it('a write of unknown outcome is seen long after', () => {
      const history = [unknownWrite(0, 'a'), read([5, 6], '', 0), read([50, 51], 'a', 1)];
      assert.equal(verdict(...history), 'linearizable');
    });

    it('a write of unknown outcome is never seen', () => {
      assert.equal(
        verdict(unknownWrite(0, 'a'), write([5, 6], 'b', 1), read([7, 8], 'b', 1)),
        'linearizable',
      );
    });

    it('a compare-and-set fails while another write may have come first', () => {
      assert.equal(verdict(write([0, 10], 'a', 1), mismatch([1, 2], 'b', 0)), 'linearizable');
    });

    it('a search has to go back on its first choice', () => {
      const history = [write([0, 10], 'a', 2), write([0, 10], 'b', 1), read([2, 3], 'b', 1)];
      assert.equal(verdict(...history), 'linearizable');
    });
  });

  describe('is violated when', () => {
    it('an acknowledged write is lost', () => {
      assert.equal(verdict(write([0, 1], 'a', 1), read([2, 3], '', 0)), 'violation');
    });

    it('a later read finds an older value', () => {
      const history = [write([0, 20], 'a', 1), read([2, 3], 'a', 1), read([4, 5], '', 0)];
      assert.equal(verdict(...history), 'violation');
    });

    it('two compare-and-sets of one version both succeed', () => {
      assert.equal(verdict(cas([0, 10], 'a', 0), cas([0, 10], 'b', 0)), 'violation');
    });

    it('a compare-and-set fails although the version was the expected one throughout', () => {
      assert.equal(verdict(write([0, 1], 'a', 1), mismatch([2, 3], 'b', 1)), 'violation');
    });

    it('a value appears that nobody wrote', () => {
      assert.equal(verdict(write([0, 1], 'a', 1), read([2, 3], 'z', 1)), 'violation');
    });

    it('a compare-and-set of unknown outcome is seen at another version than it expected', () => {
      const history = [write([0, 1], 'a', 1), unknownCas(2, 'b', 0), read([5, 6], 'b', 2)];
      assert.equal(verdict(...history), 'violation');
    });

    it('a write is seen before it was sent', () => {
      assert.equal(verdict(read([0, 1], 'a', 1), write([2, 3], 'a', 1)), 'violation');
    });
  });

  it('is given up, and not called kept, when the search takes too long', () => {
    const { kind } = checkRegister([write([0, 1], 'a', 1), read([2, 3], 'a', 1)], EMPTY, {
      strict: 0,
      generous: 0,
    });
    assert.equal(kind, 'undecided');
  });

  it('is found soon however many writes of unknown outcome there are: each has its place by what was seen', () => {
    const names = Array.from({ length: 20 }, (_, i) => `w${i}`);
    // Nobody saw the first ten versions; the later ones are of the writes that were sent first.
    const seen = names.slice(0, 10).map((name, i) => read([100 + i, 100 + i + 0.5], name, 12 + i));
    const history = [...names.map((name, i) => unknownWrite(i, name)), write([50, 51], 'known', 11), ...seen];
    assert.equal(checkRegister(history, EMPTY, { strict: 1000, generous: 0 }).kind, 'linearizable');
  });

  it('is violated when a write of unknown outcome is seen at two versions', () => {
    const history = [unknownWrite(0, 'a'), read([1, 2], 'a', 1), write([3, 4], 'b', 2), read([5, 6], 'a', 3)];
    assert.equal(verdict(...history), 'violation');
  });

  it('holds for every history of a register that takes one operation at a time', () => {
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        assert.equal(checkRegister(honestHistory(seed), EMPTY).kind, 'linearizable');
      }),
      { numRuns: 50 },
    );
  });

  it('is violated by such a history in which one acknowledged write is undone', () => {
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        const history = honestHistory(seed);
        const { version } = lastState(history);
        const endNs = Math.max(...history.map(({ invokeNs }) => invokeNs)) + 1e6;
        const stale = read([endNs, endNs + 1], 'undone', version);
        assert.equal(checkRegister([...history, stale], EMPTY).kind, 'violation');
      }),
      { numRuns: 50 },
    );
  });
});

describe('the linearizability of a node that comes and goes', () => {
  const NOTHING = { value: '', version: -1 };
  const kind = (...operations: Operation[]): string => checkRegister(operations, NOTHING).kind;

  it('holds when its versions begin anew with each creation', () => {
    const history = [create([0, 1], 'a'), cas([2, 3], 'b', 0), remove([4, 5], 1), readNothing([6, 7])];
    assert.equal(kind(...history, create([8, 9], 'c'), read([10, 11], 'c', 0)), 'linearizable');
  });

  it('holds when what is refused was so at some moment', () => {
    const history = [create([0, 10], 'a'), createRefused([5, 20], 'b'), remove([21, 22], 0)];
    assert.equal(kind(...history, removeRefused([23, 24], 0)), 'linearizable');
  });

  it('holds when a deletion of unknown outcome shows long after', () => {
    const history = [create([0, 1], 'a'), unknownRemove(2, 0), read([3, 4], 'a', 0), readNothing([9, 10])];
    assert.equal(kind(...history), 'linearizable');
  });

  it('is violated when two creations of one node both succeed', () => {
    assert.equal(kind(create([0, 10], 'a'), create([0, 10], 'b')), 'violation');
  });

  it('is violated when a node that was deleted is read', () => {
    const history = [create([0, 1], 'a'), remove([2, 3], 0), read([4, 5], 'a', 0)];
    assert.equal(kind(...history), 'violation');
  });

  it('is violated when a creation is refused although nothing is there', () => {
    assert.equal(kind(createRefused([0, 1], 'a')), 'violation');
  });

  it('is violated when a deletion finds nothing although the node is there', () => {
    assert.equal(kind(create([0, 1], 'a'), removeRefused([2, 3], 0)), 'violation');
  });

  it('is violated when a node vanishes that nobody deleted', () => {
    assert.equal(kind(create([0, 1], 'a'), readNothing([2, 3])), 'violation');
  });
});

/** Eight clients; every operation takes effect at one moment between its call and its return. */
function honestHistory(seed: number): Operation[] {
  const random = new SeededRandom(seed);
  const history: Operation[] = [];
  let state = EMPTY;
  let ns = 0;
  for (let i = 0; i < 300; i++) {
    ns += between(random, 1, 10);
    const times = [ns - below(random, 60), ns + below(random, 60)] as const;
    const value = `v${i}`;
    const next = { value, version: state.version + 1 };
    if (chance(random, 0.5)) history.push(read(times, state.value, state.version));
    else if (chance(random, 0.3)) history.push(mismatch(times, value, state.version + between(random, 1, 3)));
    else if (chance(random, 0.1)) {
      const happens = chance(random, 0.5);
      history.push(unknownCas(times[0], value, state.version));
      if (happens) state = next;
    } else {
      history.push(
        chance(random, 0.5) ? write(times, value, next.version) : cas(times, value, state.version),
      );
      state = next;
    }
  }
  const end = ns + 100;
  return [...history, read([end, end + 1], state.value, state.version)];
}

function lastState(history: readonly Operation[]): { readonly version: number } {
  const { outcome } = history.at(-1)!;
  assert.equal(outcome.kind, 'ok');
  return outcome.kind === 'ok' ? outcome : EMPTY;
}
