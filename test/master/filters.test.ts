import assert from 'node:assert/strict';
import type { AgentId, FrameworkId } from '../../lib/base/index.js';
import { Filters, refuseMsOf } from '../../lib/master/allocator/filters.js';
import { resources } from './world.js';

const F = 'F' as FrameworkId;
const A = 'a1' as AgentId;

describe('filters', () => {
  it('last five seconds unless told otherwise, and a year at most', () => {
    assert.equal(refuseMsOf(undefined), 5_000);
    assert.equal(refuseMsOf(-1), 5_000);
    assert.equal(refuseMsOf(Number.NaN), 5_000);
    assert.equal(refuseMsOf(0), 0);
    assert.equal(refuseMsOf(0.25), 250);
    assert.equal(refuseMsOf(Number.POSITIVE_INFINITY), 365 * 24 * 3_600_000);
  });

  it('keep away what was declined and less, but not more', () => {
    const filters = new Filters(50);
    filters.refuse(F, '*', A, resources(2, 1024), 5_000);
    assert.equal(filters.refused(F, '*', A, resources(2, 1024)), true);
    assert.equal(filters.refused(F, '*', A, resources(1, 1024)), true);
    assert.equal(filters.refused(F, '*', A, resources(3, 1024)), false);
    assert.equal(filters.refused(F, 'other', A, resources(1, 1)), false);
    assert.equal(filters.refused('G' as FrameworkId, '*', A, resources(1, 1)), false);
    assert.equal(filters.refused(F, '*', 'a2' as AgentId, resources(1, 1)), false);
  });

  it('end at their time, each for itself', () => {
    const filters = new Filters(50);
    filters.refuse(F, 'one', A, resources(2, 1024), 1_000);
    filters.refuse(F, 'two', A, resources(2, 1024), 2_000);
    assert.deepEqual(filters.expired(900), []);
    assert.deepEqual(filters.expired(1_000), [A]);
    assert.equal(filters.refused(F, 'one', A, resources(1, 1)), false);
    assert.equal(filters.refused(F, 'two', A, resources(1, 1)), true);
    assert.deepEqual(filters.expired(2_000), [A]);
    assert.equal(filters.refused(F, 'two', A, resources(1, 1)), false);
  });

  it('end when the framework revives those roles, or the agent changes', () => {
    const filters = new Filters(50);
    for (const role of ['one', 'two']) filters.refuse(F, role, A, resources(2, 1024), 60_000);
    filters.revived(F, ['one']);
    assert.equal(filters.refused(F, 'one', A, resources(1, 1)), false);
    assert.equal(filters.refused(F, 'two', A, resources(1, 1)), true);
    filters.revived(F, null);
    assert.equal(filters.refused(F, 'two', A, resources(1, 1)), false);
    filters.refuse(F, 'one', A, resources(2, 1024), 60_000);
    filters.agentChanged(A);
    assert.equal(filters.refused(F, 'one', A, resources(1, 1)), false);
  });
});
