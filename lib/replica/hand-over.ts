import { memberOf, type ErrorCode, type MemberId, type NodeId } from '../base/index.js';
import type { RunningMember } from './running.js';
import { TransferWaiters } from './transfers.js';
import type { LeadershipView } from './types.js';

type Done = (error: { readonly code: ErrorCode; readonly message: string } | null) => void;

export interface HandOverHost {
  readonly memberId: MemberId;
  /** The running member, while it leads. */
  readonly leader: () => RunningMember | null;
  readonly nowMs: () => number;
  readonly soon: (callback: () => void) => void;
  /** How long the next leader may take to show itself. */
  readonly patienceMs: number;
}

/** A leader that is asked to let another voter lead: whom it chooses, and what the asker is told in the end. */
export class HandOver {
  private readonly host: HandOverHost;
  private readonly waiters: TransferWaiters;

  constructor(host: HandOverHost) {
    this.host = host;
    this.waiters = new TransferWaiters(host.nowMs, host.patienceMs);
  }

  /** `to` null: the voter whose log is furthest. */
  ask(to: MemberId | null, done: Done): void {
    const { memberId, leader, soon } = this.host;
    const running = leader();
    if (running === null)
      return soon(() => done({ code: 'NOT_LEADER', message: `${memberId} does not lead` }));
    // Asked again after an answer was lost, or by somebody who does not know: it is as they want it.
    if (to === memberId) return soon(() => done(null));
    const target = targetOf(running, to);
    if (target === null || !running.transfer(target)) {
      const message = `${to ?? 'another voter'} cannot take over: ${running.trouble()}`;
      return soon(() => done({ code: 'INVALID_ARGUMENT', message }));
    }
    this.waiters.add(memberOf(target), done);
  }

  viewChanged(view: LeadershipView): void {
    this.waiters.viewChanged(view);
  }

  expire(nowMs: number): void {
    this.waiters.expire(nowMs);
  }

  close(): void {
    this.waiters.close();
  }
}

/** The voter to hand over to: the one asked for, or the one whose log is furthest. */
function targetOf(running: RunningMember, to: MemberId | null): NodeId | null {
  const peers = running.raftStatus.peers.filter((peer) => !peer.learner && peer.recentlyActive);
  const candidates = to === null ? peers : peers.filter((peer) => memberOf(peer.id) === to);
  return (
    candidates.reduce<(typeof peers)[number] | null>(
      (best, peer) => (best === null || peer.match > best.match ? peer : best),
      null,
    )?.id ?? null
  );
}
