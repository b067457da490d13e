import { must, type SessionId } from '../../base/index.js';
import type { DerivedColumn } from '../store/columns.js';
import { emptyList, RowLinks, type RowList } from '../store/row-list.js';
import type { Owner } from './owner.js';

/** Names of the lists beside those of sessions, which are 16 digits long. */
const CONTAINERS = 'containers';
const TTLS = 'ttls';

/** Which nodes end by themselves: a list for each session, one for all containers, one for all times to live. */
export class OwnedRows {
  private readonly links: RowLinks;
  private readonly lists: Map<string, RowList> = new Map();

  constructor(next: DerivedColumn, previous: DerivedColumn) {
    this.links = new RowLinks(next, previous);
  }

  add(row: number, owner: Owner): void {
    const name = listOf(owner);
    if (name === null) return;
    let list = this.lists.get(name);
    if (list === undefined) this.lists.set(name, (list = emptyList()));
    this.links.append(list, row);
  }

  remove(row: number, owner: Owner): void {
    const name = listOf(owner);
    if (name === null) return;
    const list = must(this.lists.get(name), () => `row ${row} is in no list of ${name}`);
    this.links.remove(list, row);
    if (list.count === 0) this.lists.delete(name);
  }

  countOf(session: SessionId): number {
    return this.lists.get(session)?.count ?? 0;
  }

  rowsOf(session: SessionId): number[] {
    return this.rows(session);
  }

  /** Rows that sessions own. */
  get countOfSessions(): number {
    let count = 0;
    for (const [name, list] of this.lists) if (name !== CONTAINERS && name !== TTLS) count += list.count;
    return count;
  }

  mortalRows(): number[] {
    return [...this.rows(CONTAINERS), ...this.rows(TTLS)];
  }

  private rows(name: string): number[] {
    const list = this.lists.get(name);
    return list === undefined ? [] : this.links.rows(list);
  }
}

function listOf(owner: Owner): string | null {
  switch (owner.kind) {
    case 'persistent':
      return null;
    case 'container':
      return CONTAINERS;
    case 'ttl':
      return TTLS;
    case 'session':
      return owner.session;
  }
}
