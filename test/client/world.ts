import { SeededRandom, type Clock, type TimerHandle, type Timers } from '../../lib/base/index.js';
import type { World } from '../../lib/client/internal.js';

interface Due {
  readonly at: number;
  readonly order: number;
  readonly callback: () => void;
}

/** A world whose time moves only when a test says so. */
export class VirtualWorld implements World {
  readonly random: SeededRandom = new SeededRandom(7);
  readonly clock: Clock = { monotonicMs: () => this.now, wallMs: () => this.now + this.wallOffset };
  readonly timers: Timers = {
    after: (delayMs, callback) => this.after(delayMs, callback),
    soon: (callback) => {
      this.after(0, callback);
    },
  };
  private now = 1000;
  private wallOffset = 0;
  private order = 0;
  private due: Due[] = [];

  /** Timers that are armed: a closed client leaves none. */
  get armed(): number {
    return this.due.length;
  }

  /** Sets the wall clock. */
  wallAtMs(ms: number): void {
    this.wallOffset = ms - this.now;
  }

  /** Lets everything happen that needs no time. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 6; turn++) await new Promise((resolve) => setImmediate(resolve));
  }

  /** Moves time on by `ms`, timer by timer, settling after each. */
  async advance(ms: number): Promise<void> {
    const until = this.now + ms;
    await this.settle();
    for (;;) {
      const next = this.due.toSorted((a, b) => a.at - b.at || a.order - b.order)[0];
      if (next === undefined || next.at > until) break;
      this.due = this.due.filter((due) => due !== next);
      this.now = Math.max(this.now, next.at);
      next.callback();
      await this.settle();
    }
    this.now = until;
  }

  private after(delayMs: number, callback: () => void): TimerHandle {
    const due = { at: this.now + delayMs, order: this.order++, callback };
    this.due.push(due);
    return {
      cancel: () => {
        this.due = this.due.filter((other) => other !== due);
      },
    };
  }
}
