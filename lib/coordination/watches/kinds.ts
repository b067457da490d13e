/** What a watch waits for. Those of getData and exists are one kind: both hear of the node itself. */
export type WatchKind = 'data' | 'children' | 'persistent' | 'persistent-recursive';

export type WatchEvent = 'created' | 'deleted' | 'data-changed' | 'children-changed';

/** The kinds that one watcher has at one path are a set of bits. */
export const MODE = { data: 1, children: 2, persistent: 4, recursive: 8 } as const;

export const ALL_MODES = 15;

export function modeOf(kind: WatchKind | 'any'): number {
  switch (kind) {
    case 'data':
      return MODE.data;
    case 'children':
      return MODE.children;
    case 'persistent':
      return MODE.persistent;
    case 'persistent-recursive':
      return MODE.recursive;
    case 'any':
      return ALL_MODES;
  }
}
