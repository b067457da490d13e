import type { State } from './state.js';
import type { Refusal } from './turn.js';

/**
 * Why the machine may not grow now, or null. It counts records, not memory, so that every member decides alike:
 * the budget is a share of the smallest that any member told.
 */
export function growthFault(state: State, commandBytes: number): Refusal | null {
  const budget = growthBudgetBytes(state);
  const bytes = state.bytes();
  if (bytes + commandBytes > budget) {
    return { code: 'GROWTH_REFUSED', message: `${bytes} bytes of state; growth ends at ${budget}` };
  }
  const { records } = state.core.limits;
  const count = state.records();
  if (count < records) return null;
  return { code: 'GROWTH_REFUSED', message: `${count} records of state; growth ends at ${records}` };
}

export function growthBudgetBytes(state: State): number {
  const { memoryBudgetBytes, growthShareMilli } = state.core.limits;
  return Math.floor((state.cluster.smallestBudget(memoryBudgetBytes) / 1000) * growthShareMilli);
}
