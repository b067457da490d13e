import type { DerivedColumn } from './columns.js';

/** A list of rows; its links are in columns. `first` and `last` are row + 1, 0 is none. */
export interface RowList {
  first: number;
  last: number;
  count: number;
}

export function emptyList(): RowList {
  return { first: 0, last: 0, count: 0 };
}

/** Doubly linked lists through the rows of one table: a row is in at most one list per pair of columns. */
export class RowLinks {
  private readonly next: DerivedColumn;
  private readonly previous: DerivedColumn;

  constructor(next: DerivedColumn, previous: DerivedColumn) {
    this.next = next;
    this.previous = previous;
  }

  append(list: RowList, row: number): void {
    this.next.set(row, 0);
    this.previous.set(row, list.last);
    if (list.last === 0) list.first = row + 1;
    else this.next.set(list.last - 1, row + 1);
    list.last = row + 1;
    list.count++;
  }

  remove(list: RowList, row: number): void {
    const next = this.next.get(row);
    const previous = this.previous.get(row);
    if (previous === 0) list.first = next;
    else this.next.set(previous - 1, next);
    if (next === 0) list.last = previous;
    else this.previous.set(next - 1, previous);
    list.count--;
  }

  /** The rows from first to last, `limit` at most, as of the call. */
  rows(list: RowList, limit: number = Infinity): number[] {
    const rows: number[] = [];
    for (let at = list.first; at !== 0 && rows.length < limit; at = this.next.get(at - 1)) rows.push(at - 1);
    return rows;
  }
}
