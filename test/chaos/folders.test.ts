import assert from 'node:assert/strict';
import { instanceFault } from '../../chaos/faults/folders.js';

describe('the instance of a member after damage to its folder', () => {
  it('must be another one when votes were lost', () => {
    assert.equal(instanceFault('another', 'a1', 'b2'), null);
    assert.equal(instanceFault('another', 'a1', 'a1'), 'serves again as a1, which has forgotten votes');
  });

  it('must be the same when none was', () => {
    assert.equal(instanceFault('same', 'a1', 'a1'), null);
    assert.equal(instanceFault('same', 'a1', 'b2'), 'gave up instance a1 without need');
  });

  it('may be either when it depends on what was hit', () => {
    assert.equal(instanceFault('either', 'a1', 'a1'), null);
    assert.equal(instanceFault('either', 'a1', 'b2'), null);
  });

  it('is there', () => {
    assert.equal(instanceFault('either', 'a1', null), 'has no identity.json');
  });
});
