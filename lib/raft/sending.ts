import type { Core, Leader } from './core.js';
import type { Progress } from './progress.js';
import { confirmReads, readRoundDue } from './reads.js';
import type { Entry, LogIndex, NewsHeld, NewsHold, Term } from './types.js';

const NO_ENTRIES: readonly Entry[] = [];

/** Sends whatever became sendable: read rounds, entries as far as the windows allow, news of the commit index. */
export function sendAll(core: Core, leader: Leader, hold: NewsHold): void {
  if (readRoundDue(core, leader)) beginReadRound(core, leader);
  if (!leader.sendDue) return;
  leader.sendDue = false;
  leader.newsHeld = 'none';
  for (const peer of leader.peers) {
    const held = sendTo(core, peer, hold);
    if (leader.newsHeld !== 'awaited') leader.newsHeld = held === 'none' ? leader.newsHeld : held;
  }
}

/** Sends what the peer can take; returns the news of the commit index that were held back. */
function sendTo(core: Core, peer: Progress, hold: NewsHold): NewsHeld {
  const last = core.log.lastIndex;
  while (peer.sendable && (peer.next <= last || peer.state.kind === 'probe')) {
    if (!sendAppend(core, peer, last + 1)) return 'none';
  }
  if (peer.state.kind !== 'replicate') return 'none';
  if (peer.checkDue && !sendAppend(core, peer, peer.next)) return 'none';
  const news = newsFor(core, peer);
  if (hold === 'all' || (hold === 'idle' && news === 'idle')) return news;
  if (news !== 'none') sendAppend(core, peer, peer.next);
  return 'none';
}

/** Whether an append without entries tells the peer of a commit that it can make, and somebody there waits for it. */
function newsFor(core: Core, peer: Progress): NewsHeld {
  if (peer.toldCommit >= Math.min(core.commit, peer.next - 1)) return 'none';
  return peer.toldCommit < peer.awaited ? 'awaited' : 'idle';
}

/** One append of the entries `[next, to)`, as many as fit. False when the peer needs a snapshot instead. */
function sendAppend(core: Core, peer: Progress, to: LogIndex): boolean {
  const prevIndex = peer.next - 1;
  const prevTerm = core.log.termAt(prevIndex);
  if (prevTerm === null) {
    wantSnapshot(core, peer);
    return false;
  }
  const entries = peer.next < to ? core.log.read(peer.next, to, core.config.maxAppendBytes) : NO_ENTRIES;
  // A question tells of no commit: what does so and brings no entries may go unanswered.
  const asks = entries.length === 0 && (peer.checkDue || peer.state.kind === 'probe');
  append(core, peer, prevIndex, prevTerm, entries, asks ? 0 : core.commit);
  return true;
}

function append(
  core: Core,
  peer: Progress,
  prevIndex: LogIndex,
  prevTerm: Term,
  entries: readonly Entry[],
  commit: LogIndex,
): void {
  const { id: from, term } = core;
  core.send({ type: 'append', from, to: peer.id, term, prevIndex, prevTerm, entries, commit });
  let bytes = 0;
  for (const entry of entries) bytes += entry.data.length;
  peer.sent(prevIndex + entries.length, bytes, commit);
}

/** Asks the host to send the state, once, and only to a peer that is there to receive it. */
function wantSnapshot(core: Core, peer: Progress): void {
  if (!isActive(core, peer, core.config.electionTicks)) return;
  peer.awaitSnapshot();
  core.snapshotsWanted.push(peer.id);
}

/** Whether the leader heard the peer within that many ticks. */
export function isActive(core: Core, peer: Progress, ticks: number): boolean {
  return core.now - peer.activeTick <= ticks;
}

/** Proof of leadership to everyone; the commit index never exceeds what the receiver is known to hold. */
export function sendHeartbeats(core: Core, leader: Leader): void {
  leader.lastHeartbeatTick = core.now;
  const { id: from, term } = core;
  const round = leader.reads.last;
  for (const peer of leader.peers) {
    const commit = Math.min(peer.match, core.commit);
    peer.toldCommit = Math.max(peer.toldCommit, commit);
    core.send({ type: 'heartbeat', from, to: peer.id, term, commit, round });
  }
}

/** The regular heartbeat. With leases each is a round: its answers are promises that are worth something since then. */
export function beat(core: Core, leader: Leader): void {
  const renews = core.configuration.leaseMs > 0 && core.commit >= leader.firstIndex && leader.reads.hasRoom;
  if (renews) beginReadRound(core, leader);
  else sendHeartbeats(core, leader);
}

function beginReadRound(core: Core, leader: Leader): void {
  leader.reads.begin(core.commit, core.now);
  sendHeartbeats(core, leader);
  confirmReads(core, leader);
}
