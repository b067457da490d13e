import {
  MalformedError,
  memberOf,
  utf8Decode,
  utf8Encode,
  type ErrorCode,
  type MemberId,
  type NodeId,
} from '../../base/index.js';
import type { Configuration } from '../../raft/index.js';
import type { MarkView, UpkeepPolicy } from '../../state/index.js';
import { quorumFault } from './arithmetic.js';
import { edited, predecessorOf, type Situation } from './plan.js';

/** What an operator wants changed about who is in the group. */
export type MemberChange =
  /** A token for a new member: for the one named, or for whoever comes; to take a member's place, or as one more. */
  | { readonly kind: 'add'; readonly member: MemberId | null; readonly replaces: MemberId | null }
  | { readonly kind: 'remove'; readonly member: MemberId }
  /** The learner `by` takes the place of `member`, in one change. */
  | { readonly kind: 'replace'; readonly member: MemberId; readonly by: MemberId }
  | { readonly kind: 'promote'; readonly member: MemberId }
  | { readonly kind: 'demote'; readonly member: MemberId }
  /** What the group does by itself; null only asks. */
  | { readonly kind: 'upkeep'; readonly policy: UpkeepPolicy | null };

/** Who is in the group once the change is done. */
export interface MemberChangeAnswer {
  readonly voters: readonly MemberId[];
  readonly learners: readonly MemberId[];
  readonly upkeep: UpkeepPolicy;
  /** Of the leader, once the change was done. */
  readonly revision: number;
  /** Of `add`: shown once, kept nowhere. */
  readonly token: string | null;
  /** When the token ends, by the clock of the group; 0 without one. */
  readonly tokenExpiresMs: number;
}

/** As the leader is asked: of a token it learns the digest only. */
export interface ChangeCall {
  readonly change: MemberChange;
  readonly tokenHash: string;
  readonly ttlMs: number;
}

export type ChangeVerdict =
  | { readonly kind: 'refused'; readonly code: ErrorCode; readonly message: string }
  | { readonly kind: 'nothing' }
  /** The leader itself is concerned: another voter has to lead first. */
  | { readonly kind: 'hand-over'; readonly why: string }
  | {
      readonly kind: 'configure';
      readonly next: Configuration;
      readonly what: string;
      /** To be noted before. */
      readonly mark: MarkView | null;
    };

/** Changes that concern a member of the group. */
export type Concerning = Exclude<MemberChange, { readonly kind: 'add' | 'upkeep' }>;

/** Whether a change may be made; one that would cost the quorum is refused with the arithmetic. */
export function judgeChange(situation: Situation, change: Concerning): ChangeVerdict {
  const nodes = nodesOf(situation.configuration, change.member);
  if (nodes.length === 0) return unknownMember(situation, change.member);
  switch (change.kind) {
    case 'remove':
      return removal(situation, change.member, nodes);
    case 'promote':
      return promotion(situation, change.member);
    case 'demote':
      return demotion(situation, change.member);
    case 'replace':
      return replacement(situation, change.member, change.by);
  }
}

function removal(situation: Situation, member: MemberId, nodes: readonly NodeId[]): ChangeVerdict {
  const { configuration } = situation;
  const next = nodes.reduce((sum, node) => edited(sum, { without: node }), configuration);
  return settle(situation, next, `removal of ${member}`, null);
}

function promotion(situation: Situation, member: MemberId): ChangeVerdict {
  const { configuration, keptUpMs, behind } = situation;
  const learner = configuration.learners.find((node) => memberOf(node) === member);
  if (learner === undefined) return { kind: 'nothing' };
  const old = predecessorOf(situation, learner);
  if (old !== null && memberOf(old) === member) {
    const message = `the new folder of ${member} gets the vote of the former one by itself once it has caught up`;
    return { kind: 'refused', code: 'CHANGE_PENDING', message };
  }
  if (keptUpMs(learner) === null) return notReady(member, behind(learner));
  const next = edited(configuration, { voter: learner });
  return settle(situation, next, `promotion of ${member}`, { node: learner, held: false, replaces: '' });
}

function demotion(situation: Situation, member: MemberId): ChangeVerdict {
  const { configuration } = situation;
  const voter = configuration.voters.find((node) => memberOf(node) === member);
  if (voter === undefined) return { kind: 'nothing' };
  const next = edited(configuration, { learner: voter });
  return settle(situation, next, `demotion of ${member}`, { node: voter, held: true, replaces: '' });
}

function replacement(situation: Situation, member: MemberId, by: MemberId): ChangeVerdict {
  const { configuration, keptUpMs, behind } = situation;
  const old = configuration.voters.find((node) => memberOf(node) === member);
  if (old === undefined)
    return refusal('INVALID_ARGUMENT', `${member} has no vote that ${by} could take over`);
  const learner = configuration.learners.find((node) => memberOf(node) === by);
  if (learner === undefined) {
    if (nodesOf(configuration, by).length === 0) return unknownMember(situation, by);
    return refusal('INVALID_ARGUMENT', `${by} has a vote already`);
  }
  if (keptUpMs(learner) === null) return notReady(by, behind(learner));
  const next = edited(configuration, { without: old, voter: learner });
  return settle(situation, next, `replacement of ${member} by ${by}`, null);
}

/** The last checks, alike for every change. */
function settle(
  situation: Situation,
  next: Configuration,
  what: string,
  mark: MarkView | null,
): ChangeVerdict {
  const { configuration, isUp, self } = situation;
  const fault = quorumFault(configuration, next, isUp, what);
  if (fault !== null) return refusal('QUORUM_AT_RISK', fault);
  if (!next.voters.includes(self)) return { kind: 'hand-over', why: what };
  return { kind: 'configure', next, what, mark };
}

function notReady(member: MemberId, behind: number): ChangeVerdict {
  return refusal('QUORUM_AT_RISK', `${member} has not kept up with the log: it lacks ${behind} entries`);
}

function unknownMember({ configuration }: Situation, member: MemberId): ChangeVerdict {
  const known = [...configuration.voters, ...configuration.learners].map(memberOf);
  return refusal('UNKNOWN_MEMBER', `${member} is none of ${[...new Set(known)].sort().join(', ')}`);
}

function refusal(code: ErrorCode, message: string): ChangeVerdict {
  return { kind: 'refused', code, message };
}

function nodesOf({ voters, learners }: Configuration, member: MemberId): NodeId[] {
  return [...voters, ...learners].filter((node) => memberOf(node) === member);
}

export function encodeJson(value: ChangeCall | MemberChangeAnswer): Uint8Array {
  return utf8Encode(JSON.stringify(value));
}

export function decodeCall(body: Uint8Array): ChangeCall {
  return parse(body) as ChangeCall;
}

export function decodeAnswer(body: Uint8Array): MemberChangeAnswer {
  return parse(body) as MemberChangeAnswer;
}

/** Members of one group run the same format; what is not JSON at all is damage on the way. */
function parse(body: Uint8Array): unknown {
  try {
    return JSON.parse(utf8Decode(body));
  } catch (error) {
    throw new MalformedError(`a change of members: ${String(error)}`);
  }
}
