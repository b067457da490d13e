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
    while (this.runNext(untilMs));
    this.nowMs = untilMs;
  }

  /** Moves from timer to timer, letting promises settle in between, until `reached`; fails after `limitMs`. */
  async until(what: string, reached: () => boolean, limitMs: number = 60_000): Promise<void> {
    const untilMs = this.nowMs + limitMs;
    while (!reached()) {
      if (!this.runNext(untilMs)) throw new Error(`not within ${limitMs} virtual ms: ${what}`);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** Runs the next timer due by `untilMs`. False when there is none. */
  private runNext(untilMs: number): boolean {
    const next = this.pending
      .filter(({ atMs }) => atMs <= untilMs)
      .sort((a, b) => a.atMs - b.atMs || a.order - b.order)[0];
    if (next === undefined) return false;
    this.pending = this.pending.filter((other) => other !== next);
    this.nowMs = Math.max(this.nowMs, next.atMs);
    next.callback();
    return true;
  }

  /** The process stands still for `ms`: nothing runs, and what fell due meanwhile runs late. */
  freeze(ms: number): void {
    this.nowMs += ms;
  }

  get timerCount(): number {
    return this.pending.length;
  }
}
