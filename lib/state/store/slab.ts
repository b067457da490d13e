import { assert } from '../../base/index.js';
import { pageOfBytes } from './pages.js';

/**
 * Bytes of many small records without a heap object for each.
 *
 *     page (64 KiB, blocks of one size class)      reference (u32): 0 nothing
 *     ┌────┬────┬────┬────┬───────────────┐                         page · 8192 + unit + 1
 *     │used│free│used│free│ never used ►  │                         or, top bit set, index of a large array
 *     └────┴─┬──┴────┴─▲──┴───────────────┘        unit = 8 bytes
 *            └─────────┘ free list through the first two bytes
 *
 * A page without a used block goes back to a pool that serves every class.
 */
const UNIT_SHIFT = 3;
const UNIT_BYTES = 1 << UNIT_SHIFT;
const PAGE_UNIT_SHIFT = 13;
const PAGE_UNITS = 1 << PAGE_UNIT_SHIFT;
const PAGE_BYTES = PAGE_UNITS * UNIT_BYTES;
const LARGEST_UNITS = PAGE_UNITS / 2;
const LARGE = 0x8000_0000;
const NONE = -1;
const FINE_UNITS = 16;

/** Sizes in units: every unit up to 16 (paths, and data as short as most), then four steps per doubling. */
const CLASS_UNITS: readonly number[] = sizeClasses();
const CLASS_OF: Uint8Array = classTable();

function sizeClasses(): number[] {
  const units = Array.from({ length: FINE_UNITS }, (_, i) => i + 1);
  for (let base = FINE_UNITS; base < LARGEST_UNITS; base *= 2) {
    for (let step = 1; step <= 4; step++) units.push(base + (base / 4) * step);
  }
  return units;
}

function classTable(): Uint8Array {
  const table = new Uint8Array(LARGEST_UNITS + 1);
  let size = 0;
  for (let units = 1; units <= LARGEST_UNITS; units++) {
    if (units > CLASS_UNITS[size]!) size++;
    table[units] = size;
  }
  return table;
}

interface Page {
  readonly bytes: Uint8Array;
  readonly number: number;
  sizeClass: number;
  /** 0 ≤ used ≤ blocks that fit. */
  used: number;
  /** First unit that was never given out. */
  fresh: number;
  /** First unit of the free list, or NONE. */
  free: number;
  /** Neighbours among the pages of the class that have room. */
  next: Page | null;
  previous: Page | null;
  listed: boolean;
}

export class Slab {
  private readonly pages: Page[] = [];
  private readonly pool: Page[] = [];
  /** Per class, the first page with room. */
  private readonly roomy: (Page | null)[] = CLASS_UNITS.map(() => null);
  private readonly large: (Uint8Array | null)[] = [];
  private readonly largeFree: number[] = [];

  /** Bytes held from the system, used or not. */
  get reservedBytes(): number {
    let large = 0;
    for (const bytes of this.large) large += bytes === null ? 0 : bytes.length;
    return this.pages.length * PAGE_BYTES + large;
  }

  /** Copies `source[from, to)` in; 0 when it is empty. */
  store(source: Uint8Array, from: number, to: number): number {
    const size = to - from;
    if (size === 0) return 0;
    if (size > LARGEST_UNITS * UNIT_BYTES) return this.storeLarge(source.slice(from, to));
    const page = this.pageWithRoom(CLASS_OF[(size + UNIT_BYTES - 1) >>> UNIT_SHIFT]!);
    const unit = takeBlock(page);
    if (page.free === NONE && page.fresh + CLASS_UNITS[page.sizeClass]! > PAGE_UNITS) this.unlist(page);
    copy(source, from, to, page.bytes, unit << UNIT_SHIFT);
    return page.number * PAGE_UNITS + unit + 1;
  }

