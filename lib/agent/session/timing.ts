import type { BackoffOptions } from '../../base/index.js';

/** How an agent deals with masters that do not answer. */
export interface SessionTiming {
  /** From dialling to the answer to the registration. */
  readonly registerTimeoutMs: number;
  readonly reconnect: BackoffOptions;
}

export const SESSION_TIMING: SessionTiming = {
  registerTimeoutMs: 3000,
  reconnect: { firstMs: 50, maxMs: 1000, factor: 2 },
};

/**
 * Silence after which a stream is taken for dead: three heartbeats, but early enough that another master can be
 * reached before the group gives the agent up.
 */
export function silenceLimitMs(heartbeatMs: number, timeoutMs: number): number {
  return Math.max(1.5 * heartbeatMs, Math.min(3 * heartbeatMs, timeoutMs / 2));
}
