import type { NodeId } from '../base/index.js';
import { peerOf, type Core, type Leader } from './core.js';
import { quorumIndex } from './quorum.js';

/**
 * Leader leases (thesis §6.4.1), an option of the group: `Configuration.leaseMs` above 0. Whoever hears the leader
 * promises to elect nobody else for that long, and a leader that a quorum has promised so may answer reads alone.
 *
 * Both sides of the promise are in this file; each counts in ticks of its own host. What a tick is worth on a clock,
 * and how far clocks may differ, is the host's to say.
 */

/** Ticks of the promise: one more than `leaseMs` has, because the next tick may come at once. 0 without leases. */
function promisedTicks(core: Core): number {
  const { leaseMs } = core.configuration;
  return leaseMs === 0 ? 0 : Math.ceil(leaseMs / core.config.tickMs) + 1;
}

/**
 * Whether this node must not help to elect anybody, itself included: a leader that it heard may count on it. This
 * outlives the term in which the leader was heard, and a restart, since a process that has just begun may have heard
 * one before. Only a transfer of leadership passes: a leader gives its lease up before it begins one.
 */
export function isPromised(core: Core): boolean {
  return core.now - core.heardTick < promisedTicks(core);
}

/**
 * Ticks since the newest round of heartbeats that a quorum has answered was begun; null when none may be relied on.
 * Who answered it must know this configuration, and with it the promise: it holds this term's first entry and the
 * one that brought the configuration.
 */
export function leaseAge(core: Core, leader: Leader): number | null {
  if (core.configuration.leaseMs === 0 || core.commit < leader.firstIndex) return null;
  if (leader.transfer !== null || leader.toldSomebody) return null;
  const settled = Math.max(core.membership.index, leader.firstIndex);
  const round = quorumIndex(core.configuration, (id) => promisedRound(core, leader, id, settled));
  const tick = leader.reads.beganAt(round);
  return tick === null ? null : core.now - tick;
}

/** The newest round that `id` answered, in the knowledge of what it promised by that. */
function promisedRound(core: Core, leader: Leader, id: NodeId, settled: number): number {
  if (id === core.id) return leader.reads.last;
  const peer = peerOf(leader, id);
  return peer !== undefined && peer.match >= settled ? peer.confirmedRound : 0;
}
