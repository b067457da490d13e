import type { SessionId } from '../../base/index.js';
import type { SessionTable } from './table.js';
import type { SequenceLookup, SessionsView, SessionView } from './types.js';

export class SessionTableView implements SessionsView {
  private readonly sessions: SessionTable;

  constructor(sessions: SessionTable) {
    this.sessions = sessions;
  }

  get size(): number {
    return this.sessions.sessions.records;
  }

  get(session: SessionId): SessionView | null {
    const row = this.sessions.find(session);
    if (row < 0) return null;
    return {
      session,
      timeoutMs: this.sessions.timeoutMs.get(row),
      usedRevision: this.sessions.usedRevision.get(row),
      acknowledgedBelow: this.sessions.acknowledgedBelow.get(row),
      keptResults: this.sessions.keptResults(row),
    };
  }

  list(): SessionView[] {
    return this.sessions.ids().flatMap((id) => this.get(id) ?? []);
  }

  lookup(session: SessionId, sequence: number): SequenceLookup {
    const row = this.sessions.find(session);
    if (row < 0) return { kind: 'no-session' };
    if (sequence < this.sessions.acknowledgedBelow.get(row)) return { kind: 'stale' };
    const result = this.sessions.result(session, row, sequence);
    return result === null ? { kind: 'new' } : { kind: 'answered', result };
  }
}
