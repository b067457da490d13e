import { randomBytes } from 'node:crypto';
import type { Clock, Random, Timers } from '../base/index.js';

const POOL_BYTES = 4096;

/** Clock, timers and randomness as one bundle, so that tests can replace all three at once. */
export interface World {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
}

/**
 * The real world: the one implementation of these ports, for every process of the package. Timers keep the
 * process alive, as open sockets do, until their owner is closed.
 */
export const SYSTEM: World = {
  clock: {
    monotonicMs: () => performance.now(),
    wallMs: () => Date.now(),
  },
  timers: {
    after: (delayMs, callback) => {
      const timer = setTimeout(callback, delayMs);
      return { cancel: () => clearTimeout(timer) };
    },
    soon: (callback) => {
      setImmediate(callback);
    },
    promptly: (callback) => {
      queueMicrotask(callback);
    },
  },
  random: kernelRandom(),
};

/** The kernel's generator, drawn in pools: ids of different processes never collide by seed. */
function kernelRandom(): Random {
  let pool = new Uint8Array(0);
  let at = 0;
  return {
    uint32: () => {
      if (at + 4 > pool.length) {
        pool = randomBytes(POOL_BYTES);
        at = 0;
      }
      at += 4;
      return new DataView(pool.buffer, pool.byteOffset + at - 4, 4).getUint32(0);
    },
  };
}
