import { assert } from '../../base/index.js';
import { ALL_MODES, MODE } from './kinds.js';

export type Visit = (watcher: number) => void;

/** A watcher and its modes share one small integer. */
const MODE_BITS = 4;
const WATCHER_LIMIT = 2 ** 26;

/**
 * Who watches which path how. Nearly all paths have one watcher: such an entry is a number in a map and no object,
 * which keeps 100,000 watches within some 150 bytes each.
 */
export class Entries {
  private readonly byPath: Map<string, number | Map<number, number>> = new Map();
  private readonly byWatcher: Map<number, Set<string>> = new Map();
  private count = 0;
  private recursive = 0;

  get size(): number {
    return this.count;
  }

  get paths(): number {
    return this.byPath.size;
  }

  get watchers(): number {
    return this.byWatcher.size;
  }

  get anyRecursive(): boolean {
    return this.recursive > 0;
  }

  modes(watcher: number, path: string): number {
    const entry = this.byPath.get(path);
    if (entry === undefined) return 0;
    if (typeof entry !== 'number') return entry.get(watcher) ?? 0;
    return watcherOf(entry) === watcher ? entry & ALL_MODES : 0;
  }

  add(watcher: number, path: string, modes: number): void {
    assert(watcher >= 0 && watcher < WATCHER_LIMIT, () => `watcher ${watcher} is out of range`);
    const before = this.modes(watcher, path);
    if ((before | modes) === before) return;
    if (before === 0) this.remember(watcher, path);
    this.put(watcher, path, before | modes);
    this.tally(before, before | modes);
  }

  /** False when the watcher had none of `modes` there. */
  remove(watcher: number, path: string, modes: number): boolean {
    const before = this.modes(watcher, path);
    if ((before & modes) === 0) return false;
    this.reduce(watcher, path, before, before & ~modes);
    return true;
  }

  removeWatcher(watcher: number): void {
    const paths = this.byWatcher.get(watcher);
    if (paths === undefined) return;
    this.byWatcher.delete(watcher);
    for (const path of paths) {
      const before = this.modes(watcher, path);
      this.drop(watcher, path);
      this.tally(before, 0);
    }
  }

  /** Visits each watcher that has one of `modes` at `path`, after taking its `spent` ones away. */
  trigger(path: string, modes: number, spent: number, visit: Visit): void {
    const entry = this.byPath.get(path);
    if (entry === undefined) return;
    if (typeof entry === 'number') {
      this.triggerOne(path, watcherOf(entry), entry & ALL_MODES, modes, spent, visit);
      return;
    }
    // A copy: the entry may go, or grow, while it is visited.
    const watchers = Array.from(entry);
    for (const [watcher, has] of watchers) this.triggerOne(path, watcher, has, modes, spent, visit);
  }

  *pathsOf(watcher: number): Iterable<string> {
    yield* this.byWatcher.get(watcher) ?? [];
  }

  forEachWatcher(visit: Visit): void {
    for (const watcher of this.byWatcher.keys()) visit(watcher);
  }

  forEachPath(visit: (path: string, watchers: readonly number[]) => void): void {
    for (const [path, entry] of this.byPath) {
      visit(path, typeof entry === 'number' ? [watcherOf(entry)] : [...entry.keys()]);
    }
  }

  private triggerOne(
    path: string,
    watcher: number,
    has: number,
    modes: number,
    spent: number,
    visit: Visit,
  ): void {
    if ((has & modes) === 0) return;
    if ((has & spent) !== 0) this.reduce(watcher, path, has, has & ~spent);
    visit(watcher);
  }

  private reduce(watcher: number, path: string, before: number, after: number): void {
    if (after === 0) {
      this.forget(watcher, path);
      this.drop(watcher, path);
    } else this.put(watcher, path, after);
    this.tally(before, after);
  }

  private put(watcher: number, path: string, modes: number): void {
    const entry = this.byPath.get(path);
    if (typeof entry === 'object') entry.set(watcher, modes);
    else if (entry === undefined || watcherOf(entry) === watcher) {
      this.byPath.set(path, (watcher << MODE_BITS) | modes);
    } else {
      const several = new Map([[watcherOf(entry), entry & ALL_MODES]]);
      this.byPath.set(path, several.set(watcher, modes));
    }
  }

  private drop(watcher: number, path: string): void {
    const entry = this.byPath.get(path);
    if (typeof entry !== 'object') this.byPath.delete(path);
    else {
      entry.delete(watcher);
      if (entry.size === 0) this.byPath.delete(path);
    }
  }

  private remember(watcher: number, path: string): void {
    const paths = this.byWatcher.get(watcher);
    if (paths === undefined) this.byWatcher.set(watcher, new Set([path]));
    else paths.add(path);
  }

  private forget(watcher: number, path: string): void {
    const paths = this.byWatcher.get(watcher);
    paths?.delete(path);
    if (paths?.size === 0) this.byWatcher.delete(watcher);
  }

  private tally(before: number, after: number): void {
    this.count += bits(after) - bits(before);
    this.recursive += ((after & MODE.recursive) - (before & MODE.recursive)) / MODE.recursive;
  }
}

function watcherOf(entry: number): number {
  return entry >> MODE_BITS;
}

function bits(modes: number): number {
  return (modes & 1) + ((modes >> 1) & 1) + ((modes >> 2) & 1) + ((modes >> 3) & 1);
}
