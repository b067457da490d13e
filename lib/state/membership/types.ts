import type { MemberId, NodeId } from '../../base/index.js';
import type { MemberInfo } from '../cluster/types.js';

/** Lets one new member in, once, until its time is over. The group keeps the digest of the token, never the token. */
export interface JoinTokenIssue {
  readonly kind: 'join-token-issue';
  /** SHA-256 of the token's secret, as 64 hexadecimal digits. */
  readonly hash: string;
  readonly ttlMs: number;
  /** Only for this member; empty: for whoever comes. */
  readonly member: MemberId | '';
  /** The member whose place the new one takes; empty: it comes as one more. */
  readonly replaces: MemberId | '';
}

/** A new member comes with its token: it is on record from here on, and may be made a learner. */
export interface JoinTokenRedeem extends Omit<MemberInfo, 'kind'> {
  readonly kind: 'join-token-redeem';
  readonly hash: string;
}

/** Notes about a folder what the configuration has no words for. The last note counts. */
export interface MemberMark {
  readonly kind: 'member-mark';
  readonly node: NodeId;
  /** It stays a learner until an operator promotes it. */
  readonly held: boolean;
  readonly replaces: MemberId | '';
}

/** Forgets a folder that left the configuration for good, its lane included: nothing of it is on its way any more. */
export interface MemberRetire {
  readonly kind: 'member-retire';
  readonly node: NodeId;
}

/**
 * As `member-retire`, and notes that the folder was in the group and left it: it may never come back. Only for a folder
 * that belonged to the group: one that is still on its way in may be let in yet.
 */
export interface MemberRetired {
  readonly kind: 'member-retired';
  readonly node: NodeId;
  /** Of the configuration in which it was found missing. */
  readonly index: number;
}

/** What the group does about its members by itself. Times in ms; 0 turns the one it belongs to off. */
export interface UpkeepPolicy {
  /** A learner that was let in becomes a voter once it has kept up with the log for this long. */
  readonly promoteAfterMs: number;
  /** A member that was silent for this long is removed. */
  readonly removeDeadAfterMs: number;
  /** A voter that was lost this often within `unstableWindowMs` becomes a learner. */
  readonly unstableLosses: number;
  readonly unstableWindowMs: number;
}

export interface UpkeepSet extends UpkeepPolicy {
  readonly kind: 'upkeep-set';
}

export type MembershipCommand =
  JoinTokenIssue | JoinTokenRedeem | MemberMark | MemberRetire | MemberRetired | UpkeepSet;

export interface JoinTokenView {
  readonly hash: string;
  readonly member: MemberId | '';
  readonly replaces: MemberId | '';
  /** By the machine's clock. */
  readonly expiresMs: number;
  /** The folder that came with it; empty: nobody yet. */
  readonly usedBy: NodeId | '';
}

export interface MarkView {
  readonly node: NodeId;
  readonly held: boolean;
  readonly replaces: MemberId | '';
}

/** A folder that was in the group and left it. */
export interface RetiredView {
  readonly node: NodeId;
  /** Of a configuration without it. */
  readonly index: number;
}

export interface MembershipView {
  token(hash: string): JoinTokenView | null;
  mark(node: NodeId): MarkView | null;
  /** Null: it did not leave the group, or that is long ago. */
  retired(node: NodeId): RetiredView | null;
  readonly upkeep: UpkeepPolicy;
}
