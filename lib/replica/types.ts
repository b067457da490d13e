import type { ErrorCode, MemberId } from '../base/index.js';
import type { CommandResult, Machine, StateEvent } from '../state/index.js';
import type { PeerHello } from '../transport/types.js';
import type { MemberChange } from './membership/changes.js';
import type { ChangeReply } from './membership/requests.js';

/** How a proposal ended. Every proposal ends, exactly once. */
export type Outcome =
  /** Committed in an entry of `term` and applied here; the result may itself be a refusal by the machine. */
  | { readonly kind: 'applied'; readonly result: CommandResult; readonly term: number }
  /** Surely not appended anywhere: nothing changed and nothing will. */
  | { readonly kind: 'refused'; readonly code: ErrorCode; readonly message: string }
  /** It may have been, or may still be, applied. */
  | { readonly kind: 'unknown'; readonly message: string };

/**
 * When a proposal that was applied is answered. `within-apply`: right after its command ran, at the state that it left,
 * with other commands of the entry still to come. What is made of such an answer must not leave the process before
 * the turn is over: an entry that breaks in the middle was not applied at all.
 */
export type AnswerTime = 'after-entry' | 'within-apply';

/**
 * Proposals that only make sense one after the other. Once one of them is refused, so is everything proposed in the
 * same order after it, even before its proposer knows: what runs is what was proposed first, without a gap.
 */
export interface ProposalOrder {
  broken: boolean;
}

/** What this member knows about who leads. */
export type LeadershipView =
  /** `since` is the monotonic time at which the previous leader was lost, or the member started. */
  | { readonly kind: 'none'; readonly term: number; readonly since: number }
  | { readonly kind: 'following'; readonly term: number; readonly leader: MemberId }
  /** Elected, but entries of earlier terms are still being applied: not yet complete, judges nothing. */
  | { readonly kind: 'elected'; readonly term: number }
  /** Has applied an entry of its own term: its machine holds everything ever acknowledged. */
  | { readonly kind: 'leading'; readonly term: number };

/** The answer of a leader's handler to a call. `revision` is awaited by the relaying member before it answers. */
export type CallReply =
  | { readonly ok: true; readonly revision: number; readonly body: Uint8Array }
  | { readonly ok: false; readonly code: ErrorCode; readonly message: string; readonly unknown: boolean };

/** Calls that only the leader can judge, by number; append-only. Bodies belong to the service that owns them. */
export type CallMethod = number;

export interface CallHandler {
  /** Runs on the leader while it leads. Must call `reply` once. */
  (from: MemberId, body: Uint8Array, reply: (reply: CallReply) => void): void;
}

export interface ReplicaListeners {
  /** While an entry is applied: each change right after its command, before that is answered `within-apply`. */
  changed?(event: StateEvent): void;
  /** After each applied entry, in order, on every member: what changed, by revision. */
  applied?(events: readonly StateEvent[], revision: number): void;
  /** Every change of the view. `leading` begins and anything else ends a leader's term of office. */
  leadership?(view: LeadershipView): void;
  /** A cut of the state at `index` and `revision` is durable; its digest is that of every member at that index. */
  cut?(index: number, digest: string, revision: number): void;
  /** The whole machine was replaced (a snapshot was installed): whatever was derived from it is void. */
  reset?(machine: Machine): void;
  /**
   * An entry broke in the middle, and the process ends as soon as that is noted: the machine is half changed, and what
   * was answered `within-apply` in this turn must not leave.
   */
  halted?(): void;
  /** Soft news from the leader for this member (offers and the like). */
  push?(from: MemberId, topic: number, body: Uint8Array): void;
  /** On the leader: a member reported what is alive behind it. */
  liveness?(from: MemberId, body: Uint8Array): void;
  /** The leader's answer to this member's liveness report `sentAtMs` (monotonic) arrived: a quorum stood behind it. */
  livenessAcknowledged?(sentAtMs: number): void;
  peerUp?(hello: PeerHello): void;
  peerDown?(member: MemberId): void;
}

export interface MemberStatus {
  readonly id: MemberId;
  readonly hello: PeerHello | null;
  readonly voter: boolean;
  readonly connected: boolean;
}

/** What this process did to itself since its start: counters for alarms and metrics. */
export interface Interruptions {
  /** Times the loop stood still for longer than half an election timeout, whatever the role. */
  readonly loopGaps: number;
  readonly longestLoopGapMs: number;
  /** Those in which it led: its lease was void, and it answered nothing as leader until a quorum confirmed it. */
  readonly doubts: number;
  /** Times it handed leadership over because an own write took longer than an election timeout. */
  readonly diskHandOvers: number;
  /** Times it gave up leadership because no quorum answered for an election timeout. */
  readonly quorumLosses: number;
}

