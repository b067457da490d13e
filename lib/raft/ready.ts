import type { Core } from './core.js';
import { readRoundDue } from './reads.js';
import { sendAll } from './sending.js';
import { handleVoteReply } from './election.js';
import type { Entry, Leadership, NewsHold, Persist, ReadState, Ready } from './types.js';
import type { NodeId } from '../base/index.js';

const NOTHING: readonly never[] = [];

/** Whether `takeReady` would return anything to do. */
export function hasReady(core: Core): boolean {
  return (
    core.outbox.hasMessages() ||
    (core.outstanding === null && (needsWrite(core) || core.outbox.hasWaiting())) ||
    hasCommitted(core) ||
    core.reads.length > 0 ||
    core.snapshotsWanted.length > 0 ||
    hasUnsent(core) ||
    leadershipChanged(core)
  );
}

/** Takes everything the host has to do; what is returned once is not returned again. */
export function takeReady(core: Core, hold: NewsHold): Ready {
  if (core.outstanding === null && !needsWrite(core)) releasePromises(core);
  const persist = takePersist(core);
  if (core.state.role === 'leader') sendAll(core, core.state, hold);
  return {
    messages: core.outbox.take(),
    persist,
    committed: takeCommitted(core),
    reads: takeReads(core),
    snapshotsWanted: takeSnapshotsWanted(core),
    leadership: takeLeadership(core),
  };
}

/** The write in flight is durable: its promises may leave. */
export function completePersist(core: Core): void {
  core.log.acknowledge();
  core.outstanding = null;
  fulfil(core);
  core.log.trim(core.commit);
}

function needsWrite(core: Core): boolean {
  return core.hardStateChanged || core.configurationChanged || core.log.hasUnwritten();
}

function takePersist(core: Core): Persist | null {
  const dirty = needsWrite(core);
  if (core.outstanding !== null) {
    // Nothing changed since the write began: promises made meanwhile are fulfilled by it too.
    if (!dirty) core.outbox.attachWaiting();
    return null;
  }
  if (!dirty) return null;
  const configuration = core.configurationChanged ? core.configuration : null;
  core.configurationChanged = false;
  core.outstanding = { sinceTick: core.now };
  core.outbox.attachWaiting();
  const { truncateFrom, snapshot, entries } = core.log.takeUnwritten();
  return { truncateFrom, snapshot, entries, hardState: core.takeHardState(), configuration };
}

/** Everything is durable already: promises need not wait. */
function releasePromises(core: Core): void {
  core.outbox.attachWaiting();
  fulfil(core);
}

function fulfil(core: Core): void {
  for (const message of core.outbox.takeFulfilled(core.term)) {
    if (message.to !== core.id) core.send(message);
    else if (message.type === 'vote-reply') handleVoteReply(core, message);
  }
}

function hasUnsent(core: Core): boolean {
  const { state } = core;
  return state.role === 'leader' && (state.sendDue || readRoundDue(core, state));
}

/** A committed entry that is not durable here could be applied, answered, and then lost: it waits. */
function hasCommitted(core: Core): boolean {
  const upTo = Math.min(core.commit, core.log.stable);
  return core.handedOut < upTo && core.handedOutBytes < core.config.maxCommittedBytes;
}

function takeCommitted(core: Core): readonly Entry[] {
  if (!hasCommitted(core)) return NOTHING;
  const upTo = Math.min(core.commit, core.log.stable);
  const room = core.config.maxCommittedBytes - core.handedOutBytes;
  const entries = core.log.read(core.handedOut + 1, upTo + 1, room);
  core.handedOut += entries.length;
  for (const entry of entries) core.handedOutBytes += entry.data.length;
  return entries;
}

function takeReads(core: Core): readonly ReadState[] {
  if (core.reads.length === 0) return NOTHING;
  const { reads } = core;
  core.reads = [];
  return reads;
}

function takeSnapshotsWanted(core: Core): readonly NodeId[] {
  if (core.snapshotsWanted.length === 0) return NOTHING;
  const wanted = core.snapshotsWanted;
  core.snapshotsWanted = [];
  return wanted;
}

function leadershipChanged(core: Core): boolean {
  const { role, term, leader } = core.toldLeadership;
  return role !== core.state.role || term !== core.term || leader !== core.leader;
}

function takeLeadership(core: Core): Leadership | null {
  if (!leadershipChanged(core)) return null;
  core.toldLeadership = { role: core.state.role, term: core.term, leader: core.leader };
  return core.toldLeadership;
}
