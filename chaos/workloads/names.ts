import { ZOOKEEPER_WORKLOADS, type ZooKeeperWorkload } from './zookeeper/index.js';

/** What can be put on a cluster. Each is described in `docs/chaos.md`. */
export const WORKLOADS = ['registers', 'tasks', ...ZOOKEEPER_WORKLOADS] as const;

export type WorkloadName = (typeof WORKLOADS)[number];

export function isZooKeeper(name: WorkloadName): name is ZooKeeperWorkload {
  return name !== 'registers' && name !== 'tasks';
}
