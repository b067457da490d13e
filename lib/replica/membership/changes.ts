import {
  MalformedError,
  memberOf,
  utf8Decode,
  utf8Encode,
  type ErrorCode,
  type MemberId,
  type NodeId,
} from '../../base/index.js';
import { membersOf, type Configuration } from '../../raft/index.js';
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
  /** Who votes and who learns from here on, in one change; all of them are there. */
  | ({ readonly kind: 'reconfigure'; readonly from: Membership } & Membership)
  /** What the group does by itself; null only asks. */
  | { readonly kind: 'upkeep'; readonly policy: UpkeepPolicy | null };

/** Who is in a group. */
export interface Membership {
  readonly voters: readonly MemberId[];
  readonly learners: readonly MemberId[];
}

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
      readonly marks: readonly MarkView[];
    };

/** Changes that concern a member of the group. */
export type Concerning = Exclude<MemberChange, { readonly kind: 'add' | 'upkeep' }>;

/** Whether a change may be made; one that would cost the quorum is refused with the arithmetic. */
export function judgeChange(situation: Situation, change: Concerning): ChangeVerdict {
  if (change.kind === 'reconfigure') return reconfiguration(situation, change);
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
  return settle(situation, next, `removal of ${member}`, []);
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
  return settle(situation, next, `promotion of ${member}`, [{ node: learner, held: false, replaces: '' }]);
}

function demotion(situation: Situation, member: MemberId): ChangeVerdict {
  const { configuration } = situation;
  const voter = configuration.voters.find((node) => memberOf(node) === member);
  if (voter === undefined) return { kind: 'nothing' };
  const next = edited(configuration, { learner: voter });
  return settle(situation, next, `demotion of ${member}`, [{ node: voter, held: true, replaces: '' }]);
}

function replacement(situation: Situation, member: MemberId, by: MemberId): ChangeVerdict {
  const { configuration, keptUpMs, behind } = situation;
  const old = configuration.voters.find((node) => memberOf(node) === member);
  if (old === undefined)
    return refusal('INVALID_ARGUMENT', `${member} has no vote that ${by} could take over`);
  // A member whose new folder is about to take the vote of its former one has that vote: it gets no second one.
  const votes = configuration.voters.some((node) => memberOf(node) === by);
  const learner = configuration.learners.find((node) => memberOf(node) === by);
  if (votes && (by !== member || learner === undefined)) {
    return refusal('INVALID_ARGUMENT', `${by} has a vote already`);
  }
  if (learner === undefined) return unknownMember(situation, by);
  if (keptUpMs(learner) === null) return notReady(by, behind(learner));
  const next = edited(configuration, { without: old, voter: learner });
  return settle(situation, next, `replacement of ${member} by ${by}`, []);
}

/**
 * Repeated it changes nothing: whoever asked may not have heard the answer. If the group is neither as it was to be nor
 * as it was, somebody else changed it, and what was asked for may not be what is wanted any more.
 */
function reconfiguration(
  situation: Situation,
  { from, voters, learners }: Extract<MemberChange, { readonly kind: 'reconfigure' }>,
): ChangeVerdict {
  const { configuration, keptUpMs, behind } = situation;
  if (consistsOf(configuration, { voters, learners })) return { kind: 'nothing' };
  if (!consistsOf(configuration, from)) {
    return refusal('BAD_VERSION', 'the members are others by now');
  }
  const stranger = [...voters, ...learners].find((member) => nodesOf(configuration, member).length === 0);
  if (stranger !== undefined) return unknownMember(situation, stranger);
  const has = (members: readonly MemberId[], node: NodeId): boolean => members.includes(memberOf(node));
  const promoted = configuration.learners.filter((node) => has(voters, node) && !has(from.voters, node));
  const demoted = configuration.voters.filter((node) => has(learners, node));
  const late = promoted.find((node) => keptUpMs(node) === null);
  if (late !== undefined) return notReady(memberOf(late), behind(late));
  let next = configuration;
  for (const node of membersOf(configuration)) {
    if (!has([...voters, ...learners], node)) next = edited(next, { without: node });
  }
  for (const voter of promoted) next = edited(next, { voter });
  for (const learner of demoted) next = edited(next, { learner });
  const marks = [
    ...promoted.map((node) => ({ node, held: false, replaces: '' as const })),
    ...demoted.map((node) => ({ node, held: true, replaces: '' as const })),
  ];
  return settle(situation, next, 'reconfiguration', marks);
}

/** A folder that is to take the vote of another one of its member counts for nothing of its own. */
function consistsOf({ voters, learners }: Configuration, membership: Membership): boolean {
  const voting = new Set(voters.map(memberOf));
  const learning = new Set(learners.map(memberOf).filter((member) => !voting.has(member)));
  return sameSet(voting, membership.voters) && sameSet(learning, membership.learners);
}

function sameSet(set: ReadonlySet<MemberId>, members: readonly MemberId[]): boolean {
  return set.size === new Set(members).size && members.every((member) => set.has(member));
}

/** The last checks, alike for every change. */
function settle(
  situation: Situation,
  next: Configuration,
  what: string,
  marks: readonly MarkView[],
): ChangeVerdict {
  const { configuration, isUp, self } = situation;
  const fault = quorumFault(configuration, next, isUp, what);
  if (fault !== null) return refusal('QUORUM_AT_RISK', fault);
  if (!next.voters.includes(self)) return { kind: 'hand-over', why: what };
  return { kind: 'configure', next, what, marks };
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
