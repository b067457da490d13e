import { textFault } from '../checks.js';
import type { CommandResult } from '../results.js';
import { done, refuse, refuseWith, type Refusal, type Turn } from '../turn.js';
import type { NodeTable } from './nodes.js';
import { pathFault } from './paths.js';
import type { TreeCreate, TreeDelete, TreeSet } from './types.js';

const ANY_VERSION = -1;
/** ZooKeeper's versions are signed 32-bit. */
const VERSION_MASK = 0x7fff_ffff;

function inputFault(turn: Turn, path: string, dataBytes: number): Refusal | null {
  const { pathBytes, nodeDataBytes } = turn.limits;
  const long = textFault('a path', path, pathBytes);
  if (long !== null) return long;
  const fault = pathFault(path);
  if (fault !== null) return { code: 'BAD_PATH', message: fault };
  if (dataBytes <= nodeDataBytes) return null;
  return { code: 'TOO_LARGE', message: `${dataBytes} bytes of data; the limit is ${nodeDataBytes}` };
}

function versionFault(nodes: NodeTable, row: number, expected: number): Refusal | null {
  const version = nodes.version.get(row);
  if (expected === ANY_VERSION || expected === version) return null;
  return { code: 'BAD_VERSION', message: `version ${version}, not ${expected}` };
}

export function applyCreate(nodes: NodeTable, turn: Turn, command: TreeCreate): CommandResult {
  const { path, data } = command;
  const fault = inputFault(turn, path, data.length);
  if (fault !== null) return refuseWith(turn, fault);
  if (path === '/') return refuse(turn, 'NODE_EXISTS', 'the root always exists');
  const parent = nodes.findParent(path);
  if (parent < 0) return refuse(turn, 'NO_NODE', `the parent of ${path} does not exist`);
  if (nodes.find(path) >= 0) return refuse(turn, 'NODE_EXISTS', `${path} exists`);
  const row = nodes.add(path, parent);
  nodes.czxid.set(row, turn.revision);
  nodes.mzxid.set(row, turn.revision);
  nodes.pzxid.set(row, turn.revision);
  nodes.ctimeMs.set(row, turn.nowMs);
  nodes.mtimeMs.set(row, turn.nowMs);
  nodes.data.set(row, data);
  nodes.creations.set(parent, nodes.creations.get(parent) + 1);
  nodes.pzxid.set(parent, turn.revision);
  turn.events.push({ kind: 'tree-changed', revision: turn.revision, change: 'created', path });
  return done(turn, { kind: 'node', stat: nodes.stat(row) });
}

export function applySet(nodes: NodeTable, turn: Turn, command: TreeSet): CommandResult {
  const { path, data } = command;
  const fault = inputFault(turn, path, data.length);
  if (fault !== null) return refuseWith(turn, fault);
  const row = nodes.find(path);
  if (row < 0) return refuse(turn, 'NO_NODE', `${path} does not exist`);
  const stale = versionFault(nodes, row, command.expectedVersion);
  if (stale !== null) return refuseWith(turn, stale);
  nodes.data.set(row, data);
  nodes.mzxid.set(row, turn.revision);
  nodes.mtimeMs.set(row, turn.nowMs);
  nodes.version.set(row, (nodes.version.get(row) + 1) & VERSION_MASK);
  turn.events.push({ kind: 'tree-changed', revision: turn.revision, change: 'set', path });
  return done(turn, { kind: 'node', stat: nodes.stat(row) });
}

export function applyDelete(nodes: NodeTable, turn: Turn, command: TreeDelete): CommandResult {
  const { path } = command;
  const fault = inputFault(turn, path, 0);
  if (fault !== null) return refuseWith(turn, fault);
  if (path === '/') return refuse(turn, 'BAD_PATH', 'the root cannot be deleted');
  const row = nodes.find(path);
  if (row < 0) return refuse(turn, 'NO_NODE', `${path} does not exist`);
  const stale = versionFault(nodes, row, command.expectedVersion);
  if (stale !== null) return refuseWith(turn, stale);
  const children = nodes.children(row);
  if (children > 0) return refuse(turn, 'NOT_EMPTY', `${path} has ${children} children`);
  const parent = nodes.remove(row);
  nodes.pzxid.set(parent, turn.revision);
  turn.events.push({ kind: 'tree-changed', revision: turn.revision, change: 'deleted', path });
  return done(turn);
}
