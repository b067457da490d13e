import { type ErrorCode, InvariantError, type TaskId } from '../../base/index.js';
import type { AgentView } from '../agents/types.js';
import type { FrameworkView } from '../frameworks/types.js';
import type { MachineLimits } from '../limits.js';
import type { Resources } from '../resources.js';
import type { TaskLaunch } from './types.js';

export interface Refusal {
  readonly code: ErrorCode;
  readonly message: string;
}

/** What a launch is judged by. The leader may pass less `available` (what the offers held); apply passes the truth. */
export interface LaunchFacts {
  readonly limits: MachineLimits;
  /** Of the leader that judges, or of the entry that is applied: must be the launch's own. */
  readonly term: number;
  readonly framework: FrameworkView | null;
  readonly agent: AgentView | null;
  /** The agent's total less what its tasks hold. */
  readonly available: Resources;
  /** The agent's tasks outside the history. */
  readonly tasksOnAgent: number;
  readonly taskExists: (taskId: TaskId) => boolean;
}

/** Null when the launch may be done: the one validator of ACCEPT, run by the leader and again by apply. */
export function validateLaunch(_launch: TaskLaunch, _facts: LaunchFacts): Refusal | null {
  throw new InvariantError('not built yet');
}
