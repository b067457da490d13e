import { advanceCommit } from './commit.js';
import { peerOf, type Core, type Leader } from './core.js';
import type { Progress } from './progress.js';
import { confirmReads } from './reads.js';
import { continueTransfer } from './transfer.js';
import type { AppendReply, HeartbeatReply, LogIndex, Message } from './types.js';

/** The sender as one of the leader's peers, noted as heard from; undefined for strangers. */
function heardFrom(core: Core, leader: Leader, message: Message): Progress | undefined {
  const peer = peerOf(leader, message.from);
  if (peer !== undefined) peer.activeTick = core.now;
  return peer;
}

export function handleAppendReply(core: Core, leader: Leader, message: AppendReply): void {
  const peer = heardFrom(core, leader, message);
  if (peer === undefined || message.index > core.log.lastIndex) return;
  leader.sendDue = true;
  if (message.rejected) {
    peer.refused(message.index, agreementBelow(core, message));
    return;
  }
  const news = peer.acknowledged(message.index);
  observeCatchUp(core, peer);
  resumeReplication(core, peer);
  if (news) {
    advanceCommit(core, leader);
    continueTransfer(core, leader, peer);
  }
}

/** Notes how far the peer is behind: replication is counted in rounds (thesis §4.2.1). */
export function observeCatchUp(core: Core, peer: Progress): void {
  peer.catchUp.observe(peer.match, core.log.lastIndex, core.now, core.config.electionTicks);
}

/**
 * Where the logs may agree after a refusal: the follower names the end of its entries of at most the term
 * asked for, and ours below that with at most its term skip a whole term at a time (§5.3, last paragraphs).
 */
function agreementBelow(core: Core, message: AppendReply): LogIndex {
  return core.log.lastIndexOfTerm(message.hintIndex, message.hintTerm);
}

/** The point of agreement is known, and so are the entries after it: from here appends may stream. */
function resumeReplication(core: Core, peer: Progress): void {
  if (peer.state.kind === 'replicate') return;
  if (core.log.termAt(peer.match) !== null) peer.replicate();
}

export function handleHeartbeatReply(core: Core, leader: Leader, message: HeartbeatReply): void {
  const peer = heardFrom(core, leader, message);
  if (peer === undefined) return;
  peer.resume(core.log.lastIndex);
  leader.sendDue = true;
  if (message.round > peer.confirmedRound) {
    peer.confirmedRound = message.round;
    confirmReads(core, leader);
  }
}
