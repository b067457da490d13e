import type { Timers } from '../base/index.js';
import type { NewsHold, RaftNode, Ready } from '../raft/index.js';
import type { InstalledState } from '../storage/types.js';
import type { CommandLevels } from './command-levels.js';
import type { LaneTraffic } from './lane-traffic.js';
import type { LeadershipTracker } from './leadership.js';
import type { LoopGaps } from './loop-gaps.js';
import type { Outgoing } from './outgoing.js';
import type { PeerKnowledge } from './peer-knowledge.js';
import type { Persister } from './persist.js';
import type { Reads } from './reads.js';
import { Rounds } from './rounds.js';
import type { Standing } from './standing.js';
import type { StateInForce } from './state-in-force.js';

/** Watches of clients elsewhere are told of a write by so much later. */
const NEWS_DELAY_MS = 1;

export interface TurnParts {
  readonly timers: Timers;
  readonly raft: RaftNode;
  readonly gaps: LoopGaps;
  readonly tracker: LeadershipTracker;
  readonly outgoing: Outgoing;
  readonly peers: PeerKnowledge;
  readonly persister: Persister;
  readonly state: StateInForce;
  readonly traffic: LaneTraffic;
  readonly reads: Reads;
  readonly standing: Standing;
  readonly levels: CommandLevels;
  /** Entries were applied; waiters for revisions may go. */
  readonly applied: (revision: number) => void;
}

/**
 * The loop of a running member: one turn takes what arrived (messages, proposals, reads, a finished write), steps
 * consensus, and carries out what that hands back. Everything happens in turns, in this order, so nothing here is
 * ever re-entered.
 */
export class Turn {
  private readonly parts: TurnParts;
  private readonly rounds: Rounds;
  private early = false;
  private ended = false;
  private termEnds = false;
  /** The timer of the news that are kept back runs. */
  private newsTimed = false;
  /** Since it was started, there were none for a moment. */
  private newsCarried = false;

  constructor(parts: TurnParts) {
    this.parts = parts;
    this.rounds = new Rounds(parts.timers, (early) => this.run(early));
  }

  /** Nothing runs any more. */
  get stopped(): boolean {
    return this.ended;
  }

  stop(): void {
    this.ended = true;
  }

  /** Runs a turn soon: after the events of this poll phase, or after this one if it seems to be the only one. */
  schedule(): void {
    if (!this.ended) this.rounds.schedule();
  }

  /**
   * Everything that a leader keeps beside the machine was about another state: if this member leads, it leads a later
   * term from here on. What was handed out is carried out first.
   */
  renewTerm(): void {
    this.termEnds = this.parts.tracker.view.kind === 'leading';
  }

  /** The machine holds more than before, or another one is in place. */
  applied(): void {
    // An entry that broke the machine left it half changed: nothing may be read or answered from it.
    if (this.ended) return;
    const { raft, tracker, state, reads, traffic, applied } = this.parts;
    raft.applied(state.appliedIndex);
    tracker.applied(state.appliedTerm);
    reads.serve();
    applied(state.machine.revision);
    if (traffic.lane.depth > 0) this.schedule();
  }

  /** What consensus handed out is durable. `installed`: the received state that the batch named. */
  persisted(installed: InstalledState | null): void {
    if (this.ended) return;
    const { raft, state, standing } = this.parts;
    raft.persisted();
    if (installed !== null) state.installationCommitted();
    standing.check();
    this.schedule();
  }

  private run(early: boolean): void {
    if (this.ended) return;
    this.early = early;
    const { gaps, raft, traffic, reads, levels, outgoing } = this.parts;
    gaps.look();
    levels.turn();
    const before = raft.newsHeld;
    this.drain();
    traffic.turn();
    reads.flush();
    this.drain();
    if (before === 'awaited') this.tellNews('idle');
    else if (raft.newsHeld === 'awaited') this.schedule();
    this.watchNews();
    outgoing.flush();
    this.early = false;
  }

  /**
   * News of the commit index alone are kept back for a moment: the next entry takes them along, and each message costs
   * more than all the rest of a small commit. Those that somebody waits for leave at once, or, while own proposals wait,
   * in the next turn, which follows at once: who waited for that commit often proposes again.
   */
  private drain(): void {
    const { raft, traffic } = this.parts;
    const hold = traffic.lane.depth > 0 ? 'all' : 'idle';
    while (!this.ended && raft.hasReady()) this.handle(raft.ready(hold));
  }

  private tellNews(hold: NewsHold): void {
    const { raft } = this.parts;
    raft.releaseNews();
    while (!this.ended && raft.hasReady()) this.handle(raft.ready(hold));
  }

  /** News that are kept back leave after `NEWS_DELAY_MS` to twice that, unless an entry takes them along. */
  private watchNews(): void {
    if (this.parts.raft.newsHeld === 'none') this.newsCarried = true;
    else if (!this.newsTimed) {
      this.newsTimed = true;
      this.newsCarried = false;
      this.parts.timers.after(NEWS_DELAY_MS, this.newsDue);
    }
  }

  private readonly newsDue = (): void => {
    this.newsTimed = false;
    if (this.ended) return;
    if (!this.newsCarried) this.tellNews('none');
    this.watchNews();
    this.parts.outgoing.flush();
  };

  private handle(ready: Ready): void {
    const { raft, tracker, outgoing, state } = this.parts;
    if (ready.leadership !== null) tracker.consensus(ready.leadership);
    outgoing.send(ready.messages);
    if (ready.persist !== null) this.persist(ready.persist);
    for (const peer of ready.snapshotsWanted) state.send(peer);
    if (ready.committed.length > 0) {
      state.take(ready.committed);
      this.applied();
    }
    if (ready.reads.length > 0) this.readsAnswered(ready.reads);
    if (!this.termEnds) return;
    this.termEnds = false;
    raft.renewTerm();
  }

  private persist(batch: NonNullable<Ready['persist']>): void {
    const { tracker, peers, persister, state } = this.parts;
    const { kind } = tracker.view;
    const leads = kind === 'elected' || kind === 'leading';
    if (leads) peers.noteProgress();
    const installed = batch.snapshot === null ? null : state.installed;
    if (!leads || !this.early) return persister.write(batch, installed);
    // The others have longer to go: their way begins first.
    this.rounds.atEnd(() => {
      if (!this.ended) persister.write(batch, installed);
    });
  }

  private readsAnswered(states: Ready['reads']): void {
    const { standing, reads } = this.parts;
    for (const { context, index } of states) standing.indexGiven(context, index);
    reads.resolve(states);
  }
}
