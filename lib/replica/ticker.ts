import type { Clock, TimerHandle, Timers } from '../base/index.js';

/**
 * The one timer that drives consensus. A late tick counts as one, whatever the gap: it is handled after the
 * poll phase, so that messages which arrived during the pause are seen before anybody campaigns.
 */
export class Ticker {
  private readonly clock: Clock;
  private readonly timers: Timers;
  private readonly tickMs: number;
  /** `gapMs`: time since the tick before. */
  private readonly onTick: (gapMs: number) => void;
  private timer: TimerHandle | null = null;
  private lastMs = 0;
  private running = false;

  constructor(clock: Clock, timers: Timers, tickMs: number, onTick: (gapMs: number) => void) {
    this.clock = clock;
    this.timers = timers;
    this.tickMs = tickMs;
    this.onTick = onTick;
  }

  start(): void {
    this.running = true;
    this.lastMs = this.clock.monotonicMs();
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
    const now = this.clock.monotonicMs();
    const gapMs = now - this.lastMs;
    this.lastMs = now;
    this.arm();
    this.onTick(gapMs);
  }
}
