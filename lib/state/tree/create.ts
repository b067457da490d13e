import type { Refusal } from '../turn.js';
import { PERMISSION } from './acl.js';
import { refused, type OpOutcome, type OpTurn, type Tree } from './op-turn.js';
import { CONTAINER, MAX_TTL_MS, PERSISTENT, type Owner } from './owner.js';
import { lengthFault, parentFault, pathFault } from './paths.js';
import { allows, settled } from './schemes.js';
import type { AclEntry, CreateMode, TreeOp } from './types.js';

type Create = Extract<TreeOp, { readonly op: 'create' }>;

const SEQUENCE_DIGITS = 10;

/** In the order in which ZooKeeper's PrepRequestProcessor looks at a create: which fault is told depends on it. */
export function applyCreate(tree: Tree, at: OpTurn, op: Create): OpOutcome {
  const { nodes, quotas } = tree;
  const owner = ownerFor(at, op);
  if ('code' in owner) return refused(owner.code, owner.message);
  const fault = parentFault(op.path) ?? lengthFault(op.path, op.data?.length ?? 0, at.turn.limits);
  if (fault !== null) return refused(fault.code, fault.message);
  const acl = settled(op.acl, at.identities);
  if (acl === null) return refused('INVALID_ACL', 'the ACL is empty or names somebody who cannot be');
  const parent = nodes.findParent(op.path);
  if (parent < 0) return refused('NO_NODE', `the parent of ${op.path} does not exist`);
  if (!allows(nodes.aclOf(parent), PERMISSION.create, at.identities)) {
    return refused('NO_AUTH', `no permission to create ${op.path}`);
  }
  const path = isSequential(op.mode) ? op.path + suffix(nodes.creations.get(parent)) : op.path;
  const wrong = pathFault(path);
  if (wrong !== null) return refused('BAD_ARGUMENTS', wrong);
  if (nodes.find(path) >= 0) return refused('NODE_EXISTS', `${path} exists`);
  if (nodes.owner(parent).kind === 'session') {
    return refused('NO_CHILDREN_FOR_EPHEMERALS', `the parent of ${path} is ephemeral`);
  }
  const growth = { nodes: 1, bytes: op.data?.length ?? 0 };
  const tooMuch = ownedFault(tree, at, owner) ?? quotas.fault(path, growth);
  if (tooMuch !== null) return refused(tooMuch.code, tooMuch.message);
  const row = add(tree, at, path, parent, op.data, acl, owner);
  quotas.changed(path, growth);
  // Statistics are told as they were sent, not as they are counted hereby: as ZooKeeper does it.
  const stat = nodes.stat(row);
  quotas.created(path);
  at.undo?.push(() => {
    quotas.deleted(path);
    quotas.changed(path, { nodes: -1, bytes: -growth.bytes });
  });
  const { turn } = at;
  const parentAcl = nodes.aclOf(parent);
  turn.events.push({
    kind: 'tree-changed',
    revision: turn.revision,
    change: 'created',
    path,
    acl,
    parentAcl,
  });
  return { ok: true, value: { kind: 'created', path, stat } };
}

function add(
  { nodes }: Tree,
  { turn, undo }: OpTurn,
  path: string,
  parent: number,
  data: Uint8Array | null,
  acl: readonly AclEntry[],
  owner: Owner,
): number {
  const pzxid = nodes.pzxid.get(parent);
  const row = nodes.add(path, parent);
  nodes.czxid.set(row, turn.revision);
  nodes.mzxid.set(row, turn.revision);
  nodes.pzxid.set(row, turn.revision);
  nodes.ctimeMs.set(row, turn.nowMs);
  nodes.mtimeMs.set(row, turn.nowMs);
  nodes.setData(row, data);
  nodes.setAcl(row, acl);
  if (owner !== PERSISTENT) nodes.setOwner(row, owner);
  nodes.creations.set(parent, (nodes.creations.get(parent) + 1) >>> 0);
  nodes.pzxid.set(parent, turn.revision);
  // By path: a node that is taken back in between may come back as another row.
  undo?.push(() => {
    const above = nodes.remove(nodes.find(path));
    nodes.creations.set(above, (nodes.creations.get(above) - 1) >>> 0);
    nodes.pzxid.set(above, pzxid);
  });
  return row;
}

function ownerFor({ session }: OpTurn, { mode, ttlMs }: Create): Owner | Refusal {
  const timed = mode === 'ttl' || mode === 'ttl-sequential';
  if (timed && (ttlMs <= 0 || ttlMs > MAX_TTL_MS)) {
    return {
      code: 'BAD_ARGUMENTS',
      message: `a time to live of ${ttlMs} ms; 1 to ${MAX_TTL_MS} are allowed`,
    };
  }
  if (!timed && ttlMs !== 0) {
    return { code: 'BAD_ARGUMENTS', message: `a time to live for a node of mode ${mode}` };
  }
  switch (mode) {
    case 'persistent':
    case 'persistent-sequential':
      return PERSISTENT;
    case 'container':
      return CONTAINER;
    case 'ttl':
    case 'ttl-sequential':
      return { kind: 'ttl', ttlMs };
    case 'ephemeral':
    case 'ephemeral-sequential':
      if (session !== null) return { kind: 'session', session };
      return { code: 'BAD_ARGUMENTS', message: 'an ephemeral node needs a session to belong to' };
  }
}

function ownedFault({ nodes }: Tree, { turn }: OpTurn, owner: Owner): Refusal | null {
  if (owner.kind !== 'session') return null;
  const limit = turn.limits.ephemeralsPerSession;
  if (nodes.ownedBy(owner.session) < limit) return null;
  return {
    code: 'GROWTH_REFUSED',
    message: `a session owns ${limit} ephemeral nodes, the most there may be`,
  };
}

function isSequential(mode: CreateMode): boolean {
  return mode.endsWith('-sequential');
}

/** ZooKeeper's counter of created children is a signed 32-bit number, and its sign is part of the name. */
function suffix(creations: number): string {
  const counter = creations | 0;
  const digits = Math.abs(counter).toString();
  return counter < 0
    ? `-${digits.padStart(SEQUENCE_DIGITS - 1, '0')}`
    : digits.padStart(SEQUENCE_DIGITS, '0');
}
