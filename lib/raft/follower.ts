import { assert } from '../base/index.js';
import { commitTo } from './commit.js';
import { decodeConfiguration } from './configuration-codec.js';
import type { Core } from './core.js';
import { becomeFollower } from './roles.js';
import type { Append, Entry, Heartbeat, InstallSnapshot, LogIndex, SnapshotMeta } from './types.js';

/** Entries from the leader (§5.3). The answer leaves once they are durable. */
export function handleAppend(core: Core, message: Append): void {
  const { log } = core;
  if (message.prevIndex < core.commit) {
    // Everything committed here is in the leader's log too (leader completeness).
    acknowledge(core, message, core.commit);
  } else if (log.termAt(message.prevIndex) === message.prevTerm) {
    const last = message.prevIndex + message.entries.length;
    const told = core.commit;
    store(core, message.entries);
    commitTo(core, Math.min(message.commit, last));
    const onlyNews = message.entries.length === 0 && core.commit > told;
    if (!onlyNews || !isAcknowledged(core, last)) acknowledge(core, message, last);
  } else {
    refuse(core, message);
  }
}

/** Skips what is there already: a delayed append must not cut off later entries (§5.3, step 3 of Figure 2). */
function store(core: Core, entries: readonly Entry[]): void {
  const start = entries.findIndex((entry) => core.log.termAt(entry.index) !== entry.term);
  if (start === -1) return;
  const first = entries[start]!;
  if (first.index <= core.log.lastIndex) truncate(core, first);
  for (let i = start; i < entries.length; i++) storeEntry(core, entries[i]!);
}

function truncate(core: Core, conflict: Entry): void {
  assert(
    conflict.index > core.commit,
    () => `entry ${conflict.index} of term ${conflict.term} conflicts with a committed one (${core.commit})`,
  );
  core.log.truncate(conflict.index);
  if (core.membership.truncate(conflict.index, core.log)) core.configurationChanged = true;
}

function storeEntry(core: Core, entry: Entry): void {
  core.log.append(entry);
  if (entry.kind !== 'configuration') return;
  core.membership.append(entry.index, decodeConfiguration(entry.data));
  core.configurationChanged = true;
}

/** The leader was told, or will be once it is durable. Should that be lost, it asks after the next heartbeat. */
function isAcknowledged(core: Core, index: LogIndex): boolean {
  return core.state.role === 'follower' && core.state.acknowledged >= index;
}

function acknowledge(core: Core, message: Append | InstallSnapshot, index: LogIndex): void {
  const { id: from, term, state } = core;
  if (message.type === 'append' && state.role === 'follower')
    state.acknowledged = Math.max(state.acknowledged, index);
  core.sendDurable({
    type: 'append-reply',
    from,
    to: message.from,
    term,
    index,
    rejected: false,
    hintIndex: 0,
    hintTerm: 0,
  });
}

function refuse(core: Core, message: Append): void {
  const { id: from, term, log } = core;
  const hintIndex = log.lastIndexOfTerm(message.prevIndex, message.prevTerm);
  core.sendDurable({
    type: 'append-reply',
    from,
    to: message.from,
    term,
    index: message.prevIndex,
    rejected: true,
    hintIndex,
    hintTerm: log.termAt(hintIndex) ?? 0,
  });
}

/** Tells a deposed leader the present term (§5.1); without it, it would go on until its check of the quorum. */
export function answerDeposed(core: Core, message: Append | Heartbeat): void {
  const { id: from, term } = core;
  core.sendDurable({
    type: 'append-reply',
    from,
    to: message.from,
    term,
    index: message.type === 'append' ? message.prevIndex : 0,
    rejected: true,
    hintIndex: 0,
    hintTerm: 0,
  });
}

export function handleHeartbeat(core: Core, message: Heartbeat): void {
  // A node whose log is damaged may miss what it once acknowledged; others may not (`commitTo` asserts it).
  if (core.mayVote || message.commit <= core.log.lastIndex) commitTo(core, message.commit);
  const { id: from, term } = core;
  core.send({ type: 'heartbeat-reply', from, to: message.from, term, round: message.round });
}

/**
 * The host has received a whole state (§7). Kept only if it is news; the log is kept if it agrees with it. It
 * holds committed entries only, so its sender need not lead any more: a snapshot says nothing about leaders.
 */
export function handleSnapshot(core: Core, message: InstallSnapshot): void {
  const { meta } = message;
  if (core.state.role === 'leader') return;
  if (meta.index > core.commit) {
    if (core.log.termAt(meta.index) === meta.term) commitTo(core, meta.index);
    else replaceLog(core, meta);
  }
  acknowledge(core, message, core.commit);
}

/** Votes were asked for with the log that is dropped here: a campaign ends. */
function replaceLog(core: Core, meta: SnapshotMeta): void {
  if (core.state.role !== 'follower') becomeFollower(core, core.term, null);
  core.restore(meta);
}