  /** Replaces the `length` bytes of `ref`, in place when the size class stays. Returns the new reference. */
  replace(ref: number, length: number, source: Uint8Array, from: number, to: number): number {
    const size = to - from;
    const inPlace =
      ref !== 0 &&
      ref < LARGE &&
      size > 0 &&
      size <= LARGEST_UNITS * UNIT_BYTES &&
      CLASS_OF[(size + UNIT_BYTES - 1) >>> UNIT_SHIFT] === CLASS_OF[(length + UNIT_BYTES - 1) >>> UNIT_SHIFT];
    if (!inPlace) {
      const fresh = this.store(source, from, to);
      this.release(ref);
      return fresh;
    }
    copy(source, from, to, this.bytesAt(ref), this.offsetOf(ref));
    return ref;
  }

  release(ref: number): void {
    if (ref === 0) return;
    if (ref >= LARGE) {
      this.large[ref - LARGE] = null;
      this.largeFree.push(ref - LARGE);
      return;
    }
    const page = this.pages[(ref - 1) >>> PAGE_UNIT_SHIFT]!;
    const unit = (ref - 1) & (PAGE_UNITS - 1);
    const at = unit << UNIT_SHIFT;
    page.bytes[at] = (page.free + 1) & 0xff;
    page.bytes[at + 1] = (page.free + 1) >>> 8;
    page.free = unit;
    page.used--;
    assert(page.used >= 0, () => `slab page ${page.number}: released more blocks than it gave out`);
    if (page.used === 0) this.retire(page);
    else if (!page.listed) this.list(page);
  }

  /** The array that holds the bytes of `ref`, which must not be 0. */
  bytesAt(ref: number): Uint8Array {
    return ref >= LARGE ? this.large[ref - LARGE]! : this.pages[(ref - 1) >>> PAGE_UNIT_SHIFT]!.bytes;
  }

  /** Where in that array they begin. */
  offsetOf(ref: number): number {
    return ref >= LARGE ? 0 : ((ref - 1) & (PAGE_UNITS - 1)) << UNIT_SHIFT;
  }

  private storeLarge(bytes: Uint8Array): number {
    const index = this.largeFree.pop() ?? this.large.length;
    this.large[index] = bytes;
    return LARGE + index;
  }

  private pageWithRoom(sizeClass: number): Page {
    const page = this.roomy[sizeClass];
    if (page) return page;
    const fresh = this.pool.pop() ?? this.addPage();
    fresh.sizeClass = sizeClass;
    fresh.fresh = 0;
    fresh.free = NONE;
    this.list(fresh);
    return fresh;
  }

  private addPage(): Page {
    const number = this.pages.length;
    assert(number < LARGE / PAGE_UNITS, () => `slab is full: ${number} pages of ${PAGE_BYTES} bytes`);
    const bytes = pageOfBytes(PAGE_BYTES);
    const links = { next: null, previous: null, listed: false };
    const page: Page = { bytes, number, sizeClass: 0, used: 0, fresh: 0, free: NONE, ...links };
    this.pages.push(page);
    return page;
  }

  private retire(page: Page): void {
    if (page.listed) this.unlist(page);
    this.pool.push(page);
  }

  private list(page: Page): void {
    const first = this.roomy[page.sizeClass]!;
    page.next = first;
    page.previous = null;
    if (first !== null) first.previous = page;
    this.roomy[page.sizeClass] = page;
    page.listed = true;
  }

  private unlist(page: Page): void {
    if (page.previous === null) this.roomy[page.sizeClass] = page.next;
    else page.previous.next = page.next;
    if (page.next !== null) page.next.previous = page.previous;
    page.next = null;
    page.previous = null;
    page.listed = false;
  }
}

function takeBlock(page: Page): number {
  page.used++;
  const unit = page.free;
  if (unit === NONE) {
    const fresh = page.fresh;
    page.fresh += CLASS_UNITS[page.sizeClass]!;
    return fresh;
  }
  const at = unit << UNIT_SHIFT;
  page.free = (page.bytes[at]! | (page.bytes[at + 1]! << 8)) - 1;
  return unit;
}

/** Short copies in a loop: `set` with a subarray allocates a view for each. */
function copy(source: Uint8Array, from: number, to: number, target: Uint8Array, at: number): void {
  if (to - from > 64) {
    target.set(from === 0 && to === source.length ? source : source.subarray(from, to), at);
    return;
  }
  for (let i = from; i < to; i++) target[at++] = source[i]!;
}
