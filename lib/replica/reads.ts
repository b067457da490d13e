import type { ErrorCode } from '../base/index.js';
import type { ReadState } from '../raft/types.js';
import type { ReplicaLimits } from './limits.js';

type Refusal = { readonly code: ErrorCode; readonly message: string };
type Done = (refusal: Refusal | null) => void;

interface Waiting {
  readonly done: Done;
  readonly deadlineMs: number;
}

/** Reads that share one request to the leader. */
interface Round {
  readonly waiting: readonly Waiting[];
  readonly askedMs: number;
}

/** Reads whose index is known: served once it is applied. */
interface Confirmed {
  readonly index: number;
  readonly waiting: readonly Waiting[];
}

export interface ReadsHost {
  readonly limits: ReplicaLimits;
  readonly boot: number;
  readonly nowMs: () => number;
  readonly request: (context: number) => void;
  /** The index that covers every write answered so far, if this member leads under a lease that holds now. */
  readonly leasedIndex: () => number | null;
  /** Index that the machine holds; below 0 while none is in place. */
  readonly appliedIndex: () => number;
  readonly trouble: () => string;
}

/**
 * Linearizable reads (thesis §6.4): all that arrive in one turn share one read index. A request that gets no
 * answer is repeated under a new number; an answer to an older number than was asked last is as good, since
 * it was asked after those reads arrived. Under a lease the leader asks nobody: it is the only one that can have
 * answered a write.
 */
export class Reads {
  private readonly host: ReadsHost;
  private fresh: Waiting[] = [];
  /** Those that want a quorum asked, lease or not. */
  private proofs: Waiting[] = [];
  private readonly rounds = new Map<number, Round>();
  private confirmed: Confirmed[] = [];
  private context: number;
  private waitingCount = 0;
  private leased = 0;

  constructor(host: ReadsHost) {
    this.host = host;
    // Never repeated, not even by a later process: a delayed answer must not confirm a later read.
    this.context = host.boot * 2 ** 32;
  }

  /** Reads answered under a lease. */
  get underLease(): number {
    return this.leased;
  }

  /** False when too many wait. `proof`: a quorum must be asked, even if a lease would do. */
  add(done: Done, proof: boolean = false): boolean {
    if (this.waitingCount >= this.host.limits.reads) return false;
    this.waitingCount++;
    const waiting = { done, deadlineMs: this.host.nowMs() + this.host.limits.readDeadlineMs };
    (proof ? this.proofs : this.fresh).push(waiting);
    return true;
  }

  /** A number for a read index that somebody else asks for; the answer is theirs. */
  nextContext(): number {
    return ++this.context;
  }

  /** Asks for the reads of this turn. */
  flush(): void {
    if (this.fresh.length > 0) this.flushFresh();
    if (this.proofs.length === 0) return;
    const { proofs } = this;
    this.proofs = [];
    this.ask(proofs);
  }

  resolve(states: readonly ReadState[]): void {
    for (const { context, index } of states) {
      const round = this.rounds.get(context);
      // A refused round stays: the next repeat asks anew, by then perhaps of another leader.
      if (round === undefined || index < 0) continue;
      this.rounds.delete(context);
      this.confirmed.push({ index, waiting: round.waiting });
    }
    this.serve();
  }

  /** Serves what is applied. Called after every apply. */
  serve(): void {
    if (this.confirmed.length === 0) return;
    const applied = this.host.appliedIndex();
    const ready = this.confirmed.filter((one) => one.index <= applied);
    if (ready.length === 0) return;
    this.confirmed = this.confirmed.filter((one) => one.index > applied);
    for (const { waiting } of ready) for (const one of waiting) this.end(one, null);
  }

  /** Repeats lost requests and refuses what has waited too long. Called on each tick. */
  tick(): void {
    const now = this.host.nowMs();
    for (const [context, round] of this.rounds) {
      if (now - round.askedMs < this.host.limits.readRetryMs) continue;
      this.rounds.delete(context);
      const alive = this.refuseLate(round.waiting, now);
      if (alive.length > 0) this.ask(alive);
    }
    this.confirmed = this.confirmed
      .map((one) => ({ index: one.index, waiting: this.refuseLate(one.waiting, now) }))
      .filter((one) => one.waiting.length > 0);
  }

  /** A new leader: what the old one was asked is lost. */
  leaderChanged(): void {
    const waiting = [...this.rounds.values()].flatMap((round) => round.waiting);
    this.rounds.clear();
    if (waiting.length > 0) this.ask(waiting);
  }

  close(): void {
    const all = [
      this.fresh,
      this.proofs,
      ...[...this.rounds.values(), ...this.confirmed].map((one) => one.waiting),
    ].flat();
    this.fresh = [];
    this.proofs = [];
    this.rounds.clear();
    this.confirmed = [];
    for (const one of all) this.end(one, { code: 'SHUTTING_DOWN', message: 'this member is stopping' });
  }

  private flushFresh(): void {
    const waiting = this.fresh;
    this.fresh = [];
    const index = this.host.leasedIndex();
    if (index === null) return this.ask(waiting);
    this.leased += waiting.length;
    this.confirmed.push({ index, waiting });
    this.serve();
  }

  private ask(waiting: readonly Waiting[]): void {
    const context = ++this.context;
    this.rounds.set(context, { waiting, askedMs: this.host.nowMs() });
    this.host.request(context);
  }

  private end(waiting: Waiting, refusal: Refusal | null): void {
    this.waitingCount--;
    waiting.done(refusal);
  }

  private refuseLate(waiting: readonly Waiting[], now: number): readonly Waiting[] {
    if (waiting.every((one) => one.deadlineMs > now)) return waiting;
    const message = `read not confirmed within ${this.host.limits.readDeadlineMs} ms: ${this.host.trouble()}`;
    return waiting.filter((one) => {
      if (one.deadlineMs > now) return true;
      this.end(one, { code: 'NO_LEADER', message });
      return false;
    });
  }
}
