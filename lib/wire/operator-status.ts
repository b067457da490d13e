import type { ClusterId, MemberId } from '../base/index.js';
import { restored, type Restored } from './operator-restores.js';
import {
  bool,
  branded,
  brandedOrNull,
  int32,
  nestedOrNull,
  repeated,
  struct,
  text,
  textOrNull,
  texts,
  uint64,
  type Codec,
} from './struct.js';

export type MemberRole = 'leader' | 'follower' | 'candidate' | 'learner' | 'recovering' | 'unreachable';

export interface MemberStatus {
  readonly id: MemberId;
  readonly pid: number;
  /** Addresses `host:port`; null: no such door. */
  readonly http: string | null;
  readonly grpc: string | null;
  readonly peer: string | null;
  readonly zk: string | null;
  readonly role: MemberRole;
  readonly voter: boolean;
  readonly lastIndex: number;
  readonly commitIndex: number;
  readonly appliedIndex: number;
  readonly healthy: boolean;
  readonly release: string;
  readonly boot: number;
  /** Of the member that answers; null for the others. */
  readonly interruptions: Interruptions | null;
}

/** What a member's process did to itself since its start: counters, and one length in ms. */
export interface Interruptions {
  readonly loopGaps: number;
  readonly longestLoopGapMs: number;
  readonly doubts: number;
  readonly diskHandOvers: number;
  readonly quorumLosses: number;
}

export interface MemberValue {
  readonly member: MemberId;
  /** Digest of the member's copy of the state: 16 hexadecimal digits. */
  readonly digest: string;
}

export interface Alarm {
  /** diverged: the members' copies differ and no value has a majority; writes are refused. */
  readonly kind: string;
  /** The log index at which the copies were compared. */
  readonly index: number;
  readonly values: readonly MemberValue[];
}

export interface StatusReply {
  readonly clusterId: ClusterId | null;
  readonly self: MemberStatus | null;
  readonly members: readonly MemberStatus[];
  readonly leader: MemberId | null;
  readonly term: number;
  readonly revision: number;
  /** Why the group is not serving, in numbers; empty when it is. */
  readonly trouble: string;
  /** What stands in the group's record until it is cleared. */
  readonly alarms: readonly Alarm[];
  /** What an operator of the answering member should look at. */
  readonly warnings: readonly string[];
  /** The last time that the running cluster was taken back to a snapshot; null: never. */
  readonly restored: Restored | null;
}

const interruptions: Codec<Interruptions> = struct<Interruptions>({
  loopGaps: uint64,
  longestLoopGapMs: uint64,
  doubts: uint64,
  diskHandOvers: uint64,
  quorumLosses: uint64,
});

const member: Codec<MemberStatus> = struct<MemberStatus>({
  id: branded(),
  pid: int32,
  http: textOrNull,
  grpc: textOrNull,
  peer: textOrNull,
  zk: textOrNull,
  role: branded(),
  voter: bool,
  lastIndex: uint64,
  commitIndex: uint64,
  appliedIndex: uint64,
  healthy: bool,
  release: text,
  boot: uint64,
  interruptions: nestedOrNull(interruptions),
});

const alarm: Codec<Alarm> = struct<Alarm>({
  kind: text,
  index: uint64,
  values: repeated(struct<MemberValue>({ member: branded(), digest: text })),
});

export const statusReply: Codec<StatusReply> = struct<StatusReply>({
  clusterId: brandedOrNull(),
  self: nestedOrNull(member),
  members: repeated(member),
  leader: brandedOrNull(),
  term: uint64,
  revision: uint64,
  trouble: text,
  alarms: repeated(alarm),
  warnings: texts<string>(),
  restored: nestedOrNull(restored),
});
