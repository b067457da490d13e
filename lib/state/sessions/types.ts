import type { SessionId } from '../../base/index.js';
import type { CommandResult } from '../results.js';

/**
 * Opens a client session. The id (16 hexadecimal digits) is drawn by the proposer; opening it again is harmless.
 * An id is never drawn twice: what an ended session had sent would run again in a new one of the same id.
 */
export interface SessionOpen {
  readonly kind: 'session-open';
  readonly session: SessionId;
  /** Unused for so long, the leader proposes its expiry. */
  readonly timeoutMs: number;
}

export interface SessionClose {
  readonly kind: 'session-close';
  readonly session: SessionId;
}

/** Ends a session that went unused. Has no effect if a command of the session was applied since it was judged. */
export interface SessionExpire {
  readonly kind: 'session-expire';
  readonly session: SessionId;
  /** `SessionView.usedRevision` as the leader saw it when the deadline passed. */
  readonly usedRevision: number;
}

/**
 * Runs a command at most once per (session, sequence). Its first result is kept and answers every repetition
 * until the client acknowledges it. Sequences start at 1; gaps are allowed.
 */
export interface InSession<Inner> {
  readonly kind: 'in-session';
  readonly session: SessionId;
  readonly sequence: number;
  /** Every sequence below this one was answered to the client: its result may be dropped. At most `sequence`. */
  readonly acknowledgedBelow: number;
  readonly command: Inner;
}

export type SessionCommand = SessionOpen | SessionClose | SessionExpire;

export interface SessionView {
  readonly session: SessionId;
  readonly timeoutMs: number;
  /** Revision of the open or of the last command that ran in it: the leader re-arms its deadline on change. */
  readonly usedRevision: number;
  readonly acknowledgedBelow: number;
  readonly keptResults: number;
}

/** What is known of a sequence, without proposing anything. */
export type SequenceLookup =
  | { readonly kind: 'new' }
  | { readonly kind: 'answered'; readonly result: CommandResult }
  /** Acknowledged and dropped: SEQUENCE_STALE. */
  | { readonly kind: 'stale' }
  /** No such session: SESSION_EXPIRED. */
  | { readonly kind: 'no-session' };

export interface SessionsView {
  readonly size: number;
  get(session: SessionId): SessionView | null;
  /** All sessions in order of their ids. */
  list(): SessionView[];
  lookup(session: SessionId, sequence: number): SequenceLookup;
}
