import assert from 'node:assert/strict';
import { checkRealTime, replayByIndex } from '../../chaos/judges/index-order.js';
import { cas, read, unknownWrite, write } from './histories.js';

const EMPTY = { value: '', version: 0 };

describe('the replay by index', () => {
  it('accepts writes whose versions rise by one with their indexes, and reads of what was there', () => {
    const history = [write([0, 1], 'a', 1, 5), cas([2, 3], 'b', 1, 7), read([4, 5], 'b', 2, 7)];
    assert.deepEqual(replayByIndex(history, EMPTY), []);
  });

  it('accepts a version that only a write of unknown outcome can have made', () => {
    const history = [unknownWrite(0, 'x'), read([2, 3], 'x', 1, 4), write([4, 5], 'a', 2, 6)];
    assert.deepEqual(replayByIndex(history, EMPTY), []);
  });

  it('finds two writes of one index', () => {
    assert.equal(replayByIndex([write([0, 9], 'a', 1, 5), write([0, 9], 'b', 2, 5)], EMPTY).length, 1);
  });

  it('finds a version that goes back', () => {
    assert.equal(replayByIndex([write([0, 9], 'a', 2, 5), write([0, 9], 'b', 1, 6)], EMPTY).length > 0, true);
  });

  it('finds a version for which there is no write', () => {
    assert.equal(replayByIndex([write([0, 1], 'a', 3, 5)], EMPTY).length, 1);
  });

  it('finds a read that is behind its own index', () => {
    const history = [write([0, 1], 'a', 1, 5), write([2, 3], 'b', 2, 6), read([4, 5], 'a', 1, 8)];
    assert.equal(replayByIndex(history, EMPTY).length, 1);
  });

  it('finds two values of one version', () => {
    const history = [
      unknownWrite(0, 'x'),
      unknownWrite(0, 'y'),
      read([2, 3], 'x', 1, 4),
      read([4, 5], 'y', 1, 5),
    ];
    assert.equal(replayByIndex(history, EMPTY).length, 1);
  });
});

describe('the order of indexes in real time', () => {
  it('may be any among operations that overlap', () => {
    assert.deepEqual(checkRealTime([write([0, 10], 'a', 2, 9), write([5, 15], 'b', 1, 4)]), []);
  });

  it('lets a read have the index of what was answered before it', () => {
    assert.deepEqual(checkRealTime([write([0, 1], 'a', 1, 9), read([2, 3], 'a', 1, 9)]), []);
  });

  it('is broken by a read of an older index than one answered before it began', () => {
    assert.equal(checkRealTime([write([0, 1], 'a', 1, 9), read([2, 3], '', 0, 8)]).length, 1);
  });

  it('is broken by a write without a higher index than what was answered before it began', () => {
    assert.equal(checkRealTime([read([0, 1], '', 0, 9), write([2, 3], 'a', 1, 9)]).length, 1);
  });
});
