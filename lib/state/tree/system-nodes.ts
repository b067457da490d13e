import { PERMISSION } from './acl.js';
import type { NodeTable } from './nodes.js';
import { SYSTEM } from './system.js';
import type { AclEntry } from './types.js';

/** Everybody may read who the members are; nobody but an administrator may write it. */
const READ_ONLY: readonly AclEntry[] = [{ permissions: PERMISSION.read, scheme: 'world', id: 'anyone' }];

/**
 * Adds the nodes that ZooKeeper's trees have from the start, as if they had always been there: revisions and times
 * are 0. The first coordination session brings them, not the first entry, so that members of a release without
 * them have the same tree.
 */
export function addSystemNodes(nodes: NodeTable): void {
  for (const path of Object.values(SYSTEM)) {
    if (nodes.find(path) >= 0) continue;
    const parent = nodes.findParent(path);
    const row = nodes.add(path, parent);
    if (path !== SYSTEM.config) continue;
    nodes.setAcl(row, READ_ONLY);
    // ZooKeeper writes -1 there, and clients see it.
    nodes.aversion.set(row, 0xffff_ffff);
  }
}
