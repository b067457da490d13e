import type { SessionId } from '../../base/index.js';

/** Creates a persistent node. The parent must exist; `data` may be empty. */
export interface TreeCreate {
  readonly kind: 'tree-create';
  readonly path: string;
  readonly data: Uint8Array;
}

/** Replaces a node's data. */
export interface TreeSet {
  readonly kind: 'tree-set';
  readonly path: string;
  readonly data: Uint8Array;
  /** Refused with BAD_VERSION unless the node's version is this; -1 is any. */
  readonly expectedVersion: number;
}

export interface TreeDelete {
  readonly kind: 'tree-delete';
  readonly path: string;
  readonly expectedVersion: number;
}

export type TreeCommand = TreeCreate | TreeSet | TreeDelete;

/** ZooKeeper's stat structure. Times are milliseconds since the Unix epoch; zxids are revisions. */
export interface NodeStat {
  readonly czxid: number;
  readonly mzxid: number;
  readonly pzxid: number;
  readonly ctimeMs: number;
  readonly mtimeMs: number;
  readonly version: number;
  /** As ZooKeeper reports it: creations plus deletions of children. */
  readonly cversion: number;
  readonly aversion: number;
  /** Of an ephemeral node; null for every other. */
  readonly ephemeralOwner: SessionId | null;
  readonly dataLength: number;
  readonly numChildren: number;
}

export interface NodeView {
  readonly stat: NodeStat;
  /** A copy. */
  readonly data: Uint8Array;
  /** No data at all, which ZooKeeper's clients can tell from empty data. */
  readonly dataIsNull: boolean;
  readonly acl: readonly AclEntry[];
}

/** Reads of the tree as of the last applied entry. */
export interface TreeView {
  readonly size: number;
  /** Of all paths and data, in bytes. */
  readonly contentBytes: number;
  exists(path: string): NodeStat | null;
  get(path: string): NodeView | null;
  /** As `get`, but the data is a view: valid until the next change. */
  peek(path: string): NodeView | null;
  acl(path: string): readonly AclEntry[] | null;
  /** Nodes below it, at any depth; 0 when there is no such node. */
  descendants(path: string): number;
  /** Names of the children in byte order of their UTF-8, or null when there is no such node. */
  children(path: string): string[] | null;
  /** The same in UTF-8, in any order and faster. `visit` must not keep the bytes. */
  forEachChild(path: string, visit: NameVisitor): void;
}

/** Takes a name as `bytes[from, to)`. */
export type NameVisitor = (bytes: Uint8Array, from: number, to: number) => void;

/** Who may do what with a node. `permissions` are bits of `PERMISSION`. */
export interface AclEntry {
  readonly permissions: number;
  readonly scheme: string;
  readonly id: string;
}

/** Somebody who was authenticated, as ACLs name them. That everybody is `world:anyone` goes without saying. */
export interface Identity {
  readonly scheme: string;
  readonly id: string;
}

export type CreateMode =
  | 'persistent'
  | 'persistent-sequential'
  | 'ephemeral'
  | 'ephemeral-sequential'
  | 'container'
  | 'ttl'
  | 'ttl-sequential';

/** One change of the tree, or the demand that a node has a version. Paths are as the client sent them. */
export type TreeOp =
  | {
      readonly op: 'create';
      readonly path: string;
      /** Null is kept apart from empty. */
      readonly data: Uint8Array | null;
      readonly acl: readonly AclEntry[];
      readonly mode: CreateMode;
      /** 0 unless the mode has a time to live. */
      readonly ttlMs: number;
    }
  | { readonly op: 'delete'; readonly path: string; readonly version: number }
  | { readonly op: 'set'; readonly path: string; readonly data: Uint8Array | null; readonly version: number }
  | {
      readonly op: 'set-acl';
      readonly path: string;
      readonly acl: readonly AclEntry[];
      /** Of the ACL. */
      readonly version: number;
    }
  | { readonly op: 'check'; readonly path: string; readonly version: number };

/** What one op that was done answers. */
export type OpValue =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'node'; readonly stat: NodeStat }
  /** `path` with the number of a sequential one. */
  | { readonly kind: 'created'; readonly path: string; readonly stat: NodeStat };
