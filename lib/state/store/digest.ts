import { hash64, type Hash64 } from '../../base/index.js';

const POW32 = 0x1_0000_0000;

/**
 * The digest of a set of records: the sum of their hashes modulo 2^64, so that the order in which records came
 * and went does not matter and one record's change costs one hash.
 */
export class Digest {
  private high = 0;
  private low = 0;

  add(high: number, low: number): void {
    const sum = this.low + low;
    this.low = sum >>> 0;
    this.high = (this.high + high + (sum >= POW32 ? 1 : 0)) >>> 0;
  }

  subtract(high: number, low: number): void {
    const difference = this.low - low;
    this.low = difference >>> 0;
    this.high = (this.high - high - (difference < 0 ? 1 : 0)) >>> 0;
  }

  /** 16 hexadecimal digits. */
  toString(): string {
    return this.high.toString(16).padStart(8, '0') + this.low.toString(16).padStart(8, '0');
  }
}

const KEY_SEED = 0x7465_7075;

/** The hash of one record: table, key (`key[from, to)`) and value all count. `out` is overwritten. */
export function hashRecord(
  out: Hash64,
  table: number,
  key: Uint8Array,
  value: Uint8Array,
  from: number = 0,
  to: number = key.length,
): void {
  hash64(out, key, (KEY_SEED ^ table) >>> 0, from, to);
  const { high, low } = out;
  hash64(out, value, low);
  out.high = (out.high ^ Math.imul(high, 0x9e3779b1)) >>> 0;
  out.low = (out.low + Math.imul(high, 0x85ebca77)) >>> 0;
}
