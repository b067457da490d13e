import type { TimerHandle, Timers } from '../base/index.js';

/**
 * The one timer that drives consensus. A late tick counts as one, whatever the gap: it is handled after the
 * poll phase, so that messages which arrived during the pause are seen before anybody campaigns.
 */
export class Ticker {
  private readonly timers: Timers;
  private readonly tickMs: number;
  private readonly onTick: () => void;
  private timer: TimerHandle | null = null;
  private running = false;

  constructor(timers: Timers, tickMs: number, onTick: () => void) {
    this.timers = timers;
    this.tickMs = tickMs;
    this.onTick = onTick;
  }

  start(): void {
    this.running = true;
    this.arm();
  }

  stop(): void {
    this.running = false;
    this.timer?.cancel();
  }

  private arm(): void {
    this.timer = this.timers.after(this.tickMs, () => this.timers.soon(() => this.tick()));
  }

  private tick(): void {
    if (!this.running) return;
    this.arm();
    this.onTick();
  }
}
