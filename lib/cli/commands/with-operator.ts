import type { Operator } from '../../client/index.js';
import type { Context } from '../context.js';
import { explained } from '../trouble.js';

/** Runs `action` with a connection that is closed in the end; its errors say what is wrong with the cluster. */
export async function withOperator<T>(
  context: Context,
  action: (operator: Operator) => Promise<T>,
): Promise<T> {
  const operator = context.operator();
  try {
    return await action(operator);
  } catch (error) {
    throw await explained(error, operator);
  } finally {
    operator.close();
  }
}
