import type { FrameworkId } from '../../base/index.js';
import type { PlainCommand, StateEvent } from '../../state/index.js';
import { proposeCommand, type MasterContext } from '../context.js';
import type { LeaderLoop } from '../leader-loop.js';
import { Deadlines } from '../time/deadlines.js';

export interface FailoverLimits {
  /** The remaining time is committed anew every tenth of the timeout, but not more often than this. */
  readonly shortestCommitMs: number;
  /** A proposal that came to nothing is repeated after this long. */
  readonly retryMs: number;
}

export const FAILOVER_LIMITS: FailoverLimits = { shortestCommitMs: 30_000, retryMs: 500 };

/** A change of leader costs a framework at most this share of its failover timeout. */
const COMMITS_PER_TIMEOUT = 10;

interface Countdown {
  readonly subscription: number;
  readonly remainingMs: number;
  /** When `remainingMs` was left, on the leader's clock. */
  readonly sinceMs: number;
  /** Between two commits of the remaining time. */
  readonly commitMs: number;
}

/**
 * Counts down the failover time of disconnected frameworks. What is left is replicated now and then, so that a
 * new leader goes on counting where the old one was; at zero the framework is torn down.
 */
export class FailoverTimers implements LeaderLoop {
  private readonly context: MasterContext;
  private readonly limits: FailoverLimits;
  private readonly nowMs: () => number;
  private readonly countdowns: Map<FrameworkId, Countdown> = new Map();
  private readonly due: Deadlines<FrameworkId>;
  private term: number | null = null;

  constructor(context: MasterContext, limits: FailoverLimits, slotMs: number, nowMs: () => number) {
    this.context = context;
    this.limits = limits;
    this.nowMs = nowMs;
    this.due = new Deadlines(slotMs);
  }

  start(term: number): void {
    this.term = term;
    for (const { frameworkId } of this.context.replica.machine.frameworks.list()) this.count(frameworkId);
  }

  stop(): void {
    this.term = null;
    this.countdowns.clear();
    this.due.clear();
  }

  applied(events: readonly StateEvent[]): void {
    if (this.term === null) return;
    for (const event of events) {
      if (event.kind === 'framework-disconnected') this.count(event.frameworkId);
      else if (event.kind === 'framework-subscribed' || event.kind === 'framework-tearing-down') {
        this.forget(event.frameworkId);
      }
    }
  }

  /** Milliseconds left of a framework's failover time; null when it is not being counted here. */
  remainingMs(frameworkId: FrameworkId): number | null {
    const countdown = this.countdowns.get(frameworkId);
    return countdown === undefined ? null : remainingAt(countdown, this.nowMs());
  }

  tick(nowMs: number): void {
    if (this.term === null) return;
    for (const frameworkId of this.due.expired(nowMs)) {
      const countdown = this.countdowns.get(frameworkId);
      if (countdown !== undefined) this.act(frameworkId, countdown, nowMs);
    }
  }

  private count(frameworkId: FrameworkId): void {
    const framework = this.context.replica.machine.frameworks.get(frameworkId);
    if (framework?.status.kind !== 'disconnected') return this.forget(frameworkId);
    const { subscription, failoverTimeoutMs } = framework;
    const commitMs = Math.max(failoverTimeoutMs / COMMITS_PER_TIMEOUT, this.limits.shortestCommitMs);
    const sinceMs = this.nowMs();
    const countdown = { subscription, remainingMs: framework.status.remainingMs, sinceMs, commitMs };
    this.countdowns.set(frameworkId, countdown);
    this.arm(frameworkId, countdown, sinceMs);
  }

  private forget(frameworkId: FrameworkId): void {
    this.countdowns.delete(frameworkId);
    this.due.delete(frameworkId);
  }

  private arm(frameworkId: FrameworkId, countdown: Countdown, nowMs: number): void {
    this.due.set(frameworkId, nowMs + Math.min(countdown.commitMs, remainingAt(countdown, nowMs)));
  }

  private act(frameworkId: FrameworkId, countdown: Countdown, nowMs: number): void {
    const { subscription } = countdown;
    const remainingMs = Math.round(remainingAt(countdown, nowMs));
    if (remainingMs > 0) {
      this.arm(frameworkId, countdown, nowMs);
      const command = {
        kind: 'framework-failover-remaining',
        frameworkId,
        subscription,
        remainingMs,
      } as const;
      // Not repeated when it fails: the next one says more.
      return proposeCommand(this.context, command, () => {});
    }
    this.context.logger.warn({ frameworkId }, 'failover timeout: the framework is torn down');
    this.teardown(frameworkId, countdown, {
      kind: 'framework-teardown',
      frameworkId,
      cause: 'failover-timeout',
      subscription,
    });
  }

  private teardown(frameworkId: FrameworkId, countdown: Countdown, command: PlainCommand): void {
    const { term } = this;
    proposeCommand(this.context, command, (outcome) => {
      if (outcome.kind === 'applied' || this.term !== term) return;
      if (this.countdowns.get(frameworkId) !== countdown) return;
      this.due.set(frameworkId, this.nowMs() + this.limits.retryMs);
    });
  }
}

function remainingAt(countdown: Countdown, nowMs: number): number {
  return Math.max(0, countdown.remainingMs - (nowMs - countdown.sinceMs));
}
