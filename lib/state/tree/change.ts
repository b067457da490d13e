import type { Refusal } from '../turn.js';
import { PERMISSION } from './acl.js';
import { NOTHING_DONE, refused, type OpOutcome, type OpTurn, type Tree } from './op-turn.js';
import { lengthFault, parentFault, pathFault } from './paths.js';
import { allows, settled } from './schemes.js';
import { isSpecial } from './system.js';
import type { TreeOp } from './types.js';

type Op<Name extends TreeOp['op']> = Extract<TreeOp, { readonly op: Name }>;

const ANY_VERSION = -1;

export function applySet(tree: Tree, at: OpTurn, op: Op<'set'>): OpOutcome {
  const { nodes, quotas } = tree;
  const { turn } = at;
  const fault = argumentFault(op.path) ?? lengthFault(op.path, op.data?.length ?? 0, turn.limits);
  if (fault !== null) return refused(fault.code, fault.message);
  const row = nodes.find(op.path);
  if (row < 0) return absent(op.path);
  if (!allows(nodes.aclOf(row), PERMISSION.write, at.identities)) return forbidden('write', op.path);
  const growth = { nodes: 0, bytes: (op.data?.length ?? 0) - nodes.data.length(row) };
  const tooMuch = quotas.fault(op.path, growth) ?? versionFault(nodes.version.get(row), op.version);
  if (tooMuch !== null) return refused(tooMuch.code, tooMuch.message);
  if (at.undo !== null) at.undo.push(restoreData(tree, row, op.path));
  nodes.setData(row, op.data);
  nodes.mzxid.set(row, turn.revision);
  nodes.mtimeMs.set(row, turn.nowMs);
  nodes.version.set(row, nextVersion(nodes.version.get(row)));
  quotas.changed(op.path, growth);
  at.undo?.push(() => quotas.changed(op.path, { nodes: 0, bytes: -growth.bytes }));
  const acl = nodes.aclOf(row);
  const change = { change: 'set', path: op.path, acl, parentAcl: null } as const;
  turn.events.push({ kind: 'tree-changed', revision: turn.revision, ...change });
  return { ok: true, value: { kind: 'node', stat: nodes.stat(row) } };
}

export function applySetAcl({ nodes }: Tree, at: OpTurn, op: Op<'set-acl'>): OpOutcome {
  const fault = argumentFault(op.path);
  if (fault !== null) return refused(fault.code, fault.message);
  const acl = settled(op.acl, at.identities);
  if (acl === null) return refused('INVALID_ACL', 'the ACL is empty or names somebody who cannot be');
  const row = nodes.find(op.path);
  if (row < 0) return absent(op.path);
  if (!allows(nodes.aclOf(row), PERMISSION.admin, at.identities)) return forbidden('administrate', op.path);
  const before = { acl: nodes.aclOf(row), aversion: nodes.aversion.get(row) };
  const stale = versionFault(before.aversion, op.version);
  if (stale !== null) return refused(stale.code, stale.message);
  at.undo?.push(() => {
    const again = nodes.find(op.path);
    nodes.setAcl(again, before.acl);
    nodes.aversion.set(again, before.aversion);
  });
  nodes.setAcl(row, acl);
  nodes.aversion.set(row, nextVersion(before.aversion));
  return { ok: true, value: { kind: 'node', stat: nodes.stat(row) } };
}

export function applyCheck({ nodes }: Tree, at: OpTurn, op: Op<'check'>): OpOutcome {
  const fault = argumentFault(op.path);
  if (fault !== null) return refused(fault.code, fault.message);
  const row = nodes.find(op.path);
  if (row < 0) return absent(op.path);
  if (!allows(nodes.aclOf(row), PERMISSION.read, at.identities)) return forbidden('read', op.path);
  const stale = versionFault(nodes.version.get(row), op.version);
  return stale === null ? NOTHING_DONE : refused(stale.code, stale.message);
}

