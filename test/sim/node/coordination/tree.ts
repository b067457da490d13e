import type { NodeStat, TreeOp } from '../../../../lib/state/index.js';

/** One change of the tree, as watches hear of it. */
export interface Change {
  readonly revision: number;
  readonly change: 'created' | 'set' | 'deleted';
  readonly path: string;
}

/** A node as it was for a while; never changed, only replaced. */
export interface TreeNode {
  readonly czxid: number;
  readonly mzxid: number;
  readonly pzxid: number;
  readonly ctimeMs: number;
  readonly mtimeMs: number;
  readonly version: number;
  readonly creations: number;
  /** Latin-1 text of the bytes. */
  readonly data: string;
  /** Names, sorted. */
  readonly children: readonly string[];
  readonly kind: 'persistent' | 'ephemeral' | 'container' | 'ttl';
  /** Session of an ephemeral node; else empty. */
  readonly owner: string;
  readonly ttlMs: number;
}

/** What one op answers: the path that was created, or the node that was set, with its stat. */
export type Expected =
  | { readonly ok: true; readonly path: string | null; readonly stat: NodeStat | null }
  | { readonly ok: false; readonly code: string };

const ROOT: TreeNode = {
  czxid: 0,
  mzxid: 0,
  pzxid: 0,
  ctimeMs: 0,
  mtimeMs: 0,
  version: 0,
  creations: 0,
  data: '',
  children: [],
  kind: 'persistent',
  owner: '',
  ttlMs: 0,
};

interface Snapshot {
  readonly revision: number;
  readonly node: TreeNode | null;
}

/**
 * A second tree: nodes of all kinds, versions, sequences and multis, written from ZooKeeper's description and without a
 * line of the real one. It keeps what each node was at every revision, and all changes in order.
 */
export class TreeModel {
  readonly changes: Change[] = [];
  private nodes = new Map<string, TreeNode>([['/', ROOT]]);
  private readonly past = new Map<string, Snapshot[]>();
  /** Paths that changed since `settled` was called last. */
  private touched = new Set<string>();
  private revision = 0;
  private nowMs = 0;

  /** The command that runs from now on. */
  begin(revision: number, nowMs: number): void {
    this.revision = revision;
    this.nowMs = nowMs;
  }

  get(path: string): TreeNode | null {
    return this.nodes.get(path) ?? null;
  }

  /** The node as it was when `revision` had been taken. */
  at(path: string, revision: number): TreeNode | null {
    return this.past.get(path)?.findLast((one) => one.revision <= revision)?.node ?? null;
  }

  /** In the order of the tree of the machine. */
  ownedBy(session: string): string[] {
    return [...this.nodes]
      .filter(([, { owner }]) => owner === session)
      .map(([path]) => path)
      .sort();
  }

  /** Sessions that own a node. */
  owners(): ReadonlySet<string> {
    return new Set([...this.nodes.values()].map(({ owner }) => owner).filter((owner) => owner !== ''));
  }

  /** All ops or none; the outcome of each that was tried. */
  all(session: string, ops: readonly TreeOp[]): Expected[] {
    const { nodes, changes } = this;
    const before = new Map(nodes);
    const count = changes.length;
    const outcomes: Expected[] = [];
    for (const op of ops) {
      const outcome = this.run(session, op);
      outcomes.push(outcome);
      if (outcome.ok) continue;
      this.nodes = before;
      changes.length = count;
      break;
    }
    return outcomes;
  }

  run(session: string, op: TreeOp): Expected {
    switch (op.op) {
      case 'create':
        return this.create(session, op);
      case 'set':
        return this.set(op.path, op.version, op.data);
      case 'delete':
        return this.delete(op.path, op.version);
      case 'check':
        return this.checked(op.path, op.version) ?? DONE;
      case 'set-acl':
        return refused('UNSUPPORTED');
    }
  }

