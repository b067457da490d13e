import { memberOf, type NodeId } from '../../base/index.js';
import { majority, type Configuration } from '../../raft/index.js';

/**
 * Why the group could not go on in `next`, in numbers, or null when it could. A voter counts as down unless
 * `isUp`: whoever is unreachable, recovering or being refilled acknowledges nothing. The change itself needs the
 * majority of the present voters as well.
 */
export function quorumFault(
  present: Configuration,
  next: Configuration,
  isUp: (node: NodeId) => boolean,
  what: string,
): string | null {
  if (next.voters.length === 0) return `${what} would leave no voter`;
  return fault(present.voters, isUp, 'at present') ?? fault(next.voters, isUp, `after ${what}`);
}

function fault(voters: readonly NodeId[], isUp: (node: NodeId) => boolean, when: string): string | null {
  const needed = majority(voters.length);
  const up = voters.filter(isUp);
  if (up.length >= needed) return null;
  const count = `${voters.length} ${voters.length === 1 ? 'voter' : 'voters'}`;
  const down = names(voters.filter((node) => !up.includes(node)));
  return `${count}, ${up.length} reachable ${when}, ${needed} needed (reachable: ${names(up)}; not: ${down})`;
}

function names(nodes: readonly NodeId[]): string {
  return nodes.length === 0 ? 'none' : nodes.map(memberOf).sort().join(', ');
}
