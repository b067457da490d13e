import { check } from '../../violation.js';
import { parentOf, type Change } from './tree.js';

export type EventType = 'created' | 'deleted' | 'data-changed' | 'children-changed';

export interface Heard {
  readonly type: EventType;
  readonly path: string;
}

/** The watches that a client holds, as ZooKeeper's client libraries keep them. */
export class Watches {
  /** On data; whether on that of a node that was there. */
  readonly data = new Map<string, 'data' | 'exists'>();
  readonly children = new Set<string>();
  readonly persistent = new Set<string>();
  readonly recursive = new Set<string>();

  get size(): number {
    return this.data.size + this.children.size + this.persistent.size + this.recursive.size;
  }

  clear(): void {
    for (const one of [this.data, this.children, this.persistent, this.recursive]) one.clear();
  }

  /** An event takes the watches that it answers with it. */
  spent({ type, path }: Heard): void {
    if (type !== 'children-changed') this.data.delete(path);
    if (type === 'children-changed' || type === 'deleted') this.children.delete(path);
  }

  copyTo(other: Watches): void {
    for (const [path, kind] of this.data) other.data.set(path, kind);
    for (const path of this.children) other.children.add(path);
    for (const path of this.persistent) other.persistent.add(path);
    for (const path of this.recursive) other.recursive.add(path);
  }

  /** What a change tells whoever holds these, in order. One-shot ones are gone then. */
  fire({ change, path }: Change): Heard[] {
    const heard: Heard[] = [];
    const { data, children, persistent } = this;
    const type = change === 'set' ? 'data-changed' : change;
    const toChildren = change === 'deleted' && children.has(path);
    if (data.has(path) || persistent.has(path) || this.recursiveFor(path) || toChildren)
      heard.push({ type, path });
    data.delete(path);
    if (change === 'set') return heard;
    if (change === 'deleted') children.delete(path);
    const parent = parentOf(path);
    if (children.has(parent) || persistent.has(parent))
      heard.push({ type: 'children-changed', path: parent });
    children.delete(parent);
    return heard;
  }

  private recursiveFor(path: string): boolean {
    if (this.recursive.size === 0) return false;
    for (let at = path; at !== '/'; at = parentOf(at)) if (this.recursive.has(at)) return true;
    return this.recursive.has('/');
  }
}

/**
 * What one connection has to be told, by the changes of the tree (S28): every event that its watches ask for, once, in
 * order, and before anything that shows the change.
 */
export class Told {
  readonly watches: Watches = new Watches();
  private readonly changes: readonly Change[];
  private readonly who: string;
  /** Changes before it were looked at. */
  private next = 0;
  /** Due, and not heard yet. */
  private due: (Heard & { readonly revision: number })[] = [];

  constructor(who: string, changes: readonly Change[]) {
    this.who = who;
    this.changes = changes;
  }

  /** The client is shown the state at `revision`. */
  shown(revision: number): void {
    while (this.next < this.changes.length && this.changes[this.next]!.revision <= revision) this.step();
    const [missed] = this.due;
    check(missed === undefined, 'S28', () => {
      const { type, path, revision: at } = missed!;
      return `${this.who} is shown ${revision} before it was told that ${path} is ${type} at ${at}`;
    });
  }

  /** It hears of an event. */
  heard({ type, path }: Heard): void {
    while (this.due.length === 0 && this.next < this.changes.length) this.step();
    const expected = this.due.shift();
    check(
      expected?.type === type && expected.path === path,
      'S28',
      () => `${this.who} hears that ${path} is ${type}; expected: ${JSON.stringify(expected ?? 'nothing')}`,
    );
  }

  private step(): void {
    const change = this.changes[this.next++]!;
    for (const heard of this.watches.fire(change)) this.due.push({ ...heard, revision: change.revision });
  }
}

/**
 * What setting `held` again must tell at `now`, when the client had been shown `seen` last: all that it missed, by the
 * changes in between. A node that came and went again meanwhile is told to nobody who waited for it.
 */
export function missed(
  held: Watches,
  changes: readonly Change[],
  seen: number,
  now: number,
  exists: (path: string) => boolean,
): { readonly told: Heard[]; readonly kept: Watches } {
  const between = changes.filter(({ revision }) => revision > seen && revision <= now);
  const told: Heard[] = [];
  const kept = new Watches();
  for (const [path, kind] of held.data) if (kind === 'data') nodeMissed(path, between, exists, told, kept);
  for (const [path, kind] of held.data) {
    if (kind !== 'exists') continue;
    if (exists(path)) told.push({ type: 'created', path });
    else kept.data.set(path, 'exists');
  }
  for (const path of held.children) {
    const changed = between.some((one) => one.change !== 'set' && parentOf(one.path) === path);
    const again = between.some((one) => one.change !== 'set' && one.path === path);
    if (!exists(path)) told.push({ type: 'deleted', path });
    else if (changed || again) told.push({ type: 'children-changed', path });
    else kept.children.add(path);
  }
  for (const path of held.persistent) kept.persistent.add(path);
  for (const path of held.recursive) kept.recursive.add(path);
  return { told, kept };
}

function nodeMissed(
  path: string,
  between: readonly Change[],
  exists: (path: string) => boolean,
  told: Heard[],
  kept: Watches,
): void {
  if (!exists(path)) told.push({ type: 'deleted', path });
  else if (between.some((one) => one.path === path)) told.push({ type: 'data-changed', path });
  else kept.data.set(path, 'data');
}
