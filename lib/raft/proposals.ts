import { assert } from '../base/index.js';
import { appendOwn } from './append.js';
import { appendConfiguration } from './commit.js';
import type { Core, Leader } from './core.js';
import { checkConfiguration, isJoint, leaveJoint, sameConfiguration, towards } from './membership.js';
import type { Configuration, LogIndex, ProposeResult } from './types.js';

type Refusal = Extract<ProposeResult, { ok: false }>['reason'];

/** Appends one entry for each of `datas`, in order, or nothing. The result names the first one's index. */
export function propose(core: Core, datas: readonly Uint8Array[]): ProposeResult {
  assert(datas.length > 0, 'nothing was proposed');
  if (core.state.role !== 'leader') return refused('not-leader');
  const leader = core.state;
  if (leader.transfer !== null) return refused('transferring');
  if (exceedsLimit(core, leader, datas)) return refused('overloaded');
  const index = core.log.lastIndex + 1;
  for (const data of datas) appendOwn(core, leader, 'normal', data);
  return accepted(core, index);
}

/** Whether too much is on its way already; a single batch above the limit may travel alone. */
function exceedsLimit(core: Core, leader: Leader, datas: readonly Uint8Array[]): boolean {
  if (leader.uncommittedBytes === 0) return false;
  let bytes = leader.uncommittedBytes;
  for (const data of datas) bytes += data.length;
  return bytes > core.config.maxUncommittedBytes;
}

/**
 * Begins the way to `next` (thesis §4.3): the joint configuration if voters change, else `next` itself. While
 * joint, only the way out can be proposed. One change at a time, and none before the leader has committed in
 * its own term: only then is every earlier change known to be settled.
 */
export function proposeConfiguration(core: Core, next: Configuration): ProposeResult {
  checkConfiguration(next);
  assert(!isJoint(next), 'propose the configuration to arrive at; the joint one follows from it');
  if (core.state.role !== 'leader') return refused('not-leader');
  const leader = core.state;
  if (leader.transfer !== null) return refused('transferring');
  const pending = core.membership.index > core.commit || core.commit < leader.firstIndex;
  if (pending || !mayFollow(core.configuration, next)) return refused('pending-configuration');
  return accepted(core, appendConfiguration(core, leader, towards(core.configuration, next)));
}

function mayFollow(current: Configuration, next: Configuration): boolean {
  return !isJoint(current) || sameConfiguration(leaveJoint(current), { ...next, autoLeave: false });
}

function accepted(core: Core, index: LogIndex): ProposeResult {
  return { ok: true, index, term: core.term };
}

function refused(reason: Refusal): ProposeResult {
  return { ok: false, reason };
}
