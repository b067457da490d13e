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
  /** Owner session of an ephemeral node, as a decimal or hexadecimal id; 0 for a persistent one. */
  readonly ephemeralOwner: number;
  readonly dataLength: number;
  readonly numChildren: number;
}

export interface NodeView {
  readonly stat: NodeStat;
  /** A copy. */
  readonly data: Uint8Array;
}

/** Reads of the tree as of the last applied entry. */
export interface TreeView {
  readonly size: number;
  exists(path: string): NodeStat | null;
  get(path: string): NodeView | null;
  /** Names of the children in byte order of their UTF-8, or null when there is no such node. */
  children(path: string): string[] | null;
}
