import assert from 'node:assert/strict';
import type { Timers } from '../../lib/base/index.js';
import { Rounds } from '../../lib/replica/rounds.js';

/** A loop by hand: events, each with what is to follow it at once, and what comes at the end of a round. */
class Loop implements Timers {
  readonly turns: string[] = [];
  readonly rounds: Rounds = new Rounds(this, (early) => {
    this.turns.push(early ? 'early' : 'late');
    this.within?.();
  });
  within: (() => void) | null = null;
  private prompt: (() => void)[] = [];
  private end: (() => void)[] = [];

  after(): never {
    throw new Error('no timers here');
  }

  soon(callback: () => void): void {
    this.end.push(callback);
  }

  promptly(callback: () => void): void {
    this.prompt.push(callback);
  }

  /** One round with so many events; returns the turns of it. */
  round(events: number): string[] {
    this.turns.length = 0;
    for (let n = 0; n < events; n++) {
      this.rounds.schedule();
      for (const callback of this.prompt.splice(0)) callback();
    }
    for (const callback of this.end.splice(0)) callback();
    return [...this.turns];
  }
}

describe('rounds of the loop', () => {
  it('a single event has its turn at once', () => {
    assert.deepEqual(new Loop().round(1), ['early']);
  });

  it('what else happens in that round has one turn, at its end', () => {
    assert.deepEqual(new Loop().round(5), ['early', 'late']);
  });

  it('after a busy round turns are at the end of theirs, until many have been quiet', () => {
    const loop = new Loop();
    loop.round(5);
    assert.deepEqual(loop.round(1), ['late']);
    let quiet = 1;
    while (quiet < 1000 && loop.round(1)[0] === 'late') quiet++;
    assert.ok(quiet > 50 && quiet < 1000, `${quiet}`);
  });

  it('what a turn asks for itself is another turn, never at once', () => {
    const loop = new Loop();
    loop.within = () => {
      loop.within = null;
      loop.rounds.schedule();
    };
    assert.deepEqual(loop.round(1), ['early', 'late']);
  });

  it('what an early turn leaves for the end comes before later turns', () => {
    const loop = new Loop();
    loop.within = () => {
      loop.within = null;
      loop.rounds.atEnd(() => loop.turns.push('left'));
    };
    assert.deepEqual(loop.round(2), ['early', 'left', 'late']);
  });

  it('without `promptly` all turns are at the end', () => {
    const loop = new Loop();
    Object.defineProperty(loop, 'promptly', { value: undefined });
    assert.deepEqual(loop.round(1), ['late']);
  });
});
