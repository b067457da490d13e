import { assert, type NodeId } from '../base/index.js';
import { advanceCommit } from './commit.js';
import { checkConfig, type RaftConfig } from './config.js';
import { Core, peerOf } from './core.js';
import { forgetLeader, hintLeaderGone, renewTerm, tickElection } from './election.js';
import { quorumActiveWithin, tickLeader } from './leader-clock.js';
import { leaseAge } from './lease.js';
import type { Progress } from './progress.js';
import { propose, proposeConfiguration } from './proposals.js';
import { awaitCommit, readIndex } from './reads.js';
import { completePersist, hasReady, takeReady } from './ready.js';
import { describe } from './status.js';
import { step } from './step.js';
import { transferLeadership } from './transfer.js';
import type {
  Configuration,
  HardState,
  LogIndex,
  LogReader,
  Message,
  NewsHeld,
  NewsHold,
  ProposeResult,
  RaftStatus,
  Ready,
} from './types.js';
import { CoreView, type NodeView } from './view.js';

export interface RaftOptions {
  /** See `setCampaignAllowed`; true unless given. */
  readonly campaignAllowed?: boolean;
  /** See `setVoting`; true unless given. */
  readonly voting?: boolean;
  /** Memory for entries that are durable and committed, kept for peers and apply that are just behind. */
  readonly cacheBytes?: number;
}

/**
 * One member of a Raft group (Ongaro and Ousterhout 2014; Ongaro's thesis 2014) as a pure state machine:
 * inputs are messages, ticks, proposals and the host's reports; everything to do comes out of `ready()`.
 *
 * The host calls `ready()` while `hasReady()`, sends the messages, writes the `Persist` and reports
 * `persisted()`, applies the committed entries and reports `applied()`. It may do these in any order.
 */
export class RaftNode {
  /** What invariant checks and simulators see; always current. */
  readonly view: NodeView;
  private readonly core: Core;

  /** Starts, or starts again, from what is durable. `config.applied` is the index of the loaded state. */
  constructor(
    config: RaftConfig,
    log: LogReader,
    hardState: HardState,
    configuration: Configuration,
    options: RaftOptions = {},
  ) {
    checkConfig(config);
    this.core = new Core(config, log, hardState, configuration, options.cacheBytes);
    this.core.mayCampaign = options.campaignAllowed ?? true;
    this.core.mayVote = options.voting ?? true;
    this.view = new CoreView(this.core);
  }

  /** Takes a message of a peer; those for somebody else are ignored. */
  step(message: Message): void {
    step(this.core, message);
  }

  /** One tick of the host's timer went by. */
  tick(): void {
    this.core.now++;
    if (this.core.state.role === 'leader') tickLeader(this.core, this.core.state);
    else tickElection(this.core);
  }

  /** Appends one entry for each of `datas`, in order, or none. The result has the first one's index. */
  propose(datas: readonly Uint8Array[]): ProposeResult {
    return propose(this.core, datas);
  }

  /**
   * Begins a change to `next`, which is not joint; the joint phase is entered where voters change, and left by
   * itself with `autoLeave`, else by proposing what it leads to.
   */
  proposeConfiguration(next: Configuration): ProposeResult {
    return proposeConfiguration(this.core, next);
  }

  /**
   * Asks for an index that covers every write answered so far; the answer comes in `Ready.reads`. Messages
   * may be lost: ask again after a while. `context` must never repeat, not even after a restart (a delayed
   * answer would confirm a later read), so begin it with the boot counter.
   */
  readIndex(context: number): void {
    readIndex(this.core, context);
  }

  /** Hands leadership to a voter; proposals are refused meanwhile, for one election timeout at most. */
  transferLeadership(to: NodeId): 'started' | 'refused' {
    return transferLeadership(this.core, to);
  }

  /**
   * Leader only: stops leading and stands for election at once, so that a later term begins. Its log is the furthest, so
   * it is the likely winner; if it is not, somebody else leads.
   */
  renewTerm(): void {
    if (this.core.state.role === 'leader') renewTerm(this.core);
  }

  /**
   * The leader's process is surely gone: votes are judged by log alone until a leader is heard again, and this
   * node campaigns after one or two ticks, and again. With leases, only once that of the leader has ended.
   */
  campaignHint(): void {
    hintLeaderGone(this.core);
  }

