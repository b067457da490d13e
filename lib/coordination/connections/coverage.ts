import type { SessionId } from '../../base/index.js';

/**
 * Until when a session may be answered, by what this member knows. The leader lets a session live for its whole
 * timeout from every report that names it; a report is known to have arrived when a leader with a quorum behind it
 * acknowledged it. `coveredAt` is when the last such report that named the session left here, so the leader's
 * deadline is at least `coveredAt` and a timeout.
 *
 *     coveredAt           + 1/3                 + 2/3                      + 1
 *     |  answered         |  answers wait       |  connection is closed    |  the leader may expire it
 *
 * A client takes its connection for lost when it hears nothing for two thirds of the timeout: whatever it was last
 * told, it knows that it is cut off before anybody can see its ephemeral nodes vanish.
 */
export class Coverage {
  private readonly covered: Map<SessionId, number> = new Map();
  private touched: Set<SessionId> = new Set();
  /** Reports that nobody acknowledged yet, oldest first. */
  private reports: { readonly sentAtMs: number; readonly sessions: ReadonlySet<SessionId> }[] = [];

  /** Sessions that a report named which nobody acknowledged yet, and when the last such report left. */
  private readonly unconfirmed: Map<SessionId, number> = new Map();

  /** The session was attached here by an entry that was proposed at `atMs`: its deadline was renewed after that. */
  attached(session: SessionId, atMs: number): void {
    this.covered.set(session, atMs);
  }

  /**
   * Its connection here is gone. What it asked for just before still goes into the next report: its timeout runs from
   * then, not from the report before.
   */
  detached(session: SessionId): void {
    this.covered.delete(session);
    this.unconfirmed.delete(session);
  }

  /** Its client sent something. */
  heard(session: SessionId): void {
    this.touched.add(session);
  }

  /**
   * There is something to say to it, and it may not be answered: names it again if the report that did may be lost.
   * What its client sends keeps a session alive, never what its client is sent.
   */
  again(session: SessionId): void {
    if (this.unconfirmed.has(session)) this.touched.add(session);
  }

  /** Sessions heard of since the last report; call `reported` with when it left. */
  takeHeard(): ReadonlySet<SessionId> {
    const { touched } = this;
    this.touched = new Set();
    return touched;
  }

  reported(sentAtMs: number, sessions: ReadonlySet<SessionId>): void {
    if (sessions.size === 0) return;
    this.reports.push({ sentAtMs, sessions });
    if (this.reports.length > REPORTS_KEPT) this.reports.shift();
    for (const session of sessions) if (this.covered.has(session)) this.unconfirmed.set(session, sentAtMs);
  }

  /** The report that left at `sentAtMs` arrived at a leader. Earlier ones that were not acknowledged may be lost. */
  acknowledged(sentAtMs: number): void {
    const report = this.reports.find((one) => one.sentAtMs === sentAtMs);
    this.reports = this.reports.filter((one) => one.sentAtMs > sentAtMs);
    if (report === undefined) return;
    for (const session of report.sessions) {
      if (this.unconfirmed.get(session) === sentAtMs) this.unconfirmed.delete(session);
      const before = this.covered.get(session);
      if (before !== undefined && before < sentAtMs) this.covered.set(session, sentAtMs);
    }
  }

  mayAnswer(session: SessionId, timeoutMs: number, nowMs: number): boolean {
    const at = this.covered.get(session);
    return at !== undefined && nowMs < at + timeoutMs / 3;
  }

  mustClose(session: SessionId, timeoutMs: number, nowMs: number): boolean {
    const at = this.covered.get(session);
    return at === undefined || nowMs >= at + (timeoutMs * 2) / 3;
  }
}

/** At a few reports a second: longer than any of them is worth waiting for. */
const REPORTS_KEPT = 64;
