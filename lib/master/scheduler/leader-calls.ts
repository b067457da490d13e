import type { ErrorCode } from '../../base/index.js';
import type { CallMethod, CallReply } from '../../replica/types.js';
import type { MasterContext } from '../context.js';
import { accepted, refused, unknownOutcome, type Answer, type Answered } from './replies.js';
import type { SchedulerLimits } from './types.js';

/**
 * Calls that only the leader can judge. A call whose leader was lost is made again, of the next one, until the
 * deadline: the service's calls change something at most once per (session, sequence), or nothing that lasts.
 */
export class LeaderCalls {
  private readonly context: MasterContext;
  private readonly limits: SchedulerLimits;

  constructor(context: MasterContext, limits: SchedulerLimits) {
    this.context = context;
    this.limits = limits;
  }

  call(method: CallMethod, body: Uint8Array, answered: Answered): void {
    const { clock, timers } = this.context;
    const deadlineMs = clock.monotonicMs() + this.limits.callDeadlineMs;
    let open = true;
    const end: Answered = (answer) => {
      if (!open) return;
      open = false;
      deadline.cancel();
      answered(answer);
    };
    // The driver ends each attempt itself, and knows whether it was ever sent: this is for what outlasts that.
    const longestMs = this.limits.callDeadlineMs + this.limits.callGraceMs;
    const deadline = timers.after(longestMs, () => {
      end(unknownOutcome(`the leader did not answer within ${longestMs} ms`));
    });
    let lost = false;
    const attempt = (): void => {
      this.context.replica.callLeader(method, body, (reply) => {
        if (!open) return;
        if (!isLost(reply) || clock.monotonicMs() >= deadlineMs) return end(answerOf(reply, lost));
        lost = true;
        timers.after(this.limits.callRetryMs, attempt);
      });
    };
    attempt();
  }
}

/** Refusals that say nothing about an earlier attempt: no leader has judged the call. */
const UNJUDGED: ReadonlySet<ErrorCode> = new Set([
  'NO_LEADER',
  'NOT_LEADER',
  'OVERLOADED',
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
