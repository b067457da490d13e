import { assert, type NodeId } from '../base/index.js';
import { appendOwn } from './append.js';
import { encodeConfiguration } from './configuration-codec.js';
import { peerOf, type Core, type Leader } from './core.js';
import { checkConfiguration, isJoint, leaveJoint } from './membership.js';
import { quorumIndex } from './quorum.js';
import { confirmReads } from './reads.js';
import { trackMembers } from './roles.js';
import { handOver } from './transfer.js';
import type { Configuration, LogIndex } from './types.js';

/** Moves the commit index of any node forward; never back. */
export function commitTo(core: Core, index: LogIndex): void {
  if (index <= core.commit) return;
  assert(
    index <= core.log.lastIndex,
    () => `told to commit ${index} but the log ends at ${core.log.lastIndex}: entries were lost`,
  );
  core.commit = index;
}

/**
 * Commits what a quorum holds durably (§5.3), counting only entries of the leader's own term; earlier ones
 * are committed with them (§5.4.2, Figure 8).
 */
export function advanceCommit(core: Core, leader: Leader): void {
  const reached = quorumIndex(core.configuration, (id) => durableAt(core, leader, id));
  if (reached <= core.commit || reached < leader.firstIndex) return;
  const previous = Math.max(core.commit, leader.firstIndex - 1);
  leader.uncommittedBytes -= core.log.dataBytes(previous + 1, reached + 1);
  commitTo(core, reached);
  leader.sendDue = true;
  if (core.commit >= core.membership.index) configurationCommitted(core, leader);
}

/** Highest index known to be durable at `id`. A leader counts itself by its own completed writes. */
function durableAt(core: Core, leader: Leader, id: NodeId): LogIndex {
  if (id === core.id) return core.log.stable;
  return peerOf(leader, id)?.match ?? 0;
}

/**
 * The configuration in force is committed: a leader without a vote in it leaves (it was only needed to get
 * here, thesis §4.2.2), others go on from the joint phase.
 */
function configurationCommitted(core: Core, leader: Leader): void {
  const { configuration } = core;
  if (!core.isVoter(core.id)) handOver(core, leader);
  else if (isJoint(configuration) && configuration.autoLeave) {
    appendConfiguration(core, leader, leaveJoint(configuration));
  }
}

/** Appends a configuration; it is in force at once (thesis §4.1). */
export function appendConfiguration(core: Core, leader: Leader, configuration: Configuration): LogIndex {
  checkConfiguration(configuration);
  const index = appendOwn(core, leader, 'configuration', encodeConfiguration(configuration));
  core.membership.append(index, configuration);
  core.configurationChanged = true;
  trackMembers(core, leader);
  confirmReads(core, leader);
  return index;
}
