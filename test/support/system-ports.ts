import { performance } from 'node:perf_hooks';
import type { Clock, Timers } from '../../lib/base/index.js';

export const systemClock: Clock = {
  monotonicMs: () => performance.now(),
  wallMs: () => Date.now(),
};

export const systemTimers: Timers = {
  after(delayMs, callback) {
    const timer = setTimeout(callback, delayMs);
    return {
      cancel: () => {
        clearTimeout(timer);
      },
    };
  },
  soon(callback) {
    setImmediate(callback);
  },
};

/** Looks again after each turn of the loop until `reached`. Fails after `limitMs`. */
export async function until(what: string, reached: () => boolean, limitMs: number = 8000): Promise<void> {
  const endMs = performance.now() + limitMs;
  while (!reached()) {
    if (performance.now() > endMs) throw new Error(`not within ${limitMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}
