import type { TimerHandle } from '../../base/index.js';
import type { DigestVerdict, PlainCommand } from '../../state/index.js';
import { proposeCommand, type MasterContext } from '../context.js';
import type { LeaderLoop } from '../leader-loop.js';

/**
 * Keeps the alarm of the group's record in step with its newest judged checkpoint: raised when no value has a
 * majority, told anew while that lasts, cleared when a later checkpoint has one.
 */
export class AlarmKeeper implements LeaderLoop {
  private readonly context: MasterContext;
  private readonly retryMs: number;
  private readonly verdicts: () => readonly DigestVerdict[];
  private term: number | null = null;
  private inFlight = false;
  private retry: TimerHandle | null = null;

  constructor(context: MasterContext, retryMs: number, verdicts: () => readonly DigestVerdict[]) {
    this.context = context;
    this.retryMs = retryMs;
    this.verdicts = verdicts;
  }

  start(term: number): void {
    this.term = term;
    this.inFlight = false;
    this.review();
  }

  stop(): void {
    this.term = null;
    this.retry?.cancel();
    this.retry = null;
  }

  /** Called whenever a digest was reported. */
  review(): void {
    const { term } = this;
    if (term === null || this.inFlight || this.retry !== null) return;
    const command = this.due();
    if (command === null) return;
    this.inFlight = true;
    proposeCommand(this.context, command, (outcome) => {
      if (this.term !== term) return;
      this.inFlight = false;
      if (outcome.kind === 'applied' && outcome.result.ok) {
        const { value } = outcome.result;
        if (value.kind === 'effect' && value.changed) this.review();
        return;
      }
      // Not every member knows alarms yet: the next checkpoint asks again.
      const tooNew = outcome.kind === 'refused' && outcome.code === 'UNSUPPORTED';
      if (tooNew) return this.context.logger.error({ outcome }, 'members differ, and no alarm can be raised');
      this.context.logger.warn({ outcome, command }, 'an alarm could not be changed; tried again');
      this.retry = this.context.timers.after(this.retryMs, () => {
        this.retry = null;
        this.review();
      });
    });
  }

  private due(): PlainCommand | null {
    const { alarm } = this.context.replica.machine;
    const judged = this.verdicts().findLast((verdict) => verdict.kind !== 'open');
    if (judged === undefined || (alarm !== null && alarm.index >= judged.index)) return null;
    const { index } = judged;
    if (judged.kind === 'split') return { kind: 'alarm-raise', index, digests: judged.view.digests };
    return alarm === null ? null : { kind: 'alarm-clear', index };
  }
}
