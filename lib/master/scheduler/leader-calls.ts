import type { ErrorCode, TimerHandle } from '../../base/index.js';
import type { CallMethod, CallReply } from '../../replica/types.js';
import type { MasterContext } from '../context.js';
import { Deadlines } from '../time/deadlines.js';
import { accepted, refused, unknownOutcome, type Answer, type Answered } from './replies.js';
import type { SchedulerLimits } from './types.js';

interface Open {
  readonly method: CallMethod;
  readonly body: Uint8Array;
  readonly answered: Answered;
  /** No further attempt is made after this. */
  readonly lastAttemptMs: number;
  /** The outcome of some attempt is not known. */
  lost: boolean;
}

const LOOK_MS = 200;

/**
 * Calls that only the leader can judge. A call whose leader was lost is made again, of the next one, until the
 * deadline: the service's calls change something at most once per (session, sequence), or nothing that lasts.
 */
export class LeaderCalls {
  private readonly context: MasterContext;
  private readonly limits: SchedulerLimits;
  /** One timer for all calls: an attempt ends by itself, so this is for a last one that outlasts its call. */
  private readonly deadlines: Deadlines<Open> = new Deadlines(LOOK_MS);
  private timer: TimerHandle | null = null;

  constructor(context: MasterContext, limits: SchedulerLimits) {
    this.context = context;
    this.limits = limits;
  }

  call(method: CallMethod, body: Uint8Array, answered: Answered): void {
    const lastAttemptMs = this.context.clock.monotonicMs() + this.limits.callDeadlineMs;
    const open: Open = { method, body, answered, lastAttemptMs, lost: false };
    this.deadlines.set(open, lastAttemptMs + this.limits.callGraceMs);
    this.look();
    this.attempt(open);
  }

  stop(): void {
    this.timer?.cancel();
    this.timer = null;
  }

  private attempt(open: Open): void {
    if (!this.deadlines.has(open)) return;
    this.context.replica.callLeader(open.method, open.body, (reply) => {
      if (!this.deadlines.has(open)) return;
      if (isLost(reply) && this.context.clock.monotonicMs() < open.lastAttemptMs) {
        open.lost = true;
        this.context.timers.after(this.limits.callRetryMs, () => this.attempt(open));
      } else {
        this.deadlines.delete(open);
        open.answered(answerOf(reply, open.lost));
      }
    });
  }

  private look(): void {
    if (this.timer !== null || this.deadlines.size === 0) return;
    this.timer = this.context.timers.after(LOOK_MS, () => {
      this.timer = null;
      const longestMs = this.limits.callDeadlineMs + this.limits.callGraceMs;
      for (const { answered } of this.deadlines.expired(this.context.clock.monotonicMs())) {
        answered(unknownOutcome(`the leader did not answer within ${longestMs} ms`));
      }
      this.look();
    });
  }
}

/** Refusals that say nothing about an earlier attempt: no leader has judged the call. */
const UNJUDGED: ReadonlySet<ErrorCode> = new Set([
  'NO_LEADER',
  'NOT_LEADER',
  'OVERLOADED',
  'DIVERGED',
  'SHUTTING_DOWN',
  'TRANSFERRING',
]);

function answerOf(reply: CallReply, lostBefore: boolean): Answer {
  if (reply.ok) return accepted(reply.revision);
  const { code, message, unknown } = reply;
  if (lostBefore && UNJUDGED.has(code)) return unknownOutcome(`an attempt was lost, then: ${message}`);
  return { ...refused(code, message), outcomeUnknown: unknown };
}

/** Nobody knows what became of the attempt: asking again with the same sequence tells. */
function isLost(reply: CallReply): boolean {
  return !reply.ok && reply.unknown && (reply.code === 'OUTCOME_UNKNOWN' || reply.code === 'DEADLINE');
}
