import { LockClients } from './locks.js';
import { SessionClients } from './sessions.js';
import { TreeClients } from './tree.js';
import { WatchClients } from './watches.js';
import type { Surroundings, Workload } from './workload.js';

export { setUp } from './set-up.js';
export type { Surroundings, Workload } from './workload.js';

/** What can be put on the doors for ZooKeeper clients. */
export const ZOOKEEPER_WORKLOADS = ['tree', 'session', 'lock', 'watch'] as const;

export type ZooKeeperWorkload = (typeof ZOOKEEPER_WORKLOADS)[number];

export function makeWorkload(kind: ZooKeeperWorkload, surroundings: Surroundings): Workload {
  switch (kind) {
    case 'tree':
      return new TreeClients(surroundings);
    case 'session':
      return new SessionClients(surroundings);
    case 'lock':
      return new LockClients(surroundings);
    case 'watch':
      return new WatchClients(surroundings);
  }
}
