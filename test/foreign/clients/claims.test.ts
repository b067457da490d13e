import assert from 'node:assert/strict';
import {
  assertBarriersStood,
  assertFencesRise,
  assertHeldByAtMost,
  assertMet,
  assertWritersAlone,
  untaken,
  type Claim,
} from './claims.js';

function claim(who: string, event: string, more: Partial<Claim> = {}): Claim {
  return { recipe: 'any', who, event, ...more };
}

const HELD_TWICE = [claim('a', 'held'), claim('b', 'held'), claim('b', 'freed'), claim('a', 'freed')];

describe('the judges of what foreign clients claim', () => {
  it('find a lock that two hold at once, and count the holds of one that is sound', () => {
    assert.throws(() => assertHeldByAtMost(HELD_TWICE, 1), /held by a and b/);
    assert.equal(assertHeldByAtMost(HELD_TWICE, 2), 2);
    assert.equal(assertHeldByAtMost(HELD_TWICE.toSorted(byWho), 1), 2);
  });

  it('tell items apart: each has holders of its own', () => {
    const held = ['x', 'y'].map((item) => claim('a', 'held', { item }));
    assert.equal(
      assertHeldByAtMost(held, 1, ({ item }) => item!),
      2,
    );
    assert.throws(() => assertHeldByAtMost(held, 1), /held by a and a/);
  });

  it('find a holder whose number is not above the last', () => {
    const held = (fence: number): Claim => claim('a', 'held', { fence });
    assertFencesRise([held(1), held(3)]);
    assert.throws(() => assertFencesRise([held(3), held(3)]), /holds number 3, after 3/);
  });

  it('find a reader beside a writer', () => {
    const held = (who: string, kind: string): Claim => claim(who, 'held', { kind });
    assertWritersAlone([held('a', 'read'), held('b', 'read')]);
    assert.throws(() => assertWritersAlone([held('a', 'read'), held('b', 'write')]), /1 write, 1 read/);
  });

  it('find whoever leaves a meeting before all have come', () => {
    const came = (who: string): Claim => claim(who, 'enter', { number: 1 });
    const entered = claim('a', 'entered', { number: 1 });
    assertMet([came('a'), came('b'), entered], 'enter', 'entered', 2);
    assert.throws(() => assertMet([came('a'), entered, came('b')], 'enter', 'entered', 2), /1 of 2/);
  });

  it('find whoever passes a barrier whose removal has not begun', () => {
    const removing = claim('a', 'removing', { barrier: 'a', number: 1 });
    const passed = claim('b', 'passed', { barrier: 'a', number: 1 });
    assert.equal(assertBarriersStood([removing, passed]), 1);
    assert.throws(() => assertBarriersStood([passed, removing]), /which stood/);
  });

  it('find what is taken twice, or was never put, and name what is missing', () => {
    const put = claim('a', 'put', { value: 'v' });
    const got = claim('b', 'got', { value: 'v' });
    assert.deepEqual([...untaken([put], 'got')], ['v']);
    assert.deepEqual([...untaken([got, put], 'got')], []);
    assert.throws(() => untaken([put, got, got], 'got'), /taken twice/);
    assert.throws(() => untaken([got], 'got'), /never put/);
  });
});

function byWho(a: Claim, b: Claim): number {
  return a.who < b.who ? -1 : Number(a.who > b.who);
}
