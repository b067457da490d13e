import type { ErrorCode } from '../../base/index.js';
import { isJoint, sameNodes, type Configuration, type ProposeResult } from '../../raft/index.js';

/** Null: the change is committed. */
export type ChangeDone = (
  refusal: { readonly code: ErrorCode; readonly message: string; readonly unknown: boolean } | null,
) => void;

export interface PendingChangeHost {
  /** The configuration in force, and whether it is committed. */
  readonly present: () => { readonly configuration: Configuration; readonly committed: boolean };
  readonly propose: (next: Configuration) => ProposeResult;
}

interface Pending {
  readonly next: Configuration;
  readonly what: string;
  readonly done: ChangeDone;
}

/** Callers that may wait for a change that is not theirs. */
const WAITING = 64;

/** The one change of the configuration that may be under way, and who waits for it. */
export class PendingChange {
  private readonly host: PendingChangeHost;
  private pending: Pending | null = null;
  /** Who waits for whatever is under way to end, one way or the other. */
  private waiting: Omit<Pending, 'next'>[] = [];

  constructor(host: PendingChangeHost) {
    this.host = host;
  }

  /** The change under way, for people; null when there is none. */
  get what(): string | null {
    if (this.pending !== null) return this.pending.what;
    const { configuration, committed } = this.host.present();
    return committed && !isJoint(configuration) ? null : 'a change begun earlier';
  }

  begin(next: Configuration, what: string, done: ChangeDone): void {
    const busy = this.what;
    if (busy !== null) {
      done({ code: 'CHANGE_PENDING', message: `one change at a time: ${busy} is under way`, unknown: false });
      return;
    }
    const result = this.host.propose(next);
    if (result.ok) this.pending = { next, what, done };
    else done({ ...refusalOf(result.reason), unknown: false });
  }

  /** Calls back once nothing is under way: only then is what is in force there to stay. */
  settled(what: string, done: ChangeDone): void {
    if (this.what === null) return done(null);
    if (this.waiting.length < WAITING) this.waiting.push({ what, done });
    else done({ code: 'OVERLOADED', message: `${WAITING} others wait for ${this.what}`, unknown: false });
  }

  /** Called on each tick of a leader. */
  check(): void {
    const { pending, waiting } = this;
    if (pending === null && waiting.length === 0) return;
    const { configuration, committed } = this.host.present();
    if (!committed || isJoint(configuration)) return;
    this.pending = null;
    this.waiting = [];
    pending?.done(arrived(configuration, pending.next) ? null : lost(pending.what));
    for (const { done } of waiting) done(null);
  }

  /** The term of office is over: the next leader ends what was begun, or undoes it. */
  abandon(): void {
    const { pending, waiting } = this;
    this.pending = null;
    this.waiting = [];
    pending?.done(lost(pending.what));
    for (const { what, done } of waiting) done(lost(what));
  }
}

function arrived(configuration: Configuration, next: Configuration): boolean {
  return sameNodes(configuration.voters, next.voters) && sameNodes(configuration.learners, next.learners);
}

function lost(what: string): NonNullable<Parameters<ChangeDone>[0]> {
  const message = `leadership was lost while ${what} was under way: see \`tepui members\``;
  return { code: 'OUTCOME_UNKNOWN', message, unknown: true };
}

function refusalOf(reason: Extract<ProposeResult, { ok: false }>['reason']): {
  readonly code: ErrorCode;
  readonly message: string;
} {
  switch (reason) {
    case 'not-leader':
      return { code: 'NOT_LEADER', message: 'this member does not lead' };
    case 'transferring':
      return { code: 'TRANSFERRING', message: 'leadership is being handed over' };
    case 'overloaded':
      return { code: 'OVERLOADED', message: 'too much is on its way' };
    case 'pending-configuration':
      return {
        code: 'CHANGE_PENDING',
        message: 'one change at a time: the leader is new, or one is under way',
      };
  }
}