  remove(path: string): void {
    const { nodes, revision } = this;
    const above = parentOf(path);
    const parent = nodes.get(above)!;
    const name = nameOf(path);
    nodes.delete(path);
    this.touched.add(path);
    this.put(above, { ...parent, pzxid: revision, children: parent.children.filter((one) => one !== name) });
    this.changes.push({ revision, change: 'deleted', path });
  }

  /** What changed since the last call becomes part of the past. */
  settled(): ReadonlySet<string> {
    const { touched } = this;
    this.touched = new Set();
    for (const path of touched) {
      const past = this.past.get(path) ?? [];
      this.past.set(path, past);
      past.push({ revision: this.revision, node: this.get(path) });
    }
    return touched;
  }

  private create(session: string, op: Extract<TreeOp, { readonly op: 'create' }>): Expected {
    const { nodes, revision, nowMs } = this;
    const above = parentOf(op.path);
    const parent = nodes.get(above);
    if (parent === undefined) return refused('NO_NODE');
    const sequential = op.mode.endsWith('sequential');
    const path = sequential ? op.path + `${parent.creations}`.padStart(10, '0') : op.path;
    if (nodes.has(path)) return refused('NODE_EXISTS');
    if (parent.kind === 'ephemeral') return refused('NO_CHILDREN_FOR_EPHEMERALS');
    const kind = op.mode.replace('-sequential', '') as TreeNode['kind'];
    this.put(path, {
      ...ROOT,
      czxid: revision,
      mzxid: revision,
      pzxid: revision,
      ctimeMs: nowMs,
      mtimeMs: nowMs,
      data: textOf(op.data),
      kind,
      owner: kind === 'ephemeral' ? session : '',
      ttlMs: op.ttlMs,
    });
    const children = [...parent.children, nameOf(path)].sort();
    this.put(above, { ...parent, pzxid: revision, creations: parent.creations + 1, children });
    this.changes.push({ revision, change: 'created', path });
    return { ok: true, path, stat: statOf(nodes.get(path)!) };
  }

  private set(path: string, version: number, data: Uint8Array | null): Expected {
    const fault = this.checked(path, version);
    if (fault !== null) return fault;
    const { revision, nowMs } = this;
    const node = this.nodes.get(path)!;
    const now = { ...node, data: textOf(data), mzxid: revision, mtimeMs: nowMs, version: node.version + 1 };
    this.put(path, now);
    this.changes.push({ revision, change: 'set', path });
    return { ok: true, path: null, stat: statOf(now) };
  }

  private delete(path: string, version: number): Expected {
    const fault = this.checked(path, version);
    if (fault !== null) return fault;
    if (this.nodes.get(path)!.children.length > 0) return refused('NOT_EMPTY');
    this.remove(path);
    return DONE;
  }

  private checked(path: string, version: number): Expected | null {
    const node = this.nodes.get(path);
    if (node === undefined) return refused('NO_NODE');
    return version === -1 || version === node.version ? null : refused('BAD_VERSION');
  }

  private put(path: string, node: TreeNode): void {
    this.nodes.set(path, node);
    this.touched.add(path);
  }
}

const DONE: Expected = { ok: true, path: null, stat: null };

function refused(code: string): Expected {
  return { ok: false, code };
}

export function statOf(node: TreeNode): NodeStat {
  const { czxid, mzxid, pzxid, ctimeMs, mtimeMs, version, creations, children, owner, data } = node;
  return {
    czxid,
    mzxid,
    pzxid,
    ctimeMs,
    mtimeMs,
    version,
    cversion: 2 * creations - children.length,
    aversion: 0,
    ephemeralOwner: owner === '' ? null : (owner as NodeStat['ephemeralOwner']),
    dataLength: data.length,
    numChildren: children.length,
  };
}

export function textOf(data: Uint8Array | null): string {
  return Buffer.from(data ?? []).toString('latin1');
}

export function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/')) || '/';
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
