/** Typed arrays in pages, so that a table grows without ever copying what it holds. */

const PAGE_SHIFT = 12;
const PAGE_MASK = (1 << PAGE_SHIFT) - 1;
export const ROWS_PER_PAGE: number = 1 << PAGE_SHIFT;

/** What a column calls before it changes a stored field of a row. */
export interface Toucher {
  touch(row: number): void;
}

/** Unsigned 32-bit values that records do not store: derived, rebuilt at load. */
export class DerivedColumn {
  private readonly pages: Uint32Array[] = [];

  get(row: number): number {
    return this.pages[row >>> PAGE_SHIFT]![row & PAGE_MASK]!;
  }

  set(row: number, value: number): void {
    this.pages[row >>> PAGE_SHIFT]![row & PAGE_MASK] = value;
  }

  /** Makes room for one more page of rows. */
  grow(): void {
    this.pages.push(new Uint32Array(ROWS_PER_PAGE));
  }
}

/** One byte per row. */
export class FlagColumn {
  private readonly pages: Uint8Array[] = [];

  get(row: number): number {
    return this.pages[row >>> PAGE_SHIFT]![row & PAGE_MASK]!;
  }

  set(row: number, value: number): void {
    this.pages[row >>> PAGE_SHIFT]![row & PAGE_MASK] = value;
  }

  grow(): void {
    this.pages.push(new Uint8Array(ROWS_PER_PAGE));
  }
}

/** Integers of [0, 2^32), part of the record. */
export class U32Column {
  private readonly pages: Uint32Array[] = [];
  private readonly owner: Toucher;

  constructor(owner: Toucher) {
    this.owner = owner;
  }

  get(row: number): number {
    return this.pages[row >>> PAGE_SHIFT]![row & PAGE_MASK]!;
  }

  set(row: number, value: number): void {
    this.owner.touch(row);
    this.pages[row >>> PAGE_SHIFT]![row & PAGE_MASK] = value;
  }

  grow(): void {
    this.pages.push(new Uint32Array(ROWS_PER_PAGE));
  }
}

/** Integers of [0, 2^53), part of the record: revisions, times, counters. */
export class UintColumn {
  private readonly pages: Float64Array[] = [];
  private readonly owner: Toucher;

  constructor(owner: Toucher) {
    this.owner = owner;
  }

  get(row: number): number {
    return this.pages[row >>> PAGE_SHIFT]![row & PAGE_MASK]!;
  }

  set(row: number, value: number): void {
    this.owner.touch(row);
    this.pages[row >>> PAGE_SHIFT]![row & PAGE_MASK] = value;
  }

  grow(): void {
    this.pages.push(new Float64Array(ROWS_PER_PAGE));
  }
}
