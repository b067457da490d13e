import type { PlainCommand } from './command.js';
import { grows } from './registry.js';
import type { State } from './state.js';
import type { TreeOp } from './tree/types.js';
import type { Refusal } from './turn.js';

/** Whether the command adds to the state. What is known already may always come back, and shrink. */
export function isGrowth(state: State, command: PlainCommand): boolean {
  switch (command.kind) {
    case 'agent-register':
      return state.agents.get(command.agentId) === null;
    case 'framework-subscribe':
      return state.frameworks.get(command.frameworkId) === null;
    case 'tree-set': {
      const row = state.tree.find(command.path);
      return row >= 0 && command.data.length > state.tree.data.length(row);
    }
    case 'coordination-write':
      return command.ops.some((op) => opGrows(state, op));
    // oxlint-disable-next-line typescript/switch-exhaustiveness-check -- the others do not depend on the state
    default:
      return grows(command);
  }
}

function opGrows({ tree }: State, op: TreeOp): boolean {
  if (op.op === 'create') return true;
  if (op.op !== 'set') return false;
  const row = tree.find(op.path);
  return row >= 0 && (op.data?.length ?? 0) > tree.data.length(row);
}

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