/** The group's option of leases, and what this member made of it. */
export interface LeaseStatus {
  /** 0: off. */
  readonly leaseMs: number;
  /** This member leads, and may answer reads without asking anybody now. */
  readonly held: boolean;
  /** Reads answered so since the start. */
  readonly reads: number;
}

/** Who is in the group by the configuration in force. */
export interface GroupMembers {
  readonly voters: readonly MemberId[];
  readonly learners: readonly MemberId[];
  /** It may still change back, or is one on the way from one to another. */
  readonly changing: boolean;
}

export interface ReplicaStatus {
  readonly role: 'leader' | 'follower' | 'candidate' | 'learner' | 'recovering';
  readonly term: number;
  readonly leader: MemberId | null;
  readonly lastIndex: number;
  readonly commitIndex: number;
  readonly appliedIndex: number;
  readonly revision: number;
  readonly clusterId: string | null;
  readonly self: PeerHello;
  readonly voter: boolean;
  readonly members: readonly MemberStatus[];
  /** On the leader: the other members that follow its log, and are neither looked for nor sent the state. */
  readonly synced: readonly MemberId[];
  /** Null before there is a configuration. */
  readonly group: GroupMembers | null;
  /** Why the group does not serve, in numbers; null when it does. */
  readonly trouble: string | null;
  readonly interruptions: Interruptions;
  readonly lease: LeaseStatus;
}

/**
 * One member's copy of the group: drives consensus, applies the log to the machine, and offers services above
 * it what they need. Single-threaded; callbacks run from the member's own loop, never within the call itself.
 */
export interface Replica {
  start(): Promise<void>;
  stop(): Promise<void>;
  /** The applied state. Read freely between turns; never change it. Replaced when a snapshot is installed. */
  readonly machine: Machine;
  readonly memberId: MemberId;
  leadership(): LeadershipView;
  status(): ReplicaStatus;
  /** Registers a listener; returns its removal. */
  listen(listeners: ReplicaListeners): () => void;

  /** How full this member's lane is, from 0; at 1 proposals are refused. Whoever can wait does so before. */
  readonly laneLoad: number;
  /** Proposes one encoded command through this member's lane; `done` is called once, whatever happens. */
  propose(
    command: Uint8Array,
    done: (outcome: Outcome) => void,
    when?: AnswerTime,
    order?: ProposalOrder,
  ): void;
  /**
   * Calls `done(null)` once this member has applied everything acknowledged anywhere before the call, or with
   * a refusal when no leader answers within the deadline.
   */
  read(done: (refusal: { readonly code: ErrorCode; readonly message: string } | null) => void): void;
  /** Calls `done(true)` once this member's machine has reached `revision`; `false` at the deadline. */
  waitRevision(revision: number, done: (reached: boolean) => void): void;

  /** Has the leader (perhaps this member) run a call; `done` after this member has applied the answer's revision. */
  callLeader(method: CallMethod, body: Uint8Array, done: (reply: CallReply) => void): void;
  /** Installs the handler that runs while this member leads. */
  handleCalls(method: CallMethod, handler: CallHandler): void;
  /** Soft news for the clients behind `member` (itself included). Lost when the member is not reachable. */
  push(member: MemberId, topic: number, body: Uint8Array): void;
  /**
   * Tells the leader what is alive behind this member. Returns when it left (monotonic, whole milliseconds), by which an
   * acknowledgement names it.
   */
  reportLiveness(body: Uint8Array): number;
  /**
   * Leader only: calls `done(true)` once a quorum, asked after this call, confirmed the leadership. For
   * expiries after a pause of the process.
   */
  verifyLeadership(done: (confirmed: boolean) => void): void;
  /**
   * Changes who is in the group, or what the group does about that by itself; the leader judges. Refused with
   * QUORUM_AT_RISK, CHANGE_PENDING, UNKNOWN_MEMBER, INVALID_ARGUMENT, UNSUPPORTED.
   */
  changeMembers(change: MemberChange, done: (reply: ChangeReply) => void): void;
  /** Hands leadership to `to` (null: the most up-to-date voter). */
  transferLeadership(
    to: MemberId | null,
    done: (error: { readonly code: ErrorCode; readonly message: string } | null) => void,
  ): void;
}