export function applyDelete(tree: Tree, at: OpTurn, op: Op<'delete'>): OpOutcome {
  const { nodes } = tree;
  const fault = parentFault(op.path);
  if (fault !== null) return refused(fault.code, fault.message);
  if (isSpecial(op.path)) return refused('BAD_ARGUMENTS', `${op.path} cannot be deleted`);
  const parent = nodes.findParent(op.path);
  if (parent < 0) return absent(op.path);
  if (!allows(nodes.aclOf(parent), PERMISSION.delete, at.identities)) return forbidden('delete', op.path);
  const row = nodes.find(op.path);
  if (row < 0) return absent(op.path);
  const stale = versionFault(nodes.version.get(row), op.version);
  if (stale !== null) return refused(stale.code, stale.message);
  const children = nodes.children(row);
  if (children > 0) return refused('NOT_EMPTY', `${op.path} has ${children} children`);
  removeNode(tree, at, row, op.path);
  return NOTHING_DONE;
}

/** Removes a node without children, whoever wants it. */
export function removeNode(tree: Tree, { turn, undo }: OpTurn, row: number, path: string): void {
  const { nodes, quotas } = tree;
  const acl = nodes.aclOf(row);
  const bytes = nodes.data.length(row);
  if (undo !== null) undo.push(restoreNode(tree, row, path));
  const parent = nodes.remove(row);
  nodes.pzxid.set(parent, turn.revision);
  quotas.deleted(path);
  quotas.changed(path, { nodes: -1, bytes: -bytes });
  const parentAcl = nodes.aclOf(parent);
  turn.events.push({
    kind: 'tree-changed',
    revision: turn.revision,
    change: 'deleted',
    path,
    acl,
    parentAcl,
  });
}

/** What takes a change back finds the node by its path: it may have come back as another row in between. */
function restoreData({ nodes }: Tree, row: number, path: string): () => void {
  const data = nodes.dataOf(row);
  const fields = [nodes.mzxid, nodes.mtimeMs, nodes.version].map((column) => ({
    column,
    value: column.get(row),
  }));
  return () => {
    const again = nodes.find(path);
    nodes.setData(again, data);
    for (const { column, value } of fields) column.set(again, value);
  };
}

function restoreNode({ nodes, quotas }: Tree, row: number, path: string): () => void {
  const parentPzxid = nodes.pzxid.get(nodes.parentOf(row));
  const data = nodes.dataOf(row);
  const acl = nodes.aclOf(row);
  const owner = nodes.owner(row);
  const columns = [
    nodes.czxid,
    nodes.mzxid,
    nodes.pzxid,
    nodes.ctimeMs,
    nodes.mtimeMs,
    nodes.version,
    nodes.creations,
    nodes.aversion,
  ];
  const fields = columns.map((column) => ({ column, value: column.get(row) }));
  return () => {
    const parent = nodes.findParent(path);
    const again = nodes.add(path, parent);
    nodes.setData(again, data);
    nodes.setAcl(again, acl);
    nodes.setOwner(again, owner);
    for (const { column, value } of fields) column.set(again, value);
    nodes.pzxid.set(parent, parentPzxid);
    quotas.changed(path, { nodes: 1, bytes: nodes.data.length(again) });
    quotas.restored(path);
  };
}

function argumentFault(path: string): Refusal | null {
  const message = pathFault(path);
  return message === null ? null : { code: 'BAD_ARGUMENTS', message };
}

function versionFault(version: number, expected: number): Refusal | null {
  if (expected === ANY_VERSION || expected === (version | 0)) return null;
  return { code: 'BAD_VERSION', message: `version ${version | 0}, not ${expected}` };
}

/** Versions are signed 32-bit numbers; -1, which stands for any, is never reached. */
function nextVersion(version: number): number {
  const next = (version + 1) | 0;
  return next === ANY_VERSION ? 0 : next >>> 0;
}

function absent(path: string): OpOutcome {
  return refused('NO_NODE', `${path} does not exist`);
}

function forbidden(what: string, path: string): OpOutcome {
  return refused('NO_AUTH', `no permission to ${what} ${path}`);
}
