import { TepuiError } from '../../base/index.js';
import type { ZooKeeper } from '../../client/zookeeper/index.js';

/** Requests under way at once. */
const AT_ONCE = 100;

/** `run` for every item, a hundred at a time. */
export async function inBatches<T, R>(items: readonly T[], run: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (let i = 0; i < items.length; i += AT_ONCE) {
    results.push(...(await Promise.all(items.slice(i, i + AT_ONCE).map(run))));
  }
  return results;
}

/** The node itself, its children, theirs, …: a list per depth. What is deleted meanwhile is left out. */
export async function levelsBelow(client: ZooKeeper, path: string): Promise<string[][]> {
  const levels: string[][] = [[path]];
  for (;;) {
    const lists = await inBatches(levels.at(-1)!, (parent) => childPaths(client, parent, parent === path));
    const next = lists.flat();
    if (next.length === 0) return levels;
    levels.push(next);
  }
}

export function join(parent: string, name: string): string {
  return parent === '/' ? `/${name}` : `${parent}/${name}`;
}

async function childPaths(client: ZooKeeper, parent: string, must: boolean): Promise<string[]> {
  try {
    const { names } = await client.children(parent);
    return names.map((name) => join(parent, name));
  } catch (error) {
    if (!must && error instanceof TepuiError && error.code === 'NO_NODE') return [];
    throw error;
  }
}
