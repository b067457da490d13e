import type { TimerHandle } from '../../base/index.js';
import type { MasterContext } from '../context.js';
import type { LeaderLoop } from '../leader-loop.js';

export interface SteadyTimeLimits {
  /** Between two looks at the deadlines. */
  readonly sweepMs: number;
  /** A longer silence of this process is a pause: time stands still in it, and leadership is verified after it. */
  readonly pauseMs: number;
}

/**
 * The time by which a leader judges others. It stands still while this process itself did (SIGSTOP, a frozen
 * virtual machine, a long collection): what could not be heard in a pause counts against nobody. After a pause
 * nothing expires until a quorum has confirmed that this member still leads.
 */
export class SteadyTime implements LeaderLoop {
  private readonly context: MasterContext;
  private readonly limits: SteadyTimeLimits;
  private readonly expire: (nowMs: number) => void;
  private timer: TimerHandle | null = null;
  private pausedMs = 0;
  private seenMs = 0;
  /** Counts pauses: an answer to a question asked before the last one proves nothing. */
  private pauses = 0;
  private trust: 'verified' | 'doubted' | 'asking' = 'verified';

  /** `expire` is called every `sweepMs` while time can be trusted. */
  constructor(context: MasterContext, limits: SteadyTimeLimits, expire: (nowMs: number) => void) {
    this.context = context;
    this.limits = limits;
    this.expire = expire;
  }

  start(): void {
    this.seenMs = this.context.clock.monotonicMs();
    this.trust = 'verified';
    this.arm();
  }

  stop(): void {
    this.timer?.cancel();
    this.timer = null;
    this.pauses++;
  }

  /** Milliseconds of which none was a pause of this process. Only meaningful between `start` and `stop`. */
  nowMs(): number {
    const now = this.context.clock.monotonicMs();
    const silentMs = now - this.seenMs;
    this.seenMs = now;
    if (silentMs > this.limits.sweepMs + this.limits.pauseMs) this.paused(silentMs - this.limits.sweepMs);
    return now - this.pausedMs;
  }

  private paused(gapMs: number): void {
    this.pausedMs += gapMs;
    this.pauses++;
    this.trust = 'doubted';
    this.context.logger.warn({ gapMs: Math.round(gapMs) }, 'this process stood still; every deadline moves');
  }

  private arm(): void {
    this.timer = this.context.timers.after(this.limits.sweepMs, () => this.tick());
  }

  private tick(): void {
    this.arm();
    const now = this.nowMs();
    if (this.trust === 'doubted') this.ask();
    if (this.trust === 'verified') this.expire(now);
  }

  private ask(): void {
    const asked = this.pauses;
    this.trust = 'asking';
    this.context.replica.verifyLeadership((confirmed) => {
      if (asked === this.pauses) this.trust = confirmed ? 'verified' : 'doubted';
    });
  }
}
