import type { SessionId } from '../../base/index.js';
import type { SessionsView } from '../../state/index.js';
import { Deadlines } from '../time/deadlines.js';

interface Watched {
  readonly timeoutMs: number;
  usedRevision: number;
  unusedSinceMs: number;
}

/** A use is noticed within this share of the session's timeout, so an expiry is late by at most that. */
const LOOKS_PER_TIMEOUT = 16;

/**
 * When client sessions were last used. Commands of a session raise `usedRevision` in the machine without an
 * event of their own, which would double the events of the hottest path: it is looked at now and then instead.
 */
export class SessionDeadlines {
  private readonly sessions: () => SessionsView;
  private readonly watched: Map<SessionId, Watched> = new Map();
  private readonly looks: Deadlines<SessionId>;

  constructor(slotMs: number, sessions: () => SessionsView) {
    this.sessions = sessions;
    this.looks = new Deadlines(slotMs);
  }

  start(nowMs: number): void {
    for (const { session } of this.sessions().list()) this.opened(session, nowMs);
  }

  stop(): void {
    this.watched.clear();
    this.looks.clear();
  }

  opened(session: SessionId, nowMs: number): void {
    const view = this.sessions().get(session);
    if (view === null) return;
    const { timeoutMs, usedRevision } = view;
    this.watched.set(session, { timeoutMs, usedRevision, unusedSinceMs: nowMs });
    this.looks.set(session, nowMs + timeoutMs / LOOKS_PER_TIMEOUT);
  }

  ended(session: SessionId): void {
    this.watched.delete(session);
    this.looks.delete(session);
  }

  /** Its client asked something that left no trace in the log. */
  used(session: SessionId, nowMs: number): void {
    const one = this.watched.get(session);
    if (one !== undefined) one.unusedSinceMs = nowMs;
  }

  /** Looks at the session again at `atMs`: its expiry was not committed. */
  retry(session: SessionId, atMs: number): void {
    if (this.watched.has(session)) this.looks.set(session, atMs);
  }

  /** Sessions unused for their whole timeout, each with the use it was judged by. */
  expired(nowMs: number): { readonly session: SessionId; readonly usedRevision: number }[] {
    const over: { session: SessionId; usedRevision: number }[] = [];
    for (const session of this.looks.expired(nowMs)) {
      const one = this.watched.get(session);
      const view = this.sessions().get(session);
      if (one === undefined || view === null) continue;
      if (view.usedRevision !== one.usedRevision) {
        one.usedRevision = view.usedRevision;
        one.unusedSinceMs = nowMs;
      }
      const endMs = one.unusedSinceMs + one.timeoutMs;
      if (endMs <= nowMs) over.push({ session, usedRevision: one.usedRevision });
      else this.looks.set(session, Math.min(endMs, nowMs + one.timeoutMs / LOOKS_PER_TIMEOUT));
    }
    return over;
  }
}
