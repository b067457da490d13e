import type { UpkeepPolicy } from './plan.js';

/** Upkeep that every group begins with. */
export const UPKEEP: UpkeepPolicy = {
  promoteAfterMs: 1000,
  removeDeadAfterMs: 72 * 3_600_000,
  unstableLosses: 6,
  unstableWindowMs: 600_000,
};
