import type { Core } from './core.js';
import type { Progress } from './progress.js';
import { isActive } from './sending.js';
import type { PeerProgress, RaftStatus } from './types.js';

/** A picture of the node for people and loops above; a copy. */
export function describe(core: Core): RaftStatus {
  const { state } = core;
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
    peers: (leader?.peers ?? []).map((peer) => describePeer(core, peer)),
    round: leader?.reads.last ?? 0,
    transferTo: leader?.transfer?.to ?? null,
    uncommittedBytes: leader?.uncommittedBytes ?? 0,
    counters: { ...core.counters },
  };
}

/** One peer as its leader sees it now. */
export function describePeer(core: Core, peer: Progress): PeerProgress {
  const { electionTicks } = core.config;
  const active = isActive(core, peer, electionTicks);
  return peer.describe(active, peer.catchUp.state(active, core.now, electionTicks));
}
