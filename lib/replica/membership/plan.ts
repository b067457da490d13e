import { memberOf, type MemberId, type NodeId } from '../../base/index.js';
import { simpleConfiguration, type Configuration } from '../../raft/index.js';
import type { UpkeepPolicy } from '../../state/index.js';
import { quorumFault } from './arithmetic.js';

/** What the leader sees of its group. */
export interface Situation {
  readonly self: NodeId;
  readonly configuration: Configuration;
  /** The leader heard it within an election timeout. Itself included. */
  readonly isActive: (node: NodeId) => boolean;
  /** It holds, or nearly holds, the log of the leader. */
  readonly isUp: (node: NodeId) => boolean;
  /** How long the leader has not heard it, in ms. */
  readonly silentMs: (node: NodeId) => number;
  /** Log entries that it is not known to hold. */
  readonly behind: (node: NodeId) => number;
  /** How long a learner has kept up with the log, in ms; null: it does not. */
  readonly keptUpMs: (node: NodeId) => number | null;
  readonly lossesWithin: (node: NodeId, ms: number) => number;
  /** The folder with which a member's process answers at present; null: it is not reached. */
  readonly answering: (member: MemberId) => NodeId | null;
  /** Whose place a learner was let in to take, if it was. */
  readonly replaces: (node: NodeId) => MemberId | null;
  /** A learner that stays one until an operator promotes it. */
  readonly isHeld: (node: NodeId) => boolean;
  readonly policy: UpkeepPolicy;
}

/** The next change that the group's upkeep asks for, and why. */
export type Step =
  | {
      readonly kind: 'configure';
      readonly next: Configuration;
      readonly why: string;
      /** To be noted first: this voter stays a learner until an operator promotes it. */
      readonly hold: NodeId | null;
    }
  /** The leader itself is to be replaced: another voter has to lead first. */
  | { readonly kind: 'hand-over'; readonly why: string };

type Configure = Extract<Step, { readonly kind: 'configure' }>;

/** Policies remove no voter of a group of three, or smaller. */
const FEWEST_VOTERS = 3;

/**
 * What upkeep does next, from what is seen alone: whoever leads comes to the same conclusion, so a leader that is lost
 * on the way needs no successor to know where it stopped. The configuration is not joint and is committed.
 */
export function planStep(situation: Situation): Step | null {
  for (const rule of [leftover, succession, promotion, demotion, removal]) {
    const step = rule(situation);
    if (step !== null) return step;
  }
  return null;
}

/** Whose place `learner` takes: a voter of the same member that lost its folder, or the one it was let in for. */
export function predecessorOf(situation: Situation, learner: NodeId): NodeId | null {
  const { configuration, replaces } = situation;
  const member = memberOf(learner);
  const same = configuration.voters.find((node) => memberOf(node) === member);
  if (same !== undefined) return same;
  const other = replaces(learner);
  return other === null ? null : (configuration.voters.find((node) => memberOf(node) === other) ?? null);
}

/** A learner whose own member has a folder that is alive, or a later one: it has no place any more. */
function leftover({ configuration, answering, isActive }: Situation): Step | null {
  const { voters, learners } = configuration;
  for (const learner of learners) {
    const member = memberOf(learner);
    if (isActive(learner)) continue;
    const rival = [...voters, ...learners].find((node) => node !== learner && memberOf(node) === member);
    if (rival === undefined || answering(member) !== rival || !isActive(rival)) continue;
    return step(configuration, { without: learner }, `${rival} is alive, ${learner} is not`);
  }
  return null;
}

/** One joint change: the caught-up folder takes the vote of the one it replaces. */
function succession(situation: Situation): Step | null {
  const { configuration, isActive, keptUpMs } = situation;
  for (const learner of configuration.learners) {
    const old = predecessorOf(situation, learner);
    if (old === null || keptUpMs(learner) === null || !isActive(learner)) continue;
    if (memberOf(old) === memberOf(learner) && isActive(old)) continue;
    const why = `${learner} takes the place of ${old}`;
    const next = step(configuration, { without: old, voter: learner }, why);
    if (isSafe(situation, next)) return old === situation.self ? { kind: 'hand-over', why } : next;
  }
  return null;
}

function promotion(situation: Situation): Step | null {
  const { configuration, policy, keptUpMs, isHeld } = situation;
  if (policy.promoteAfterMs === 0) return null;
  for (const learner of configuration.learners) {
    if (isHeld(learner) || predecessorOf(situation, learner) !== null) continue;
    const keptUp = keptUpMs(learner);
    if (keptUp === null || keptUp < policy.promoteAfterMs) continue;
    const why = `${learner} has kept up for ${Math.round(keptUp)} ms`;
    const next = step(configuration, { voter: learner }, why);
    if (isSafe(situation, next)) return next;
  }
  return null;
}

function demotion(situation: Situation): Step | null {
  const { configuration, policy, lossesWithin, self } = situation;
  if (policy.unstableLosses === 0 || configuration.voters.length <= FEWEST_VOTERS) return null;
  for (const voter of configuration.voters) {
    if (voter === self) continue;
    const losses = lossesWithin(voter, policy.unstableWindowMs);
    if (losses < policy.unstableLosses) continue;
    const why = `${voter} was lost ${losses} times within ${policy.unstableWindowMs} ms`;
    const next = step(configuration, { learner: voter }, why, voter);
    if (isSafe(situation, next)) return next;
  }
  return null;
}

function removal(situation: Situation): Step | null {
  const { configuration, policy, silentMs } = situation;
  if (policy.removeDeadAfterMs === 0) return null;
  const { voters, learners } = configuration;
  const removable = voters.length > FEWEST_VOTERS ? [...learners, ...voters] : learners;
  for (const node of removable) {
    const silent = silentMs(node);
    if (silent < policy.removeDeadAfterMs) continue;
    const next = step(configuration, { without: node }, `${node} was silent for ${Math.round(silent)} ms`);
    if (isSafe(situation, next)) return next;
  }
  return null;
}

function isSafe({ configuration, isUp }: Situation, { next }: Configure): boolean {
  return quorumFault(configuration, next, isUp, 'it') === null;
}

export interface Edit {
  readonly without?: NodeId;
  readonly voter?: NodeId;
  readonly learner?: NodeId;
}

/** The configuration with a node taken out, and others put in as voter or learner. */
export function edited(configuration: Configuration, { without, voter, learner }: Edit): Configuration {
  const { voters, learners, leaseMs } = configuration;
  const stays = (node: NodeId): boolean => node !== without && node !== voter && node !== learner;
  const added = (node: NodeId | undefined): NodeId[] => (node === undefined ? [] : [node]);
  const next = simpleConfiguration(
    [...voters.filter(stays), ...added(voter)],
    [...learners.filter(stays), ...added(learner)],
    leaseMs,
  );
  return { ...next, autoLeave: true };
}

function step(configuration: Configuration, edit: Edit, why: string, hold: NodeId | null = null): Configure {
  return { kind: 'configure', next: edited(configuration, edit), why, hold };
}
