import { compareBytes } from '../base/index.js';
import type { KvOperation, KvRange } from './types.js';

/**
 * An ordered map of byte strings in two parallel arrays: the heart of the in-memory twin. Appending at the end
 * is cheap, which is what a log does; copies are shared until one side changes.
 */
export class SortedBytes {
  private keys: Uint8Array[];
  private values: Uint8Array[];
  private shared = false;

  constructor(keys: Uint8Array[] = [], values: Uint8Array[] = []) {
    this.keys = keys;
    this.values = values;
  }

  get(key: Uint8Array): Uint8Array | undefined {
    const at = this.lowerBound(key);
    return this.holds(at, key) ? this.values[at] : undefined;
  }

  /** Applies in order. Keys and values are kept as they are and must not change: see `copyOf`. */
  apply(operations: readonly KvOperation[]): void {
    this.own();
    for (const operation of operations) {
      const at = this.lowerBound(operation.key);
      const present = this.holds(at, operation.key);
      if (operation.type === 'put') {
        if (present) this.values[at] = operation.value;
        else {
          this.keys.splice(at, 0, operation.key);
          this.values.splice(at, 0, operation.value);
        }
      } else if (present) {
        this.keys.splice(at, 1);
        this.values.splice(at, 1);
      }
    }
  }

  read(range: KvRange, limit: number, maxBytes: number): [Uint8Array, Uint8Array][] {
    const low = this.lowerBound(range.from);
    const high = this.lowerBound(range.to);
    const step = range.reverse === true ? -1 : 1;
    const found: [Uint8Array, Uint8Array][] = [];
    let bytes = 0;
    for (let at = step > 0 ? low : high - 1; at >= low && at < high; at += step) {
      if (found.length === limit || (bytes >= maxBytes && found.length > 0)) break;
      const key = this.keys[at]!;
      const value = this.values[at]!;
      found.push([key.slice(), value.slice()]);
      bytes += key.length + value.length;
    }
    return found;
  }

  /** The same contents; later changes on either side are not seen on the other. */
  copy(): SortedBytes {
    this.shared = true;
    const copy = new SortedBytes(this.keys, this.values);
    copy.shared = true;
    return copy;
  }

  private own(): void {
    if (!this.shared) return;
    this.keys = this.keys.slice();
    this.values = this.values.slice();
    this.shared = false;
  }

  private holds(at: number, key: Uint8Array): boolean {
    const found = this.keys[at];
    return found !== undefined && compareBytes(found, key) === 0;
  }

  /** The first position whose key is at or above `key`; the common case, the end, is looked at first. */
  private lowerBound(key: Uint8Array): number {
    const last = this.keys.at(-1);
    if (last === undefined || compareBytes(last, key) < 0) return this.keys.length;
    let low = 0;
    let high = this.keys.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compareBytes(this.keys[middle]!, key) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** An operation that nobody else can change. */
export function copyOf(operation: KvOperation): KvOperation {
  const key = operation.key.slice();
  return operation.type === 'delete'
    ? { type: 'delete', key }
    : { type: 'put', key, value: operation.value.slice() };
}