  /** Votes are judged by log alone until a leader is heard again; nothing else happens. */
  forgetLeader(): void {
    forgetLeader(this.core);
  }

  /** The state was sent to `peer` completely; its acknowledgement follows as an append reply. */
  snapshotSent(peer: NodeId): void {
    const state = this.peer(peer)?.state;
    if (state?.kind === 'snapshot') state.sentAtTick = this.core.now;
  }

  /** The state could not be sent to `peer`: asked for again once the peer answers. */
  snapshotFailed(peer: NodeId): void {
    const progress = this.peer(peer);
    if (progress?.state.kind === 'snapshot') progress.probe(progress.match + 1, true);
  }

  /** Messages to `peer` may have been lost: entries are not streamed until it answers. */
  unreachable(peer: NodeId): void {
    const progress = this.peer(peer);
    if (progress?.state.kind === 'replicate') progress.probe(progress.match + 1);
  }

  /** Off while the host can not lead: its state is loading, or its log is being refilled. */
  setCampaignAllowed(allowed: boolean): void {
    this.core.mayCampaign = allowed;
  }

  /** Off while the log misses entries this member once acknowledged: it grants no vote and stands for none. */
  setVoting(voting: boolean): void {
    this.core.mayVote = voting;
  }

  hasReady(): boolean {
    return hasReady(this.core);
  }

  /**
   * Takes what is to be done; nothing is returned twice. News of the commit index that no entry carries may be kept
   * back until entries follow or `releaseNews` is called: soon, since followers apply by them.
   */
  ready(hold: NewsHold = 'none'): Ready {
    return takeReady(this.core, hold);
  }

  /** The news of the commit index that are kept back. */
  get newsHeld(): NewsHeld {
    const { state } = this.core;
    return state.role === 'leader' ? state.newsHeld : 'none';
  }

  /** News that were kept back become sendable. */
  releaseNews(): void {
    const { state } = this.core;
    if (state.role === 'leader' && state.newsHeld !== 'none') state.sendDue = true;
  }

  /** Somebody at `peer` waits until `index` is committed there: the news of it are not idle. */
  awaits(peer: NodeId, index: LogIndex): void {
    const { state } = this.core;
    if (state.role === 'leader') awaitCommit(state, peer, index);
  }

  /** The outstanding `Persist` is durable. */
  persisted(): void {
    const { core } = this;
    assert(core.outstanding !== null, 'persisted() without an outstanding write');
    completePersist(core);
    if (core.state.role === 'leader') advanceCommit(core, core.state);
  }

  /** The host's state includes everything up to `index`, by entries or by a snapshot. */
  applied(index: LogIndex): void {
    this.core.applyTo(index);
  }

  /** Whether this node leads and heard a quorum within that many ticks, and since any stall. */
  quorumActiveWithin(ticks: number): boolean {
    const { core } = this;
    if (core.state.role !== 'leader' || !core.state.reads.verified) return false;
    return quorumActiveWithin(core, core.state, ticks);
  }

  /** The process stood still: before a leader answers a read again, a round begun from now on must succeed. */
  stalled(): void {
    const { core } = this;
    if (core.state.role !== 'leader') return;
    core.counters.doubts++;
    core.state.reads.voidRounds();
  }

  /**
   * Ticks since this leader began the newest round of heartbeats that a quorum has answered, since any pause; null
   * when there is no lease: leases are off, nothing of this term is committed, or leadership was on offer in it.
   * Until `Configuration.leaseMs` after that tick nobody else is elected, by clocks that go as fast as the others'.
   */
  leaseAgeTicks(): number | null {
    const { state } = this.core;
    return state.role === 'leader' ? leaseAge(this.core, state) : null;
  }

  /** The configuration in force at `index`, not below the base: what a cut of the state there is stamped with. */
  configurationAt(index: LogIndex): Configuration {
    return this.core.membership.at(index, this.core.log);
  }

  status(): RaftStatus {
    return describe(this.core);
  }

  private peer(id: NodeId): Progress | undefined {
    const { state } = this.core;
    return state.role === 'leader' ? peerOf(state, id) : undefined;
  }
}
