import type { WatchEvent, WatchKind } from '../../../lib/coordination/watches/index.js';

interface Watch {
  readonly watcher: number;
  readonly path: string;
  readonly kind: WatchKind;
}

export interface Told {
  readonly watcher: number;
  readonly event: WatchEvent;
  readonly path: string;
}

/** The same rules without any index: every change looks at every watch. */
export class ReferenceWatches {
  private watches: Watch[] = [];

  get size(): number {
    return this.watches.length;
  }

  add(watcher: number, path: string, kind: WatchKind): void {
    if (!this.has(watcher, path, kind)) this.watches.push({ watcher, path, kind });
  }

  has(watcher: number, path: string, kind: WatchKind | 'any'): boolean {
    return this.watches.some((one) => is(one, watcher, path, kind));
  }

  remove(watcher: number, path: string, kind: WatchKind | 'any'): boolean {
    const before = this.watches.length;
    this.watches = this.watches.filter((one) => !is(one, watcher, path, kind));
    return this.watches.length < before;
  }

  removeWatcher(watcher: number): void {
    this.watches = this.watches.filter((one) => one.watcher !== watcher);
  }

  changed(change: 'created' | 'set' | 'deleted', path: string): Told[] {
    const event = change === 'set' ? 'data-changed' : change;
    const node = this.take(
      (one) =>
        (one.path === path && (one.kind === 'data' || one.kind === 'persistent')) ||
        (one.kind === 'persistent-recursive' && isAtOrBelow(path, one.path)),
    );
    if (change === 'deleted') {
      for (const watcher of this.take((one) => one.path === path && one.kind === 'children'))
        node.add(watcher);
    }
    const told: Told[] = [...node].map((watcher) => ({ watcher, event, path }));
    if (change === 'set' || path === '/') return told;
    const parent = path.slice(0, Math.max(1, path.lastIndexOf('/')));
    const above = this.take(
      (one) => one.path === parent && (one.kind === 'children' || one.kind === 'persistent'),
    );
    return [
      ...told,
      ...[...above].map((watcher) => ({ watcher, event: 'children-changed', path: parent }) as const),
    ];
  }

  /** Who has such a watch; standard ones are gone afterwards. */
  private take(matches: (one: Watch) => boolean): Set<number> {
    const hit = this.watches.filter(matches);
    this.watches = this.watches.filter((one) => !(hit.includes(one) && isStandard(one)));
    return new Set(hit.map(({ watcher }) => watcher));
  }
}

function is(one: Watch, watcher: number, path: string, kind: WatchKind | 'any'): boolean {
  return one.watcher === watcher && one.path === path && (kind === 'any' || one.kind === kind);
}

function isStandard({ kind }: Watch): boolean {
  return kind === 'data' || kind === 'children';
}

function isAtOrBelow(path: string, root: string): boolean {
  return path === root || path.startsWith(root === '/' ? '/' : `${root}/`);
}
