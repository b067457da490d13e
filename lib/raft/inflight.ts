import { assert } from '../base/index.js';
import type { LogIndex } from './types.js';

export interface InflightLimits {
  readonly maxInflightMessages: number;
  readonly maxInflightBytes: number;
}

/** Append messages sent to one peer and not answered: a ring of (last index, data bytes), oldest first. */
export class Inflight {
  private readonly limits: InflightLimits;
  private readonly lastIndexes: number[] = [];
  private readonly sizes: number[] = [];
  private head = 0;
  private count = 0;
  private totalBytes = 0;

  constructor(limits: InflightLimits) {
    this.limits = limits;
  }

  /** 0 ≤ messages ≤ maxInflightMessages. */
  get messages(): number {
    return this.count;
  }

  /** Below maxInflightBytes plus one message. */
  get bytes(): number {
    return this.totalBytes;
  }

  get full(): boolean {
    return this.count >= this.limits.maxInflightMessages || this.totalBytes >= this.limits.maxInflightBytes;
  }

  add(lastIndex: LogIndex, bytes: number): void {
    assert(!this.full, () => `append sent into a full window: ${this.count} messages, ${this.totalBytes} B`);
    const slot = (this.head + this.count) % this.limits.maxInflightMessages;
    this.lastIndexes[slot] = lastIndex;
    this.sizes[slot] = bytes;
    this.count++;
    this.totalBytes += bytes;
  }

  /** Forgets every message whose entries end at or below `index`. */
  freeUpTo(index: LogIndex): void {
    while (this.count > 0 && this.lastIndexes[this.head]! <= index) {
      this.totalBytes -= this.sizes[this.head]!;
      this.head = (this.head + 1) % this.limits.maxInflightMessages;
      this.count--;
    }
  }

  clear(): void {
    this.head = 0;
    this.count = 0;
    this.totalBytes = 0;
  }
}
