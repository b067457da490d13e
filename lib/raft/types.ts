import type { NodeId } from '../base/index.js';
import type { CatchUpState } from './catch-up.js';

/** Terms and indexes are safe integers; 0 means "before the first". */
export type Term = number;
export type LogIndex = number;

export type EntryKind = 'normal' | 'noop' | 'configuration';

/** One log entry. `data` is opaque to consensus (a batch of commands, or an encoded configuration). */
export interface Entry {
  readonly term: Term;
  readonly index: LogIndex;
  readonly kind: EntryKind;
  readonly data: Uint8Array;
}

/**
 * A membership (thesis §4.3). `outgoing` is empty unless the configuration is joint; while joint, every
 * decision needs a majority of `voters` and a majority of `outgoing`. Learners receive entries and count for
 * nothing. `leaseMs` above 0 turns on leader leases for the whole group: for so long whoever heard the leader helps to
 * elect nobody else.
 */
export interface Configuration {
  readonly voters: readonly NodeId[];
  readonly outgoing: readonly NodeId[];
  readonly learners: readonly NodeId[];
  /** Voters of `outgoing` that become learners when the joint phase ends. */
  readonly learnersNext: readonly NodeId[];
  /** The leader proposes the final configuration by itself once the joint one is committed. */
  readonly autoLeave: boolean;
  readonly leaseMs: number;
}

/** What must be durable before a vote or any message of the term leaves. The commit index may lag. */
export interface HardState {
  readonly term: Term;
  readonly vote: NodeId | null;
}

/** The point up to which a snapshot (or a cut of the state) replaces the log. */
export interface SnapshotMeta {
  readonly index: LogIndex;
  readonly term: Term;
  /** The configuration in force at `index`. */
  readonly configuration: Configuration;
}

/** The durable log as consensus reads it: synchronous, and always as of the last completed `Persist`. */
export interface LogReader {
  /** The snapshot point below the log: entries start at or below `base().index + 1`. */
  base(): SnapshotMeta;
  /** Index of the first entry kept; `lastIndex() + 1` when none is. */
  firstIndex(): LogIndex;
  /** Index of the last durable entry, or of the base when the log is empty. */
  lastIndex(): LogIndex;
  /** Term of the entry at `index` (the base included), or null when it was compacted away or never existed. */
  termAt(index: LogIndex): Term | null;
  /** Entries of `[from, to)`: at least one, then as many as fit `maxBytes` of data. */
  read(from: LogIndex, to: LogIndex, maxBytes: number): Entry[];
}

interface Envelope {
  readonly from: NodeId;
  readonly to: NodeId;
  readonly term: Term;
}

/** Asks for a vote (§5.2), or whether one would be granted (`pre`, thesis §9.6: changes nothing at the voter). */
export interface VoteRequest extends Envelope {
  readonly type: 'vote';
  readonly pre: boolean;
  readonly lastIndex: LogIndex;
  readonly lastTerm: Term;
  /** Sent on behalf of a leadership transfer: the voter's stickiness to its leader does not apply. */
  readonly transfer: boolean;
}

export interface VoteReply extends Envelope {
  readonly type: 'vote-reply';
  readonly pre: boolean;
  readonly granted: boolean;
}

/** Entries after (`prevIndex`, `prevTerm`) and the leader's commit index (§5.3). Empty ones are probes. */
export interface Append extends Envelope {
  readonly type: 'append';
  readonly prevIndex: LogIndex;
  readonly prevTerm: Term;
  readonly entries: readonly Entry[];
  readonly commit: LogIndex;
}

export interface AppendReply extends Envelope {
  readonly type: 'append-reply';
  /** On success the last index known to match and durable; on rejection the `prevIndex` that failed. */
  readonly index: LogIndex;
  readonly rejected: boolean;
  /** On rejection: an index at or below which the follower may agree, and its term there (skips terms). */
  readonly hintIndex: LogIndex;
  readonly hintTerm: Term;
}

/** Proof of leadership; `commit` never exceeds what the receiver is known to hold. */
export interface Heartbeat extends Envelope {
  readonly type: 'heartbeat';
  readonly commit: LogIndex;
  /** Number of the read round this heartbeat confirms; 0 for none. Rises within a term. */
  readonly round: number;
}

export interface HeartbeatReply extends Envelope {
  readonly type: 'heartbeat-reply';
  readonly round: number;
}

/** A follower asks the leader for a read index. `context` is the follower's own rising number. */
export interface ReadRequest extends Envelope {
  readonly type: 'read';
  readonly context: number;
}

export interface ReadReply extends Envelope {
  readonly type: 'read-reply';
  readonly context: number;
  /** The index to wait for, or -1: this node cannot answer (not the leader, or nothing committed yet). */
  readonly index: LogIndex;
}

/**
 * The state is replaced up to `meta.index`. The records travel beside consensus: the host that has received all
 * of them steps this message into its own node, `from` being the sender of the records.
 */
export interface InstallSnapshot extends Envelope {
  readonly type: 'snapshot';
  readonly meta: SnapshotMeta;
}

