import type { Clock, TimerHandle, Timers } from '../../lib/base/index.js';

interface Pending {
  readonly atMs: number;
  readonly order: number;
  readonly callback: () => void;
}

/** A clock that stands still until it is advanced, and timers that follow it. */
export class VirtualTime implements Clock, Timers {
  private nowMs = 1_000_000;
  private order = 0;
  private pending: Pending[] = [];

  monotonicMs(): number {
    return this.nowMs;
  }

  wallMs(): number {
    return 1_700_000_000_000 + this.nowMs;
  }

  after(delayMs: number, callback: () => void): TimerHandle {
    const entry = { atMs: this.nowMs + delayMs, order: this.order++, callback };
    this.pending.push(entry);
    return {
      cancel: () => {
        this.pending = this.pending.filter((other) => other !== entry);
      },
    };
  }

  soon(callback: () => void): void {
    this.after(0, callback);
  }

  /** Runs everything that falls due within `ms`, in order. */
  advance(ms: number): void {
    const untilMs = this.nowMs + ms;
    for (;;) {
      const next = this.pending
        .filter(({ atMs }) => atMs <= untilMs)
        .sort((a, b) => a.atMs - b.atMs || a.order - b.order)[0];
      if (next === undefined) break;
      this.pending = this.pending.filter((other) => other !== next);
      this.nowMs = Math.max(this.nowMs, next.atMs);
      next.callback();
    }
    this.nowMs = untilMs;
  }

  get timerCount(): number {
    return this.pending.length;
  }
}
