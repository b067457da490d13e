import { randomBytes } from 'node:crypto';
import type { Clock, Random, Timers } from '../base/index.js';

/** Clock, timers and randomness as one bundle, so that tests can replace all three at once. */
export interface World {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
}

/** The real world. Timers keep the process alive, as open sockets do, until their owner is closed. */
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
  },
  random: { uint32: () => randomBytes(4).readUInt32LE() },
};
