import type { NodeId } from '../base/index.js';
import { peerOf, type Core, type Leader } from './core.js';
import { quorumIndex } from './quorum.js';
import type { PendingRead } from './read-rounds.js';
import type { LogIndex, ReadReply, ReadRequest } from './types.js';

/** The index of a refusal. */
const REFUSED = -1;

/** A read of this node's host (thesis §6.4): answered in `Ready.reads`. */
export function readIndex(core: Core, context: number): void {
  if (core.state.role === 'leader') enqueue(core, core.state, { from: null, context });
  else if (core.leader === null) core.reads.push({ context, index: REFUSED });
  else core.send({ type: 'read', from: core.id, to: core.leader, term: core.term, context });
}

/** A follower asks; only a leader answers with an index. */
export function handleRead(core: Core, message: ReadRequest): void {
  const read = { from: message.from, context: message.context };
  if (core.state.role === 'leader') enqueue(core, core.state, read);
  else answer(core, read, REFUSED);
}

export function handleReadReply(core: Core, message: ReadReply): void {
  core.reads.push({ context: message.context, index: message.index });
}

function enqueue(core: Core, leader: Leader, read: PendingRead): void {
  if (!leader.reads.add(read)) answer(core, read, REFUSED);
}

/** Whether a round can begin: before the first commit of its term a leader may lag behind the last one (§8). */
export function readRoundDue(core: Core, leader: Leader): boolean {
  return leader.reads.due && core.commit >= leader.firstIndex;
}

/** Answers the reads of all rounds that a quorum has confirmed. */
export function confirmReads(core: Core, leader: Leader): void {
  const reached = quorumIndex(core.configuration, (id) => confirmedRound(core, leader, id));
  for (const { index, reads } of leader.reads.confirm(reached)) {
    for (const read of reads) answer(core, read, index);
  }
}

function confirmedRound(core: Core, leader: Leader, id: NodeId): number {
  if (id === core.id) return leader.reads.last;
  return peerOf(leader, id)?.confirmedRound ?? 0;
}

/** Tells everyone who waits that this node can not answer. */
export function refuseReads(core: Core, reads: readonly PendingRead[]): void {
  for (const read of reads) answer(core, read, REFUSED);
}

/** Somebody at `peer` waits until it has applied `index`: news of that are due, even if they were kept back. */
export function awaitCommit(leader: Leader, peer: NodeId, index: LogIndex): void {
  peerOf(leader, peer)?.awaits(index);
  leader.sendDue = true;
}

function answer(core: Core, read: PendingRead, index: LogIndex): void {
  const { from, context } = read;
  if (from === null) core.reads.push({ context, index });
  else {
    core.send({ type: 'read-reply', from: core.id, to: from, term: core.term, context, index });
    if (core.state.role === 'leader') awaitCommit(core.state, from, index);
  }
}
