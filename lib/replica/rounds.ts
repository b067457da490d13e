import type { Timers } from '../base/index.js';

/** Calls for a turn within one round of the loop, beyond which it counts as busy. */
const FEW = 2;
/** So many rounds have to be quiet again, one after the other, before a turn begins at once. */
const QUIET_ROUNDS = 200;

/**
 * Decides when turns begin. In a busy round of the loop (libuv's: poll, then check) one turn after all its events makes
 * batches. In a quiet one somebody waits for the single thing that happened, and its turn begins at once: what it says to
 * others leaves in the same round, which it does not from a turn at the end of one.
 */
export class Rounds {
  private readonly timers: Timers;
  private readonly turn: (early: boolean) => void;
  private scheduled = false;
  private turning = false;
  /** A turn began at once in this round: others wait for its end. */
  private begun = false;
  private calls = 0;
  private busy = 0;
  /** To be done at the end of this round. */
  private last: (() => void) | null = null;

  /** `turn` is told whether it is early: the round goes on after it. */
  constructor(timers: Timers, turn: (early: boolean) => void) {
    this.timers = timers;
    this.turn = turn;
  }

  /** A turn is to run. */
  schedule(): void {
    this.calls++;
    if (this.scheduled) return;
    this.scheduled = true;
    const { timers } = this;
    const early = !this.turning && !this.begun && this.busy === 0;
    if (early && timers.promptly !== undefined) timers.promptly(this.early);
    else timers.soon(this.late);
  }

  /** Within an early turn: does `work` after what the turn said has left. One at a time. */
  atEnd(work: () => void): void {
    this.last = work;
  }

  private readonly early = (): void => {
    this.begun = true;
    this.timers.soon(this.ended);
    this.run(true);
  };

  private readonly late = (): void => {
    this.judge();
    this.run(false);
  };

  private readonly ended = (): void => {
    this.begun = false;
    this.judge();
    const { last } = this;
    this.last = null;
    last?.();
  };

  private run(early: boolean): void {
    this.scheduled = false;
    this.calls = 0;
    this.turning = true;
    this.turn(early);
    this.turning = false;
  }

  private judge(): void {
    this.busy = this.calls > FEW ? QUIET_ROUNDS : Math.max(0, this.busy - 1);
  }
}
