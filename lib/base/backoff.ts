import type { Random } from './ports.js';

export interface BackoffOptions {
  readonly firstMs: number;
  readonly maxMs: number;
  /** Growth per attempt, above 1. */
  readonly factor: number;
}

/** The delay before attempt `attempt` (0 is the first retry), with full jitter in the upper half. */
export function backoffMs(options: BackoffOptions, attempt: number, random: Random): number {
  const ceiling = Math.min(options.maxMs, options.firstMs * options.factor ** attempt);
  return ceiling / 2 + (random.uint32() / 0x1_0000_0000) * (ceiling / 2);
}