/** The receiver campaigns at once (thesis §3.10). */
export interface TimeoutNow extends Envelope {
  readonly type: 'timeout-now';
}

export type Message =
  | VoteRequest
  | VoteReply
  | Append
  | AppendReply
  | Heartbeat
  | HeartbeatReply
  | ReadRequest
  | ReadReply
  | InstallSnapshot
  | TimeoutNow;

/** Names of all message types; codecs and statistics walk it. */
export const MESSAGE_TYPES: readonly Message['type'][] = [
  'vote',
  'vote-reply',
  'append',
  'append-reply',
  'heartbeat',
  'heartbeat-reply',
  'read',
  'read-reply',
  'snapshot',
  'timeout-now',
];

/**
 * One atomic durable write. The host writes all of it in one synced batch, in the order truncation, snapshot,
 * entries, hard state; when that is durable it calls `persisted()`. At most one is outstanding.
 */
export interface Persist {
  /** Entries at and above this index are replaced; null: nothing is. */
  readonly truncateFrom: LogIndex | null;
  /** The whole log is replaced by this point: the host commits the received state folder with it. */
  readonly snapshot: SnapshotMeta | null;
  /** Contiguous, following what stays after the truncation. */
  readonly entries: readonly Entry[];
  /** Term and vote when they changed since the last `Persist`. */
  readonly hardState: HardState | null;
  /** The configuration in force once this is durable, when it changed: stored with the log. */
  readonly configuration: Configuration | null;
}

export interface ReadState {
  readonly context: number;
  /** Serve the read once this index is applied; -1: refused, ask again. */
  readonly index: LogIndex;
}

export type Role = 'follower' | 'pre-candidate' | 'candidate' | 'leader';

export interface Leadership {
  readonly role: Role;
  readonly term: Term;
  readonly leader: NodeId | null;
}

/**
 * Which news of the commit index that no entry carries are kept back: none, those that nobody is known to wait for, or
 * all of them.
 */
export type NewsHold = 'none' | 'idle' | 'all';

/** What was kept back: nothing, news that nobody is known to wait for, or some that somebody waits for. */
export type NewsHeld = 'none' | 'idle' | 'awaited';

/** Everything the host has to do, in no particular order except as stated per field. Empty fields are empty. */
export interface Ready {
  /** May leave at once, before anything in this `Ready` is durable. */
  readonly messages: readonly Message[];
  /** Null when nothing needs writing, or while the previous write has not been reported `persisted()`. */
  readonly persist: Persist | null;
  /** Committed, durable here, and not handed out before: apply in order, then call `applied()`. */
  readonly committed: readonly Entry[];
  readonly reads: readonly ReadState[];
  /** Peers whose next entry was compacted away: send them the state, then `snapshotSent()` or `snapshotFailed()`. */
  readonly snapshotsWanted: readonly NodeId[];
  /** Set when role, term or leader changed since the last `Ready`. */
  readonly leadership: Leadership | null;
}

export type ProposeResult =
  | { readonly ok: true; readonly index: LogIndex; readonly term: Term }
  | {
      readonly ok: false;
      readonly reason: 'not-leader' | 'transferring' | 'overloaded' | 'pending-configuration';
    };

/** Progress of one peer as its leader sees it (states as in the thesis §10.2 and common practice). */
export interface PeerProgress {
  readonly id: NodeId;
  readonly state: 'probe' | 'replicate' | 'snapshot';
  /** Highest index known to be durable at the peer. 0 ≤ match < next. */
  readonly match: LogIndex;
  readonly next: LogIndex;
  readonly recentlyActive: boolean;
  readonly inflightMessages: number;
  readonly inflightBytes: number;
  readonly learner: boolean;
  /** Whether it keeps up with the log (thesis §4.2.1): a learner that is `caught-up` may become a voter. */
  readonly catchUp: CatchUpState;
  /** Replication rounds in a row that took an election timeout or longer; `too-slow` from 10 on. */
  readonly slowRounds: number;
  /** The newest round of heartbeats that it answered in this term; see `RaftStatus.round`. */
  readonly answeredRound: number;
}

/** How often this node came to doubt itself, since it started. */
export interface RaftCounters {
  /** Times it led and its host reported a pause: its lease was void, and it had to prove its leadership again. */
  readonly doubts: number;
  /** Times it gave up leadership because an own write took an election timeout. */
  readonly diskHandOvers: number;
  /** Times it gave up leadership because no quorum answered for an election timeout. */
  readonly quorumLosses: number;
}

export interface RaftStatus {
  readonly id: NodeId;
  readonly role: Role;
  readonly term: Term;
  readonly vote: NodeId | null;
  readonly leader: NodeId | null;
  readonly commit: LogIndex;
  readonly applied: LogIndex;
  readonly lastIndex: LogIndex;
  readonly configuration: Configuration;
  /** Empty unless leader. */
  readonly peers: readonly PeerProgress[];
  /** Of a leader: number of the round of heartbeats that was begun last, by a read. 0: none in this term. */
  readonly round: number;
  readonly transferTo: NodeId | null;
  readonly uncommittedBytes: number;
  readonly counters: RaftCounters;
}
