import type { Identity } from '../storage/index.js';
import type { PeerHello } from '../transport/types.js';

export interface GenerationVerdict {
  /** Which of the two belongs to an earlier life of the cluster. */
  readonly former: 'self' | 'peer';
  readonly message: string;
}

/**
 * Members of one cluster whose generations differ must not speak: a recovery or a restore began a new history, and
 * what the others promised in the former one does not count there. Null: they may, or one belongs to no group.
 */
export function compareGenerations(
  { memberId, clusterId, generation }: Identity,
  peer: PeerHello,
): GenerationVerdict | null {
  if (clusterId === null || peer.unbound || peer.generation === generation) return null;
  const selfIsFormer = generation < peer.generation;
  const [former, newer] = selfIsFormer ? [memberId, peer.memberId] : [peer.memberId, memberId];
  const message =
    `${former} belongs to the group as it was before ${newer} was recovered or restored ` +
    `(${describe(Math.min(generation, peer.generation))}, now ${describe(Math.max(generation, peer.generation))})`;
  return { former: selfIsFormer ? 'self' : 'peer', message };
}

/** "the first generation", "generation of 2026-11-23T12:00:00.000Z". */
function describe(generation: number): string {
  return generation === 0 ? 'the first generation' : `generation of ${new Date(generation).toISOString()}`;
}
