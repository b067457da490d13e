import type { NodeId } from '../base/index.js';
import type { Configuration } from './types.js';

export type VoteOutcome = 'won' | 'lost' | 'pending';

/** More than half of `size`. */
export function majority(size: number): number {
  return Math.floor(size / 2) + 1;
}

/**
 * The highest value that a majority of `ids` has reached, or Infinity for no ids (the neutral element when
 * two halves are combined). Counts pairs instead of sorting: groups are small, and nothing is allocated.
 */
export function majorityIndex(ids: readonly NodeId[], valueOf: (id: NodeId) => number): number {
  if (ids.length === 0) return Infinity;
  const needed = majority(ids.length);
  let best = 0;
  for (const id of ids) {
    const value = valueOf(id);
    if (value > best && countAtLeast(ids, valueOf, value) >= needed) best = value;
  }
  return best;
}

function countAtLeast(ids: readonly NodeId[], valueOf: (id: NodeId) => number, value: number): number {
  let count = 0;
  for (const id of ids) if (valueOf(id) >= value) count++;
  return count;
}

/** The highest value reached by a quorum: by both halves while the configuration is joint (thesis §4.3). */
export function quorumIndex(configuration: Configuration, valueOf: (id: NodeId) => number): number {
  return Math.min(
    majorityIndex(configuration.voters, valueOf),
    majorityIndex(configuration.outgoing, valueOf),
  );
}

/** Whether the nodes for which `holds` is true include a quorum. */
export function hasQuorum(configuration: Configuration, holds: (id: NodeId) => boolean): boolean {
  return majorityHolds(configuration.voters, holds) && majorityHolds(configuration.outgoing, holds);
}

function majorityHolds(ids: readonly NodeId[], holds: (id: NodeId) => boolean): boolean {
  if (ids.length === 0) return true;
  let count = 0;
  for (const id of ids) if (holds(id)) count++;
  return count >= majority(ids.length);
}

/** Where an election stands; `votes` may hold answers of nodes that do not count. */
export function voteOutcome(configuration: Configuration, votes: ReadonlyMap<NodeId, boolean>): VoteOutcome {
  if (hasQuorum(configuration, (id) => votes.get(id) === true)) return 'won';
  return hasQuorum(configuration, (id) => votes.get(id) !== false) ? 'pending' : 'lost';
}
