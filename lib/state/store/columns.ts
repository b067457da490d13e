import { pageOfBytes, pageOfFloats, pageOfWords } from './pages.js';

/**
 * Typed arrays in pages, so that a table grows without ever copying what it holds. A page that holds nothing but zeros
 * is no memory: all columns share one until a first value comes. Most nodes of a tree have no owner, no ACL of their
 * own and no children, so most pages of those columns stay that way.
 */

const PAGE_SHIFT = 12;
const PAGE_MASK = (1 << PAGE_SHIFT) - 1;
export const ROWS_PER_PAGE: number = 1 << PAGE_SHIFT;

/** Never written to. */
const ZEROS: Uint32Array = new Uint32Array(ROWS_PER_PAGE);
const FLOAT_ZEROS: Float64Array = new Float64Array(ROWS_PER_PAGE);

/** What a column calls before it changes a stored field of a row. */
export interface Toucher {
  touch(row: number): void;
}

/** Unsigned 32-bit values that records do not store: derived, rebuilt at load. */
export class DerivedColumn {
  private readonly pages: Uint32Array[] = [];

  /** Bytes held from the system. */
  get reservedBytes(): number {
    return pagesHeld(this.pages, ZEROS) * ZEROS.byteLength;
  }

  get(row: number): number {
    return this.pages[row >>> PAGE_SHIFT]![row & PAGE_MASK]!;
  }

  set(row: number, value: number): void {
    let page = this.pages[row >>> PAGE_SHIFT]!;
    if (page === ZEROS) {
      if (value === 0) return;
      page = pageOfWords(ROWS_PER_PAGE);
      this.pages[row >>> PAGE_SHIFT] = page;
    }
    page[row & PAGE_MASK] = value;
  }

  /** Makes room for one more page of rows. */
  grow(): void {
    this.pages.push(ZEROS);
  }
}

/** One byte per row. */
export class FlagColumn {
  private readonly pages: Uint8Array[] = [];

  get reservedBytes(): number {
    return this.pages.length * ROWS_PER_PAGE;
  }

  get(row: number): number {
    return this.pages[row >>> PAGE_SHIFT]![row & PAGE_MASK]!;
  }

  set(row: number, value: number): void {
    this.pages[row >>> PAGE_SHIFT]![row & PAGE_MASK] = value;
  }

  grow(): void {
    this.pages.push(pageOfBytes(ROWS_PER_PAGE));
  }
}

/** Integers of [0, 2^32), part of the record. */
export class U32Column {
  private readonly values: DerivedColumn = new DerivedColumn();
  private readonly owner: Toucher;

  constructor(owner: Toucher) {
    this.owner = owner;
  }

  get reservedBytes(): number {
    return this.values.reservedBytes;
  }

  get(row: number): number {
    return this.values.get(row);
  }

  set(row: number, value: number): void {
    this.owner.touch(row);
    this.values.set(row, value);
  }

  /** For a record that is being loaded: it is not a change. */
  load(row: number, value: number): void {
    this.values.set(row, value);
  }

  grow(): void {
    this.values.grow();
  }
}

/** Integers of [0, 2^53), part of the record: revisions, times, counters. */
export class UintColumn {
  private readonly pages: Float64Array[] = [];
  private readonly owner: Toucher;

  constructor(owner: Toucher) {
    this.owner = owner;
  }

  get reservedBytes(): number {
    return pagesHeld(this.pages, FLOAT_ZEROS) * FLOAT_ZEROS.byteLength;
  }

  get(row: number): number {
    return this.pages[row >>> PAGE_SHIFT]![row & PAGE_MASK]!;
  }

  set(row: number, value: number): void {
    this.owner.touch(row);
    this.load(row, value);
  }

  /** For a record that is being loaded: it is not a change. */
  load(row: number, value: number): void {
    let page = this.pages[row >>> PAGE_SHIFT]!;
    if (page === FLOAT_ZEROS) {
      if (value === 0) return;
      page = pageOfFloats(ROWS_PER_PAGE);
      this.pages[row >>> PAGE_SHIFT] = page;
    }
    page[row & PAGE_MASK] = value;
  }

  grow(): void {
    this.pages.push(FLOAT_ZEROS);
  }
}

function pagesHeld<T>(pages: readonly T[], none: T): number {
  let held = 0;
  for (const page of pages) if (page !== none) held++;
  return held;
}
