import { assert, below, type NodeId } from '../base/index.js';
import type { RaftConfig } from './config.js';
import { ConfigurationHistory } from './configuration-history.js';
import { Log } from './log.js';
import { isVoter } from './membership.js';
import { Outbox } from './outbox.js';
import type { Progress } from './progress.js';
import type { ReadRounds } from './read-rounds.js';
import type {
  Configuration,
  HardState,
  Leadership,
  LogIndex,
  LogReader,
  Message,
  NewsHeld,
  ReadState,
  SnapshotMeta,
  Term,
} from './types.js';

export interface Follower {
  readonly role: 'follower';
  leader: NodeId | null;
  /** Highest index acknowledged to the leader of this term. */
  acknowledged: LogIndex;
}

export interface Candidate {
  readonly role: 'pre-candidate' | 'candidate';
  readonly votes: Map<NodeId, boolean>;
}

export interface Transfer {
  readonly to: NodeId;
  readonly sinceTick: number;
  /** TimeoutNow was sent. */
  told: boolean;
}

export interface Leader {
  readonly role: 'leader';
  /** Index of the first entry of this term, the empty one (§8). */
  readonly firstIndex: LogIndex;
  /** Progress of every other member, sorted by id. */
  peers: Progress[];
  readonly reads: ReadRounds;
  transfer: Transfer | null;
  /** TimeoutNow left in this term: whoever gets it, however late, may be elected against any promise. */
  toldSomebody: boolean;
  lastHeartbeatTick: number;
  /** Data bytes of this term's entries above the commit index. */
  uncommittedBytes: number;
  /** Something may have become sendable since the last `Ready`. */
  sendDue: boolean;
  /** News of the commit index that a `Ready` kept back: they leave with the next entries, or when released. */
  newsHeld: NewsHeld;
}

/** Progress of `id`, if it is a peer of this leader. Groups are small: a search beats a map. */
export function peerOf(leader: Leader, id: NodeId): Progress | undefined {
  return leader.peers.find((peer) => peer.id === id);
}

export type RoleState = Follower | Candidate | Leader;

/** A hint that the leader's process is gone: campaign soon, and again. */
export interface Takeover {
  /** Tick of the next campaign. */
  nextTick: number;
  /** From then on the ordinary timer is enough. */
  readonly untilTick: number;
  /** Elections of this takeover that were not decided in time. */
  attempts: number;
}

/** The write the host is doing. */
export interface OutstandingWrite {
  readonly sinceTick: number;
}

/** What all parts of one consensus node share. The parts are functions on it; `RaftNode` is the way in. */
export class Core {
  readonly config: RaftConfig;
  readonly id: NodeId;
  readonly log: Log;
  readonly membership: ConfigurationHistory;
  readonly outbox: Outbox = new Outbox();

  term: Term;
  vote: NodeId | null;
  state: RoleState = { role: 'follower', leader: null, acknowledged: 0 };
  /** applied ≤ handedOut ≤ commit ≤ last index. */
  commit: LogIndex;
  /** Committed entries up to here were given to the host. */
  handedOut: LogIndex;
  applied: LogIndex;
  /** Data bytes handed out since the host had last applied everything. */
  handedOutBytes = 0;

  /** Ticks since construction. */
  now = 0;
  /** Tick at which a leader was heard, a vote granted or a campaign begun. */
  electionTick = 0;
  /** Silent ticks after which this node campaigns; redrawn with each term. */
  electionTimeout = 0;
  takeover: Takeover | null = null;
  /** Tick at which a leader was last heard, in whatever term; a start counts as one. */
  heardTick = 0;
  /** The host's gates: state loaded, log sound. */
  mayCampaign = true;
  mayVote = true;

  outstanding: OutstandingWrite | null = null;
  /** A configuration entered or left the log since the last write. */
  configurationChanged = false;
  /** Term and vote as last handed out for writing. */
  private writtenHardState: HardState;

  /** Answers for the next `Ready`. */
  reads: ReadState[] = [];
  snapshotsWanted: NodeId[] = [];
  /** See `RaftCounters`. */
  readonly counters = { doubts: 0, diskHandOvers: 0, quorumLosses: 0 };
  /** As last told to the host. */
  toldLeadership: Leadership;

  constructor(
    config: RaftConfig,
    log: LogReader,
    hardState: HardState,
    configuration: Configuration,
    cacheBytes?: number,
  ) {
    this.config = config;
    this.id = config.id;
    this.log = new Log(log, cacheBytes);
    this.membership = new ConfigurationHistory(this.log.lastIndex, configuration);
    this.term = hardState.term;
    this.vote = hardState.vote;
    this.writtenHardState = hardState;
    this.toldLeadership = { role: 'follower', term: hardState.term, leader: null };
    this.applied = config.applied;
    this.commit = Math.max(config.applied, log.base().index);
    this.handedOut = config.applied;
    assert(
      this.commit <= this.log.lastIndex,
      () =>
        `state is at ${this.commit} but the log ends at ${this.log.lastIndex}: the log was cut or replaced`,
    );
    assert(
      this.log.firstIndex <= config.applied + 1,
      () => `state is at ${config.applied} but the log begins at ${this.log.firstIndex}: entries are missing`,
    );
    this.drawElectionTimeout();
  }

  get configuration(): Configuration {
    return this.membership.current;
  }

  get leader(): NodeId | null {
    if (this.state.role === 'leader') return this.id;
    return this.state.role === 'follower' ? this.state.leader : null;
  }

  get hardStateChanged(): boolean {
    return this.term !== this.writtenHardState.term || this.vote !== this.writtenHardState.vote;
  }

  takeHardState(): HardState | null {
    if (!this.hardStateChanged) return null;
    this.writtenHardState = { term: this.term, vote: this.vote };
    return this.writtenHardState;
  }

  isVoter(id: NodeId): boolean {
    return isVoter(this.configuration, id);
  }

  /** Each term draws anew, so that split votes do not repeat (§5.2). */
  drawElectionTimeout(): void {
    const { electionTicks, random } = this.config;
    this.electionTimeout = electionTicks + below(random, electionTicks);
  }

  restartElectionTimer(): void {
    this.electionTick = this.now;
  }

  /** Ticks since a leader was heard, a vote granted or a campaign begun. */
  get electionElapsed(): number {
    return this.now - this.electionTick;
  }

  /** Raft's own promise to the host ends here: everything up to `index` is part of the state machine. */
  applyTo(index: LogIndex): void {
    assert(
      index >= this.applied && index <= this.handedOut,
      () => `applied ${index}: not within [${this.applied}, ${this.handedOut}] of what was handed out`,
    );
    this.applied = index;
    if (index === this.handedOut) this.handedOutBytes = 0;
    this.membership.prune(index);
  }

  send(message: Message): void {
    this.outbox.send(message);
  }

  sendDurable(message: Message): void {
    this.outbox.sendDurable(message);
  }

  /** The log and everything derived from it is replaced by a snapshot point. */
  restore(meta: SnapshotMeta): void {
    this.log.restore(meta);
    this.membership.reset(meta.index, meta.configuration);
    this.configurationChanged = true;
    this.commit = meta.index;
    this.handedOut = meta.index;
    this.handedOutBytes = 0;
  }
}
