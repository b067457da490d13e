import { Entries, type Visit } from './entries.js';
import { MODE, modeOf, type WatchEvent, type WatchKind } from './kinds.js';

/** Told of a change: a connection, the type of the event, and the path that it names. */
export type Tell = (watcher: number, event: WatchEvent, path: string) => void;

/**
 * The watches of this member's connections, by path. A watch is held for a connection, named by a number; to
 * register the same again changes nothing. What a change tells, and in which order, is as in ZooKeeper's
 * DataTree and WatchManager:
 *
 *     change       at the path                                 at its parent      recursive, here or above
 *     created      data: created                               children changed   created
 *     set          data: data changed                                             data changed
 *     deleted      data: deleted; children: deleted, unless    children changed   deleted
 *                  the same watcher has just heard it
 *
 * A standard watch is gone once it has told; persistent ones stay. Recursive ones never hear of changed children.
 */
export class WatchTable {
  private readonly entries: Entries = new Entries();
  /** Filled and emptied within one change. */
  private readonly told: Set<number> = new Set();

  /** Watches: one per watcher, path and kind. */
  get size(): number {
    return this.entries.size;
  }

  get paths(): number {
    return this.entries.paths;
  }

  /** Connections that watch something. */
  get watchers(): number {
    return this.entries.watchers;
  }

  add(watcher: number, path: string, kind: WatchKind): void {
    this.entries.add(watcher, path, modeOf(kind));
  }

  has(watcher: number, path: string, kind: WatchKind | 'any'): boolean {
    return (this.entries.modes(watcher, path) & modeOf(kind)) !== 0;
  }

  /** False when there was none. */
  remove(watcher: number, path: string, kind: WatchKind | 'any'): boolean {
    return this.entries.remove(watcher, path, modeOf(kind));
  }

  /** Its connection is closed. */
  removeWatcher(watcher: number): void {
    this.entries.removeWatcher(watcher);
  }

  changed(change: 'created' | 'set' | 'deleted', path: string, tell: Tell): void {
    if (this.entries.paths === 0) return;
    switch (change) {
      case 'created':
        this.tellNode(path, 'created', tell);
        break;
      case 'set':
        this.tellNode(path, 'data-changed', tell);
        break;
      case 'deleted':
        this.tellNode(path, 'deleted', tell);
        this.tellChildren(path, 'deleted', tell);
        break;
    }
    this.told.clear();
    const parent = parentOf(path);
    if (change !== 'set' && parent !== null) this.tellChildren(parent, 'children-changed', tell);
    this.told.clear();
  }

  /** Paths that a watcher watches, in no order. */
  pathsOf(watcher: number): Iterable<string> {
    return this.entries.pathsOf(watcher);
  }

  forEachWatcher(visit: (watcher: number) => void): void {
    this.entries.forEachWatcher(visit);
  }

  forEachPath(visit: (path: string, watchers: readonly number[]) => void): void {
    this.entries.forEachPath(visit);
  }

  private tellNode(path: string, event: WatchEvent, tell: Tell): void {
    this.tellOnce(path, MODE.data | MODE.persistent | MODE.recursive, MODE.data, event, path, tell);
    if (!this.entries.anyRecursive) return;
    for (let above = parentOf(path); above !== null; above = parentOf(above)) {
      this.tellOnce(above, MODE.recursive, 0, event, path, tell);
    }
  }

  private tellChildren(path: string, event: WatchEvent, tell: Tell): void {
    this.tellOnce(path, MODE.children | MODE.persistent, MODE.children, event, path, tell);
  }

  /** Tells each watcher at `at` that has one of `modes`, unless it heard already; `spent` modes are gone afterwards. */
  private tellOnce(
    at: string,
    modes: number,
    spent: number,
    event: WatchEvent,
    path: string,
    tell: Tell,
  ): void {
    const { told } = this;
    const visit: Visit = (watcher) => {
      if (told.has(watcher)) return;
      told.add(watcher);
      tell(watcher, event, path);
    };
    this.entries.trigger(at, modes, spent, visit);
  }
}

/** Null for the root. */
function parentOf(path: string): string | null {
  if (path.length === 1) return null;
  const slash = path.lastIndexOf('/');
  return slash === 0 ? '/' : path.slice(0, slash);
}
