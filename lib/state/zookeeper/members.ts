import { utf8Encode } from '../../base/index.js';
import { textFault } from '../checks.js';
import type { CommandResult } from '../results.js';
import type { State } from '../state.js';
import { addSystemNodes } from '../tree/system-nodes.js';
import { SYSTEM } from '../tree/system.js';
import { effect, refuseWith, type Turn } from '../turn.js';
import { configText } from './servers.js';
import type { CoordinationMembers } from './types.js';

/** 64 members with addresses of names as long as there are. */
const SERVERS_BYTES = 64 * 1024;
/** What ZooKeeper writes there, at the start and with each change of the members. */
const VERSION = -1;

/**
 * Writes who the members are into the tree, as a reconfig does on ZooKeeper: with the command's own zxid as the version
 * of the configuration, whatever permissions the node has, and for whoever watches it.
 */
export function applyMembers(state: State, turn: Turn, command: CoordinationMembers): CommandResult {
  const { tree, quotas } = state;
  const fault = textFault('a list of servers', command.servers, SERVERS_BYTES);
  if (fault !== null) return refuseWith(turn, fault);
  addSystemNodes(tree);
  const row = tree.find(SYSTEM.config);
  if (tree.mzxid.get(row) !== command.mzxid) return effect(turn, false);
  const data = utf8Encode(configText(command.servers, turn.revision));
  quotas.changed(SYSTEM.config, { nodes: 0, bytes: data.length - tree.data.length(row) });
  tree.setData(row, data);
  tree.mzxid.set(row, turn.revision);
  tree.mtimeMs.set(row, turn.nowMs);
  tree.version.set(row, VERSION >>> 0);
  const change = { change: 'set', path: SYSTEM.config, acl: tree.aclOf(row), parentAcl: null } as const;
  turn.events.push({ kind: 'tree-changed', revision: turn.revision, ...change });
  return effect(turn, true);
}
