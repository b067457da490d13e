import type { Core } from './core.js';
import { isActive } from './sending.js';
import type { RaftStatus } from './types.js';

/** A picture of the node for people and loops above; a copy. */
export function describe(core: Core): RaftStatus {
  const { state, config } = core;
  const leader = state.role === 'leader' ? state : null;
  return {
    id: core.id,
    role: state.role,
    term: core.term,
    vote: core.vote,
    leader: core.leader,
    commit: core.commit,
    applied: core.applied,
    lastIndex: core.log.lastIndex,
    configuration: core.configuration,
    peers: (leader?.peers ?? []).map((peer) => peer.describe(isActive(core, peer, config.electionTicks))),
    transferTo: leader?.transfer?.to ?? null,
    uncommittedBytes: leader?.uncommittedBytes ?? 0,
  };
}
