import type { NodeId } from '../base/index.js';
import { peerOf, type Core, type Leader } from './core.js';
import type { Progress } from './progress.js';
import { becomeFollower } from './roles.js';
import { sendAll } from './sending.js';

/** Moves leadership to `to` (thesis §3.10): it is told to campaign as soon as its log is complete. */
export function transferLeadership(core: Core, to: NodeId): 'started' | 'refused' {
  if (core.state.role !== 'leader') return 'refused';
  const leader = core.state;
  const peer = peerOf(leader, to);
  if (peer === undefined || !core.isVoter(to)) return 'refused';
  if (leader.transfer?.to === to) return 'started';
  leader.transfer = { to, sinceTick: core.now, told: false };
  leader.sendDue = true;
  continueTransfer(core, leader, peer);
  return 'started';
}

/** `peer` acknowledged entries: if it is the one to take over and has them all, it is its turn. */
export function continueTransfer(core: Core, leader: Leader, peer: Progress): void {
  const { transfer } = leader;
  if (transfer === null || transfer.to !== peer.id || transfer.told) return;
  if (peer.match !== core.log.lastIndex) return;
  transfer.told = true;
  leader.toldSomebody = true;
  sendTimeoutNow(core, peer.id);
}

/** Ends a transfer that did not happen within an election timeout, or whose target may not lead any more. */
export function expireTransfer(core: Core, leader: Leader): void {
  const { transfer } = leader;
  if (transfer === null) return;
  const expired = core.now - transfer.sinceTick >= core.config.electionTicks;
  if (expired || !core.isVoter(transfer.to)) leader.transfer = null;
}

/** Stops leading and lets the voter with the longest log campaign at once. Everything sendable goes out first. */
export function handOver(core: Core, leader: Leader): void {
  sendAll(core, leader, 'none');
  const voters = leader.peers.filter((peer) => core.isVoter(peer.id));
  const best = voters.reduce<Progress | null>(
    (longest, peer) => (longest === null || peer.match > longest.match ? peer : longest),
    null,
  );
  if (best !== null) sendTimeoutNow(core, best.id);
  becomeFollower(core, core.term, null);
}

function sendTimeoutNow(core: Core, to: NodeId): void {
  core.send({ type: 'timeout-now', from: core.id, to, term: core.term });
}
