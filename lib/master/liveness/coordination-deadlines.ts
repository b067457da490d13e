import type { SessionId } from '../../base/index.js';
import type { CoordinationView } from '../../state/index.js';
import { Deadlines } from '../time/deadlines.js';

/**
 * Until when coordination sessions live if nothing more is heard of them: a whole timeout from their opening, from
 * each attachment and from each report that names them. A new leader starts all of them anew.
 */
export class CoordinationDeadlines {
  private readonly view: () => CoordinationView;
  private readonly deadlines: Deadlines<SessionId>;

  constructor(slotMs: number, view: () => CoordinationView) {
    this.view = view;
    this.deadlines = new Deadlines(slotMs);
  }

  start(nowMs: number): void {
    for (const session of this.view().sessions()) this.used(session, nowMs);
  }

  stop(): void {
    this.deadlines.clear();
  }

  /** Heard of, opened or attached. Nothing happens for what is no coordination session. */
  used(session: SessionId, nowMs: number): void {
    const open = this.view().get(session);
    if (open !== null) this.deadlines.set(session, nowMs + open.timeoutMs);
  }

  ended(session: SessionId): void {
    this.deadlines.delete(session);
  }

  /** Its expiry came to nothing: it is judged again at `atMs`, unless it is heard of before. */
  retry(session: SessionId, atMs: number): void {
    if (this.view().get(session) !== null) this.deadlines.set(session, atMs);
  }

  /** Sessions that are over, each with the attachment that was judged. */
  expired(nowMs: number): { readonly session: SessionId; readonly attachment: number }[] {
    const over: { session: SessionId; attachment: number }[] = [];
    for (const session of this.deadlines.expired(nowMs)) {
      const open = this.view().get(session);
      if (open !== null) over.push({ session, attachment: open.attachment });
    }
    return over;
  }
}
