import type { LogIndex } from './types.js';

/**
 * How a peer keeps up with its leader:
 * - catching-up: no round was quick enough yet, or the present one takes too long; worth waiting for.
 * - caught-up: the last round took less than an election timeout, and the present one has not taken longer.
 * - too-slow: `PATIENCE_ROUNDS` rounds in a row were not quick enough: at this rate it may never be.
 * - unreachable: nothing was heard from it for an election timeout.
 */
export type CatchUpState = 'catching-up' | 'caught-up' | 'too-slow' | 'unreachable';

/** Slow rounds in a row after which waiting is not worth while (thesis §4.2.1: "a fixed number, such as 10"). */
export const PATIENCE_ROUNDS = 10;

/**
 * Replication to one peer in rounds (thesis §4.2.1): a round brings it everything that the leader's log held when
 * the round began. A log that grows makes the next round necessary; a peer that can be a voter makes each shorter
 * than the one before. One that needs less than an election timeout for a round would hold up commits for no longer
 * than an election does.
 *
 * Rounds begin with the leader's first look at the peer, so each leader judges anew.
 */
export class CatchUp {
  /** What the present round has to reach; null while the peer holds everything. */
  private target: LogIndex | null = null;
  private beganTick = 0;
  /** No round was completed yet, or the last one was slow. */
  private behind = true;
  private slow = 0;

  /** Rounds in a row, up to the last completed one, that took an election timeout or longer. */
  get slowRounds(): number {
    return this.slow;
  }

  /** To be called on each acknowledgement and each tick: `match` is what the peer holds, `last` the end of the log. */
  observe(match: LogIndex, last: LogIndex, tick: number, electionTicks: number): void {
    if (this.target !== null && match >= this.target) this.complete(tick - this.beganTick < electionTicks);
    if (this.target !== null) return;
    if (match >= last) this.level();
    else this.begin(last, tick);
  }

  /** `active`: the peer was heard within an election timeout. */
  state(active: boolean, tick: number, electionTicks: number): CatchUpState {
    if (!active) return 'unreachable';
    const overdue = this.target !== null && tick - this.beganTick >= electionTicks;
    if (!this.behind && !overdue) return 'caught-up';
    return this.slow >= PATIENCE_ROUNDS ? 'too-slow' : 'catching-up';
  }

  private begin(last: LogIndex, tick: number): void {
    this.target = last;
    this.beganTick = tick;
  }

  private complete(quick: boolean): void {
    this.target = null;
    this.behind = !quick;
    this.slow = quick ? 0 : this.slow + 1;
  }

  /** The peer holds everything: a round would take no time. */
  private level(): void {
    this.behind = false;
    this.slow = 0;
  }
}
