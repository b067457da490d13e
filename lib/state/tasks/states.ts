import { FRAMEWORK_CAPABILITY, type FrameworkView } from '../frameworks/types.js';
import { TASK_STATE, type TaskState } from './types.js';

const {
  STAGING,
  STARTING,
  RUNNING,
  KILLING,
  UNREACHABLE,
  FINISHED,
  FAILED,
  KILLED,
  LOST,
  ERROR,
  DROPPED,
  GONE,
  GONE_BY_OPERATOR,
} = TASK_STATE;

const TERMINAL: ReadonlySet<TaskState> = new Set([
  FINISHED,
  FAILED,
  KILLED,
  LOST,
  ERROR,
  DROPPED,
  GONE,
  GONE_BY_OPERATOR,
]);

/** What an agent may report: UNREACHABLE and UNKNOWN are judgements of the master. */
const REPORTABLE: ReadonlySet<TaskState> = new Set([
  STARTING,
  RUNNING,
  KILLING,
  FINISHED,
  FAILED,
  KILLED,
  LOST,
  ERROR,
  DROPPED,
  GONE,
]);

const KNOWN: ReadonlySet<number> = new Set(Object.values(TASK_STATE));

export function isTaskState(state: number): state is TaskState {
  return KNOWN.has(state);
}

export function isTerminal(state: TaskState): boolean {
  return TERMINAL.has(state);
}

export function isReportable(state: TaskState): boolean {
  return REPORTABLE.has(state);
}

/** How far along a task's life a state is; a task never goes to a lower rank. UNREACHABLE stands outside. */
function rank(state: TaskState): number {
  if (TERMINAL.has(state)) return 4;
  return state === KILLING ? 3 : state === RUNNING ? 2 : state === STARTING ? 1 : 0;
}

/**
 * Whether a task may go from `present` to `next`. `reported` is the last state its agent told: a task that was
 * unreachable goes on from there.
 */
export function isForward(present: TaskState, reported: TaskState, next: TaskState): boolean {
  if (isTerminal(present)) return false;
  return rank(next) >= rank(present === UNREACHABLE ? reported : present);
}

/** Frameworks that are not partition aware know only LOST (Mesos: docs/high-availability-framework-guide.md). */
export function toldState(state: TaskState, framework: FrameworkView): TaskState {
  if ((framework.capabilities & FRAMEWORK_CAPABILITY.partitionAware) !== 0) return state;
  const partition =
    state === UNREACHABLE || state === DROPPED || state === GONE || state === GONE_BY_OPERATOR;
  return partition ? LOST : state;
}

/** Whether the framework is told of the state at all: TASK_KILLING goes only to those that ask for it. */
export function isTold(state: TaskState, framework: FrameworkView): boolean {
  return state !== KILLING || (framework.capabilities & FRAMEWORK_CAPABILITY.taskKillingState) !== 0;
}

export const FIRST_STATE: TaskState = STAGING;
