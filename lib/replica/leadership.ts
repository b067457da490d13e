import { memberOf, type MemberId } from '../base/index.js';
import type { Leadership } from '../raft/index.js';
import type { LeadershipView } from './types.js';

/** Follows consensus and the applied term, and turns them into the view that services act on. */
export class LeadershipTracker {
  private current: LeadershipView;
  private readonly changed: (view: LeadershipView, before: LeadershipView) => void;
  private readonly nowMs: () => number;

  constructor(nowMs: () => number, changed: (view: LeadershipView, before: LeadershipView) => void) {
    this.nowMs = nowMs;
    this.changed = changed;
    this.current = { kind: 'none', term: 0, since: nowMs() };
  }

  get view(): LeadershipView {
    return this.current;
  }

  /** Consensus changed role, term or leader. */
  consensus(leadership: Leadership): void {
    const { role, term, leader } = leadership;
    if (role === 'leader') this.become({ kind: 'elected', term });
    else if (leader !== null) this.become({ kind: 'following', term, leader: memberOf(leader) });
    else
      this.become({
        kind: 'none',
        term,
        since: this.current.kind === 'none' ? this.current.since : this.nowMs(),
      });
  }

  /** An entry of `term` was applied: a leader of that term is complete. */
  applied(term: number): void {
    if (this.current.kind === 'elected' && this.current.term === term) this.become({ kind: 'leading', term });
  }

  private become(view: LeadershipView): void {
    const before = this.current;
    if (same(before, view)) return;
    this.current = view;
    this.changed(view, before);
  }
}

function leaderOf(view: LeadershipView): MemberId | null {
  return view.kind === 'following' ? view.leader : null;
}

function same(a: LeadershipView, b: LeadershipView): boolean {
  if (a.kind === 'leading' && b.kind === 'elected' && a.term === b.term) return true;
  return a.kind === b.kind && a.term === b.term && leaderOf(a) === leaderOf(b);
}
