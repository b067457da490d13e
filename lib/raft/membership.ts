import { assert, type NodeId } from '../base/index.js';
import type { Configuration } from './types.js';

/** A configuration that is not joint. */
export function simpleConfiguration(
  voters: readonly NodeId[],
  learners: readonly NodeId[] = [],
  leaseMs: number = 0,
): Configuration {
  return {
    voters: [...voters].sort(),
    outgoing: [],
    learners: [...learners].sort(),
    learnersNext: [],
    autoLeave: false,
    leaseMs,
  };
}

export function isJoint(configuration: Configuration): boolean {
  return configuration.outgoing.length > 0;
}

/** Whether `id` counts in decisions: in either half while joint. */
export function isVoter(configuration: Configuration, id: NodeId): boolean {
  return configuration.voters.includes(id) || configuration.outgoing.includes(id);
}

export function isMember(configuration: Configuration, id: NodeId): boolean {
  return isVoter(configuration, id) || configuration.learners.includes(id);
}

/** Voters of both halves and learners, each once, sorted: every loop over peers goes in this order. */
export function membersOf(configuration: Configuration): NodeId[] {
  const { voters, outgoing, learners } = configuration;
  return [...new Set([...voters, ...outgoing, ...learners])].sort();
}

/** Voters of both halves, each once, sorted. */
export function votersOf(configuration: Configuration): NodeId[] {
  return [...new Set([...configuration.voters, ...configuration.outgoing])].sort();
}

/** Whether both name the same nodes in the same parts. Lists are compared as sets. */
export function sameConfiguration(a: Configuration, b: Configuration): boolean {
  return (
    sameNodes(a.voters, b.voters) &&
    sameNodes(a.outgoing, b.outgoing) &&
    sameNodes(a.learners, b.learners) &&
    sameNodes(a.learnersNext, b.learnersNext) &&
    a.autoLeave === b.autoLeave &&
    a.leaseMs === b.leaseMs
  );
}

export function sameNodes(a: readonly NodeId[], b: readonly NodeId[]): boolean {
  return a.length === b.length && a.every((id) => b.includes(id));
}

/** Asserts the shape of a configuration: a broken one is a defect of whoever proposed it. */
export function checkConfiguration(configuration: Configuration): void {
  const { voters, outgoing, learners, learnersNext, leaseMs } = configuration;
  assert(voters.length > 0, 'a configuration needs a voter');
  assert(Number.isSafeInteger(leaseMs) && leaseMs >= 0, () => `a lease of ${leaseMs} ms`);
  for (const part of [voters, outgoing, learners, learnersNext]) {
    assert(new Set(part).size === part.length, () => `a node is named twice: ${part.join(', ')}`);
  }
  for (const id of learners) assert(!isVoter(configuration, id), () => `${id} is both voter and learner`);
  for (const id of learnersNext) {
    assert(
      outgoing.includes(id) && !voters.includes(id),
      () => `${id} cannot become a learner: not outgoing`,
    );
  }
}

/**
 * The configuration to append first on the way from `current` to `target` (thesis §4.3). The voters of both
 * decide until the joint phase is left; a change of learners alone needs no joint phase, since quorums stay.
 */
export function towards(current: Configuration, target: Configuration): Configuration {
  if (sameNodes(current.voters, target.voters)) {
    return simpleConfiguration(target.voters, target.learners, target.leaseMs);
  }
  const isOutgoing = (id: NodeId): boolean => current.voters.includes(id);
  return {
    voters: target.voters,
    outgoing: current.voters,
    learners: target.learners.filter((id) => !isOutgoing(id)),
    learnersNext: target.learners.filter(isOutgoing),
    autoLeave: target.autoLeave,
    leaseMs: target.leaseMs,
  };
}

/** The configuration that ends the joint phase of `joint`. */
export function leaveJoint(joint: Configuration): Configuration {
  assert(isJoint(joint), 'only a joint configuration can be left');
  return simpleConfiguration(joint.voters, [...joint.learners, ...joint.learnersNext], joint.leaseMs);
}
