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
  /** Index that the machine holds; below 0 while none is in place. */
  readonly appliedIndex: () => number;
  readonly trouble: () => string;
}

/**
 * Linearizable reads (thesis §6.4): all that arrive in one turn share one read index. A request that gets no
 * answer is repeated under a new number; an answer to an older number than was asked last is as good, since
 * it was asked after those reads arrived.
 */
export class Reads {
  private readonly host: ReadsHost;
  private fresh: Waiting[] = [];
  private readonly rounds = new Map<number, Round>();
  private confirmed: Confirmed[] = [];
  private context: number;
  private waitingCount = 0;

  constructor(host: ReadsHost) {
    this.host = host;
    // Never repeated, not even by a later process: a delayed answer must not confirm a later read.
    this.context = host.boot * 2 ** 32;
  }

  /** False when too many wait. */
  add(done: Done): boolean {
    if (this.waitingCount >= this.host.limits.reads) return false;
    this.waitingCount++;
    this.fresh.push({ done, deadlineMs: this.host.nowMs() + this.host.limits.readDeadlineMs });
    return true;
  }

  /** A number for a read index that somebody else asks for; the answer is theirs. */
  nextContext(): number {
    return ++this.context;
  }

  /** Asks for the reads of this turn. */
  flush(): void {
    if (this.fresh.length === 0) return;
    const waiting = this.fresh;
    this.fresh = [];
    this.ask(waiting);
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
      ...[...this.rounds.values(), ...this.confirmed].map((one) => one.waiting),
    ].flat();
    this.fresh = [];
    this.rounds.clear();
    this.confirmed = [];
    for (const one of all) this.end(one, { code: 'SHUTTING_DOWN', message: 'this member is stopping' });
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
