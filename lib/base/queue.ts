import { assert } from './assert.js';

/** A first-in first-out queue with a hard limit, backed by a ring: no shifting, no growth past the limit. */
export class BoundedQueue<T> {
  readonly limit: number;
  private ring: (T | undefined)[] = Array.from({ length: 16 });
  private head = 0;
  /** 0 ≤ size ≤ limit. */
  private count = 0;

  constructor(limit: number) {
    assert(limit > 0, `a queue needs room: limit ${limit}`);
    this.limit = limit;
  }

  get size(): number {
    return this.count;
  }

  /** False when the queue is full; nothing was added then. */
  push(item: T): boolean {
    if (this.count === this.limit) return false;
    if (this.count === this.ring.length) this.grow();
    this.ring[(this.head + this.count) % this.ring.length] = item;
    this.count++;
    return true;
  }

  peek(): T | undefined {
    return this.count === 0 ? undefined : this.ring[this.head];
  }

  shift(): T | undefined {
    if (this.count === 0) return undefined;
    const item = this.ring[this.head];
    this.ring[this.head] = undefined;
    this.head = (this.head + 1) % this.ring.length;
    this.count--;
    return item;
  }

  clear(): void {
    this.ring = Array.from({ length: 16 });
    this.head = 0;
    this.count = 0;
  }

  private grow(): void {
    const larger: (T | undefined)[] = Array.from({ length: this.ring.length * 2 });
    for (let i = 0; i < this.count; i++) larger[i] = this.ring[(this.head + i) % this.ring.length];
    this.ring = larger;
    this.head = 0;
  }
}
