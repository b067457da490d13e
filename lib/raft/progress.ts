import { assert, type NodeId } from '../base/index.js';
import { CatchUp, type CatchUpState } from './catch-up.js';
import { Inflight, type InflightLimits } from './inflight.js';
import type { LogIndex, PeerProgress } from './types.js';

/**
 * How the leader sends to one peer:
 * - probe: where the logs agree is not known; one append at a time, the next after an answer of any kind.
 * - replicate: appends stream ahead of their answers, as far as the window allows.
 * - snapshot: the next entry was compacted away; nothing is sent until the state has been.
 */
export type SendState =
  | { readonly kind: 'probe'; paused: boolean }
  | { readonly kind: 'replicate' }
  | { readonly kind: 'snapshot'; sentAtTick: number | null };

/** One peer as its leader sees it. */
export class Progress {
  readonly id: NodeId;
  learner: boolean;
  state: SendState = { kind: 'probe', paused: false };
  /** Messages of `replicate` not answered; empty in the other states. */
  readonly inflight: Inflight;
  readonly catchUp: CatchUp = new CatchUp();
  /** Highest index known to be durable there and equal to ours. match < next. */
  match: LogIndex = 0;
  next: LogIndex;
  /** Tick of the leader's clock at which the peer was last heard, in this term. */
  activeTick: number;
  /** Highest read round the peer has answered. */
  confirmedRound = 0;
  /** Highest commit index sent with entries the peer will then hold. */
  toldCommit: LogIndex = 0;
  /** Somebody there waits for commits up to this index. */
  awaited: LogIndex = 0;
  /** An empty append is due: the answer tells whether what was sent has arrived. */
  checkDue = false;

  constructor(id: NodeId, learner: boolean, next: LogIndex, tick: number, limits: InflightLimits) {
    this.id = id;
    this.learner = learner;
    this.next = next;
    this.activeTick = tick;
    this.inflight = new Inflight(limits);
  }

  /** Whether entries may be sent now. */
  get sendable(): boolean {
    switch (this.state.kind) {
      case 'probe':
        return !this.state.paused;
      case 'replicate':
        return !this.inflight.full;
      case 'snapshot':
        return false;
    }
  }

  /** `paused`: nothing is sent before the peer answers a heartbeat. */
  probe(next: LogIndex, paused: boolean = false): void {
    assert(next > this.match, () => `next ${next} ≤ match ${this.match} of ${this.id}`);
    this.enter({ kind: 'probe', paused });
    this.next = next;
    // What was told may be lost.
    this.toldCommit = 0;
  }

  replicate(): void {
    this.enter({ kind: 'replicate' });
    this.next = this.match + 1;
    this.toldCommit = Math.min(this.toldCommit, this.match);
  }

  awaitSnapshot(): void {
    this.enter({ kind: 'snapshot', sentAtTick: null });
  }

  /** Notes an append of `bytes` that ends at `lastIndex` and carried `commit`. */
  sent(lastIndex: LogIndex, bytes: number, commit: LogIndex): void {
    this.toldCommit = Math.max(this.toldCommit, Math.min(commit, lastIndex));
    this.checkDue = false;
    if (this.state.kind === 'probe') {
      this.state.paused = true;
    } else if (lastIndex >= this.next) {
      this.inflight.add(lastIndex, bytes);
      this.next = lastIndex + 1;
    }
  }

  /** The peer holds everything up to `index`. False when that was known. */
  acknowledged(index: LogIndex): boolean {
    this.inflight.freeUpTo(index);
    this.next = Math.max(this.next, index + 1);
    if (index <= this.match) return false;
    this.match = index;
    return true;
  }

  /**
   * The peer refused entries after `rejected`; `hint` is where the logs may agree. False when the answer is
   * outdated. A refusal at `match` itself means that the peer lost what it had (a damaged log): it is then
   * taken at its word, since a lower match only costs messages.
   */
  refused(rejected: LogIndex, hint: LogIndex): boolean {
    if (this.state.kind === 'snapshot' || rejected < this.match) return false;
    if (this.state.kind === 'probe' && rejected !== this.next - 1) return false;
    if (rejected === this.match) this.match = Math.max(0, Math.min(this.match, hint, rejected - 1));
    const next = this.state.kind === 'replicate' ? this.match + 1 : Math.min(rejected, hint + 1);
    this.probe(Math.max(this.match + 1, next));
    return true;
  }

  /** The peer answered a heartbeat: it is alive, so ask again whether it has what was sent. */
  resume(lastIndex: LogIndex): void {
    if (this.state.kind === 'probe') this.state.paused = false;
    else if (this.state.kind === 'replicate') this.checkDue = this.match < lastIndex;
  }

  awaits(index: LogIndex): void {
    this.awaited = Math.max(this.awaited, index);
  }

  describe(recentlyActive: boolean, catchUp: CatchUpState): PeerProgress {
    return {
      id: this.id,
      state: this.state.kind,
      match: this.match,
      next: this.next,
      recentlyActive,
      inflightMessages: this.inflight.messages,
      inflightBytes: this.inflight.bytes,
      learner: this.learner,
      catchUp,
      slowRounds: this.catchUp.slowRounds,
      answeredRound: this.confirmedRound,
    };
  }

  private enter(state: SendState): void {
    this.state = state;
    this.inflight.clear();
    this.checkDue = false;
  }
}
