/** Nodes that the service itself has in every tree, as ZooKeeper does. */
export const SYSTEM = {
  root: '/zookeeper',
  quota: '/zookeeper/quota',
  config: '/zookeeper/config',
} as const;

const SPECIAL: ReadonlySet<string> = new Set(['/', ...Object.values(SYSTEM)]);

/** Paths whose nodes are never deleted (DataTree.isSpecialPath). */
export function isSpecial(path: string): boolean {
  return SPECIAL.has(path);
}
