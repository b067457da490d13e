import type { NodeId } from '../base/index.js';
import type { LogIndex } from './types.js';

/** A read that waits for proof of leadership. `from` is null for this node's own. */
export interface PendingRead {
  readonly from: NodeId | null;
  readonly context: number;
}

interface Round {
  readonly id: number;
  /** The commit index when the round began: at least that of any write answered before. */
  readonly index: LogIndex;
  readonly reads: PendingRead[];
}

export interface ConfirmedReads {
  readonly index: LogIndex;
  readonly reads: readonly PendingRead[];
}

/** Rounds that may be on their way at once; later reads wait for the next one and share it. */
const MAX_ROUNDS = 4;
/** Rounds whose beginning is remembered: more than can begin while an answer is worth anything. */
const REMEMBERED_ROUNDS = 256;
/** Reads that may wait; more are refused. */
const MAX_WAITING = 65_536;

/**
 * Reads grouped into rounds of heartbeats (thesis §6.4). Rounds have numbers of their own, never reused in a
 * term: an answer to an earlier round can not confirm a later read (etcd-io/raft#397).
 */
export class ReadRounds {
  private waiting: PendingRead[] = [];
  private readonly rounds: Round[] = [];
  private lastId = 0;
  private confirmedId = 0;
  /** The first round that counts after the leader stalled. */
  private verifyFrom = 0;
  /** Tick at which round n began, at n modulo `REMEMBERED_ROUNDS`. */
  private readonly begunTicks: number[] = [];

  /** Number of the last round begun, 0 for none. */
  get last(): number {
    return this.lastId;
  }

  /** False while the leader stalled and no round begun after that is confirmed. */
  get verified(): boolean {
    return this.confirmedId >= this.verifyFrom;
  }

  /** False when too many wait. */
  add(read: PendingRead): boolean {
    if (this.waiting.length >= MAX_WAITING) return false;
    this.waiting.push(read);
    return true;
  }

  /** Whether a round is worth beginning: reads wait, or the leader must prove itself again. */
  get due(): boolean {
    return this.hasRoom && (this.waiting.length > 0 || this.lastId < this.verifyFrom);
  }

  get hasRoom(): boolean {
    return this.rounds.length < MAX_ROUNDS;
  }

  /** Tick at which round `id` began; null for none, for one from before a pause, and for one long past. */
  beganAt(id: number): number | null {
    const known = id >= Math.max(1, this.verifyFrom) && id > this.lastId - REMEMBERED_ROUNDS;
    return known ? (this.begunTicks[id % REMEMBERED_ROUNDS] ?? null) : null;
  }

  /** Begins a round for all waiting reads and returns its number. */
  begin(commit: LogIndex, tick: number): number {
    this.lastId++;
    this.begunTicks[this.lastId % REMEMBERED_ROUNDS] = tick;
    this.rounds.push({ id: this.lastId, index: commit, reads: this.waiting });
    this.waiting = [];
    return this.lastId;
  }

  /** A quorum answered round `id` or later ones: returns the reads of that and of all earlier rounds. */
  confirm(id: number): ConfirmedReads[] {
    if (id <= this.confirmedId) return [];
    this.confirmedId = id;
    const later = this.rounds.findIndex((round) => round.id > id);
    return this.rounds.splice(0, later === -1 ? this.rounds.length : later);
  }

  /** Rounds under way no longer count: their reads wait for one begun from now on. */
  voidRounds(): void {
    this.waiting = this.takeAll();
    this.verifyFrom = this.lastId + 1;
  }

  /** Empties everything: leadership is lost, or the reads are asked again. */
  takeAll(): PendingRead[] {
    const reads = [...this.rounds.flatMap((round) => round.reads), ...this.waiting];
    this.rounds.length = 0;
    this.waiting = [];
    return reads;
  }
}
