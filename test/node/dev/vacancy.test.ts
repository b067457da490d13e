import assert from 'node:assert/strict';
import { Vacancy } from '../../../lib/node/dev/vacancy.js';

describe('the time without a leader', () => {
  let vacancy: Vacancy;
  beforeEach(() => (vacancy = new Vacancy()));

  it('is none before the first leader: the cluster is only starting', () => {
    assert.equal(vacancy.seen(null, 0, 100), null);
    assert.equal(vacancy.seen('m1', 1, 900), null);
  });

  it('runs from the end of the leader’s process to the look that sees the next', () => {
    vacancy.seen('m1', 1, 100);
    vacancy.ended('m1', 1000);
    assert.equal(vacancy.seen(null, 1, 1100), null);
    assert.equal(vacancy.seen('m2', 2, 1250), 250);
  });

  it('runs from the first look without one when no process ended', () => {
    vacancy.seen('m1', 1, 100);
    vacancy.seen(null, 2, 1000);
    vacancy.seen(null, 2, 1200);
    assert.equal(vacancy.seen('m2', 2, 1500), 500);
  });

  it('does not end with a look that began before the death and still names the dead', () => {
    vacancy.seen('m1', 1, 100);
    vacancy.ended('m1', 1000);
    assert.equal(vacancy.seen('m1', 1, 1010), null);
    assert.equal(vacancy.seen('m2', 2, 1250), 250);
  });

  it('ends when the same master, started again, leads in a new term', () => {
    vacancy.seen('m1', 1, 100);
    vacancy.ended('m1', 1000);
    assert.equal(vacancy.seen('m1', 2, 3000), 2000);
  });

  it('was none when the same leader answers again in its term', () => {
    vacancy.seen('m1', 1, 100);
    vacancy.seen(null, 1, 1000);
    assert.equal(vacancy.seen('m1', 1, 1200), null);
    assert.equal(vacancy.seen('m2', 2, 9000), null, 'a hand-over leaves no such time');
  });

  it('does not begin with the end of another process', () => {
    vacancy.seen('m1', 1, 100);
    vacancy.ended('m2', 1000);
    assert.equal(vacancy.seen('m3', 2, 1250), null);
  });

  it('begins once: the next one counts from its own beginning', () => {
    vacancy.seen('m1', 1, 100);
    vacancy.ended('m1', 1000);
    vacancy.seen('m2', 2, 1250);
    vacancy.ended('m2', 5000);
    assert.equal(vacancy.seen('m3', 3, 5300), 300);
  });
});
