import assert from 'node:assert/strict';
import { judgeLock } from '../../chaos/judges/zookeeper/locks.js';
import type { Timed } from '../../chaos/judges/zookeeper/records.js';
import { Recorder, SECOND } from './wire-histories.js';

const one = new Recorder('one');
const other = new Recorder('other');

function hold(who: Recorder, fence: number, from: number, until: number): Timed[] {
  return [
    who.record(from, { wire: 'hold', fence }),
    who.record(from + 0.1, { wire: 'fence', fence }),
    // It notices a little later that it has held it until then.
    who.record(until + 0.2, { wire: 'release', fence, untilNs: until * SECOND, why: 'done' }),
  ];
}

function problems(...holds: Timed[][]): string[] {
  return judgeLock(holds.flat().sort((a, b) => a.ns - b.ns));
}

describe('a lock', () => {
  it('has one holder after the other, with rising numbers', () => {
    assert.deepEqual(problems(hold(one, 5, 1, 2), hold(other, 7, 2.05, 3), hold(one, 9, 3.1, 4)), []);
  });

  it('never has two holders', () => {
    assert.match(
      problems(hold(one, 5, 1, 2), hold(other, 7, 1.5, 3))[0] ?? '',
      /other .* while one .* had it/,
    );
  });

  it('never has a second holder while the first one has it for good', () => {
    const forGood = [one.record(1, { wire: 'hold', fence: 5 })];
    assert.equal(problems(forGood, hold(other, 7, 3, 4)).length, 1);
  });

  it('never gives a lower number to a later holder', () => {
    assert.match(problems(hold(one, 7, 1, 2), hold(other, 5, 3, 4))[0] ?? '', /no higher number/);
  });

  it('never has a former holder write after a later one', () => {
    const late = [one.record(3.5, { wire: 'fence', fence: 5 })];
    assert.deepEqual(problems(hold(one, 5, 1, 2), hold(other, 7, 3, 4), late), [
      'one wrote with number 5 at 3.500 s, after 7',
    ]);
  });
});
