import type { Clock, Random, Timers } from '../base/index.js';
import type { TransportTimings } from './timings.js';
import type { TransportHandlers } from './types.js';
import type { PeerWire } from './wire.js';

/** What the parts of a transport share. */
export interface Environment {
  readonly wire: PeerWire;
  readonly handlers: TransportHandlers;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly timings: TransportTimings;
}
