import { assert, must } from '../base/index.js';
import type { LogIndex, Term } from '../raft/types.js';
import type { LogPoint } from './types.js';

/**
 * Which entries there are, without their data: terms as runs (a new run per leader) and one size per entry.
 * Runs are few, so a term is found by bisection; sizes live in a typed array that starts at `first`.
 *
 *   base (index, term) │ first … last
 */
export class LogIndexTable {
  private base: LogPoint;
  /** Runs in order of their first index; each reaches to the next. Empty when there is no entry. */
  private runs: { readonly from: LogIndex; readonly term: Term }[] = [];
  /** `sizes[offset + index - base.index - 1]` is the size of the data of the entry at `index`. */
  private sizes: Uint32Array = new Uint32Array(1024);
  private offset = 0;
  private count = 0;
  /** Sum of the sizes in use. */
  private total = 0;

  constructor(base: LogPoint) {
    this.base = base;
  }

  get first(): LogIndex {
    return this.base.index + 1;
  }

  get last(): LogIndex {
    return this.base.index + this.count;
  }

  get bytes(): number {
    return this.total;
  }

  get lastPoint(): LogPoint {
    const run = this.runs.at(-1);
    return run === undefined ? this.base : { term: run.term, index: this.last };
  }

  termAt(index: LogIndex): Term | null {
    if (index === this.base.index) return this.base.term;
    if (index < this.first || index > this.last) return null;
    return must(this.runs[this.runAt(index)], () => `no term run for entry ${index}`).term;
  }

  sizeAt(index: LogIndex): number {
    assert(index >= this.first && index <= this.last, () => `no entry ${index} in ${this.range()}`);
    return this.sizes[this.slot(index)]!;
  }

  append(term: Term, sizeBytes: number): void {
    const last = this.lastPoint;
    assert(term >= last.term, () => `term ${term} after term ${last.term} at entry ${last.index + 1}`);
    const index = last.index + 1;
    if (this.runs.length === 0 || term > last.term) this.runs.push({ from: index, term });
    if (this.offset + this.count === this.sizes.length) this.makeRoom();
    this.sizes[this.offset + this.count] = sizeBytes;
    this.count++;
    this.total += sizeBytes;
  }

  /** Forgets the entries at and above `from`. */
  truncate(from: LogIndex): void {
    assert(from >= this.first, () => `truncation from ${from} reaches below ${this.range()}`);
    for (let index = this.last; index >= from; index--) this.total -= this.sizes[this.slot(index)]!;
    this.count = Math.min(this.count, from - this.first);
    while ((this.runs.at(-1)?.from ?? -1) >= from) this.runs.pop();
  }

  /** Forgets the entries up to and including `point`, which becomes the base. */
  compact(point: LogPoint): void {
    assert(point.index <= this.last, () => `compaction up to ${point.index} reaches above ${this.range()}`);
    for (let i = this.first; i <= point.index; i++) this.total -= this.sizes[this.slot(i)]!;
    const dropped = point.index - this.base.index;
    const keep = point.index === this.last ? this.runs.length : this.runAt(point.index + 1);
    this.runs = this.runs.slice(keep);
    this.offset += dropped;
    this.count -= dropped;
    this.base = { term: point.term, index: point.index };
  }

  /** Forgets every entry; the log goes on above `point`. */
  reset(point: LogPoint): void {
    this.base = { term: point.term, index: point.index };
    this.runs = [];
    this.offset = 0;
    this.count = 0;
    this.total = 0;
  }

  private range(): string {
    return `entries ${this.first} to ${this.last}`;
  }

  private slot(index: LogIndex): number {
    return this.offset + index - this.first;
  }

  /** The run that holds `index`, by bisection. */
  private runAt(index: LogIndex): number {
    let low = 0;
    let high = this.runs.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (this.runs[middle]!.from <= index) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** Moves the sizes to the front, into a larger array when more than half of it is in use. */
  private makeRoom(): void {
    const used = this.sizes.subarray(this.offset, this.offset + this.count);
    const target = this.count * 2 > this.sizes.length ? new Uint32Array(this.sizes.length * 2) : this.sizes;
    target.set(used);
    this.sizes = target;
    this.offset = 0;
  }
}
