import { observeCatchUp } from './acknowledgements.js';
import { peerOf, type Core, type Leader } from './core.js';
import { hasQuorum } from './quorum.js';
import { becomeFollower } from './roles.js';
import { beat, isActive } from './sending.js';
import { expireTransfer, handOver } from './transfer.js';

/** One tick of a leader. */
export function tickLeader(core: Core, leader: Leader): void {
  const { electionTicks, heartbeatTicks } = core.config;
  if (!quorumActiveWithin(core, leader, electionTicks)) {
    // CheckQuorum (thesis §6.2): cut off from a quorum, so another leader may exist.
    core.counters.quorumLosses++;
    becomeFollower(core, core.term, null);
    return;
  }
  if (ownDiskStalled(core) && leader.peers.some((peer) => core.isVoter(peer.id))) {
    core.counters.diskHandOvers++;
    handOver(core, leader);
    return;
  }
  expireTransfer(core, leader);
  retryAfterSnapshot(core, leader);
  for (const peer of leader.peers) observeCatchUp(core, peer);
  if (core.now - leader.lastHeartbeatTick >= heartbeatTicks) beat(core, leader);
}

/** Whether a quorum, this leader included, was heard within that many ticks. */
export function quorumActiveWithin(core: Core, leader: Leader, ticks: number): boolean {
  return hasQuorum(core.configuration, (id) => {
    if (id === core.id) return true;
    const peer = peerOf(leader, id);
    return peer !== undefined && isActive(core, peer, ticks);
  });
}

/** A leader whose disk hangs still sends heartbeats, yet commits nothing: others would wait for ever. */
function ownDiskStalled(core: Core): boolean {
  const { outstanding, now, config } = core;
  return outstanding !== null && now - outstanding.sinceTick >= config.electionTicks;
}

/** The state was sent but its acknowledgement does not come: ask the peer where it is. */
function retryAfterSnapshot(core: Core, leader: Leader): void {
  for (const peer of leader.peers) {
    if (peer.state.kind !== 'snapshot' || peer.state.sentAtTick === null) continue;
    if (core.now - peer.state.sentAtTick < core.config.electionTicks) continue;
    peer.probe(core.log.lastIndex + 1);
    leader.sendDue = true;
  }
}
