import type { Group, Member } from '../failover/group.js';
import { untilSome } from '../failover/support/time.js';
import { TepuiGroup } from '../failover/tepui/tepui-group.js';
import { ZooKeeperGroup } from '../failover/zookeeper/zookeeper-group.js';

export const SIDES = ['tepui', 'zookeeper'] as const;
export type SideName = (typeof SIDES)[number];

const LEVEL_LIMIT_MS = 120_000;

/** Three servers of one product, and where they serve ZooKeeper's clients. */
export interface Side {
  readonly name: SideName;
  readonly group: Group;
  /** Known once the group was started. */
  servers(): readonly Member[];
}

/** Not started yet. */
export function makeSide(name: SideName): Side {
  return name === 'tepui' ? tepui() : zookeeper();
}

function tepui(): Side {
  const group = new TepuiGroup(0);
  return { name: 'tepui', group, servers: () => group.coordination };
}

/** As Debian starts it, with 1 GiB of heap for each, and as many connections from one address as the bench needs. */
function zookeeper(): Side {
  const group = new ZooKeeperGroup({ java: ['-Xmx1g'], settings: { maxClientCnxns: 0 } });
  return { name: 'zookeeper', group, servers: () => group.members };
}

export function addresses(side: Side): string[] {
  return side.servers().map(({ address }) => address);
}

/** Resolves to the leader once all servers follow it and hold what it holds. */
export function level({ name, group }: Side): Promise<Member> {
  return untilSome(`${name}: all servers level`, LEVEL_LIMIT_MS, () => group.leader());
}
