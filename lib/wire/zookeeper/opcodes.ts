/** Request types of ZooKeeper's client protocol (ZooDefs.OpCode). */
export const OP = {
  create: 1,
  delete: 2,
  exists: 3,
  getData: 4,
  setData: 5,
  getAcl: 6,
  setAcl: 7,
  getChildren: 8,
  sync: 9,
  ping: 11,
  getChildren2: 12,
  check: 13,
  multi: 14,
  create2: 15,
  reconfig: 16,
  checkWatches: 17,
  removeWatches: 18,
  createContainer: 19,
  createTtl: 21,
  multiRead: 22,
  auth: 100,
  setWatches: 101,
  sasl: 102,
  getEphemerals: 103,
  getAllChildrenNumber: 104,
  setWatches2: 105,
  addWatch: 106,
  whoAmI: 107,
  closeSession: -11,
  /** In results of a multi: what stands in the place of an operation that was not done. */
  error: -1,
} as const;

/** Transaction ids that are not a client's own numbers. */
export const XID = { notification: -1, ping: -2, auth: -4, setWatches: -8 } as const;

/** Event types of a WatcherEvent (Watcher.Event.EventType). */
export const EVENT = { created: 1, deleted: 2, dataChanged: 3, childrenChanged: 4 } as const;

export type WatchEventType = (typeof EVENT)[keyof typeof EVENT];

/** What checkWatches and removeWatches name (Watcher.WatcherType). */
export const WATCHER = { children: 1, data: 2, any: 3, persistent: 4, persistentRecursive: 5 } as const;

/** Modes of addWatch (AddWatchMode). */
export const ADD_WATCH = { persistent: 0, persistentRecursive: 1 } as const;

/** Flags of the create requests (CreateMode). */
export const CREATE_FLAGS = {
  persistent: 0,
  ephemeral: 1,
  persistentSequential: 2,
  ephemeralSequential: 3,
  container: 4,
  ttl: 5,
  ttlSequential: 6,
} as const;

/** Permission bits of an ACL entry (ZooDefs.Perms). */
export const PERMISSION = { read: 1, write: 2, create: 4, delete: 8, admin: 16, all: 31 } as const;
