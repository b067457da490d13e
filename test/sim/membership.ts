import { between, chance, type NodeId, type Random } from '../../lib/base/index.js';
import type { Configuration } from '../../lib/raft/index.js';

/** Another membership to try: one to five voters among all nodes, and some of the rest as learners. */
export function drawConfiguration(random: Random, ids: readonly NodeId[], leaseMs: number): Configuration {
  const order = shuffled(random, ids);
  const voters = order.slice(0, between(random, 1, Math.min(5, ids.length)));
  const learners = order.slice(voters.length).filter(() => chance(random, 0.5));
  return {
    voters: voters.sort(),
    outgoing: [],
    learners: learners.sort(),
    learnersNext: [],
    autoLeave: chance(random, 0.5),
    leaseMs,
  };
}

/** Where a joint configuration leads to: what has to be proposed to leave it. */
export function wayOut(joint: Configuration): Configuration {
  return {
    voters: joint.voters,
    outgoing: [],
    learners: [...joint.learners, ...joint.learnersNext].sort(),
    learnersNext: [],
    autoLeave: false,
    leaseMs: joint.leaseMs,
  };
}

export function membersOf(configuration: Configuration): Set<NodeId> {
  const { voters, outgoing, learners } = configuration;
  return new Set([...voters, ...outgoing, ...learners]);
}

function shuffled(random: Random, ids: readonly NodeId[]): NodeId[] {
  const order = [...ids];
  for (let i = order.length - 1; i > 0; i--) {
    const j = between(random, 0, i);
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}
