import { randomBytes } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import type { Clock, Random, TimerHandle, Timers } from '../base/index.js';

/** The ports of lib/base on the real machine. */

export const systemClock: Clock = {
  monotonicMs: () => performance.now(),
  wallMs: () => Date.now(),
};

export const systemTimers: Timers = {
  after(delayMs: number, callback: () => void): TimerHandle {
    const timer = setTimeout(callback, delayMs);
    return { cancel: () => clearTimeout(timer) };
  },
  soon(callback: () => void): void {
    setImmediate(callback);
  },
};

const POOL_BYTES = 4096;

/** The kernel's generator, drawn in pools: ids of different processes never collide by seed. */
export class SystemRandom implements Random {
  private pool = randomBytes(POOL_BYTES);
  private at = 0;

  uint32(): number {
    if (this.at + 4 > POOL_BYTES) {
      this.pool = randomBytes(POOL_BYTES);
      this.at = 0;
    }
    const value = this.pool.readUInt32LE(this.at);
    this.at += 4;
    return value;
  }
}
