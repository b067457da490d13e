import { memberOf, type NodeId } from '../base/index.js';
import type { ClusterView } from './cluster/types.js';
import { COMMAND_LEVEL, FIRST_LEVEL, commandNeed } from './registry.js';
import type { Refusal } from './turn.js';

/**
 * Why the command may not be proposed (yet), or null: every member of the group must be able to apply it, so the
 * one that knows least decides. `nodes` are the folders of the configuration in force, learners included; a
 * member that has not told its level knows what the first release knew.
 */
export function proposalFault(
  cluster: ClusterView,
  nodes: () => Iterable<NodeId>,
  command: Uint8Array,
): Refusal | null {
  const { what, level } = commandNeed(command);
  if (level <= FIRST_LEVEL) return null;
  if (level > COMMAND_LEVEL) {
    return {
      code: 'UNSUPPORTED',
      message: `${what} is unknown to this release (command level ${COMMAND_LEVEL})`,
    };
  }
  const behind = [...new Set(nodes())].flatMap((node) => levelFault(cluster, node, level));
  if (behind.length === 0) return null;
  return { code: 'UNSUPPORTED', message: `${what} needs command level ${level}, and ${behind.join('; ')}` };
}

function levelFault(cluster: ClusterView, node: NodeId, level: number): string[] {
  const told = cluster.member(node);
  if (told === null) return [`${memberOf(node)} has not told which one it knows`];
  const { member, release, commandLevel } = told;
  return commandLevel >= level
    ? []
    : [`${member} runs release ${release}, which knows level ${commandLevel}`];
}
