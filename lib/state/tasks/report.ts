import type { State } from '../state.js';
import type { Turn } from '../turn.js';
import { isTerminal, isTold, toldState } from './states.js';
import type { TaskExit, TaskSource, TaskState } from './types.js';

/** A change of a task's state, whoever noticed it. */
export interface Report {
  readonly state: TaskState;
  readonly uuid: Uint8Array;
  readonly source: TaskSource;
  readonly reason: number;
  readonly message: string;
  readonly status: Uint8Array;
  readonly exit: TaskExit | null;
  readonly timeMs: number;
  /** 0 for updates of the master. */
  readonly sequence: number;
}

/**
 * Moves a task to a state, frees its resources if that is the end, and queues an update for its framework if
 * that still is there to hear it. The caller has checked that the step is forward.
 */
export function report(state: State, turn: Turn, row: number, made: Report): void {
  const { tasks } = state;
  const { revision } = turn;
  const { frameworkId, taskId, agentId, role } = tasks.headOf(row);
  tasks.setState(row, made.state, revision, turn.nowMs);
  tasks.setDetail(row, made.reason, made.message, made.exit);
  const framework = state.frameworks.get(frameworkId);
  const hears = framework !== null && !tasks.isOrphaned(row) && isTold(made.state, framework);
  if (hears) {
    const { source, reason, message, status, exit, timeMs, sequence } = made;
    const told = toldState(made.state, framework);
    const detail = { state: told, source, reason, message, status, exit, timeMs, sequence };
    tasks.enqueue(row, ++state.core.lastOrder, { ...detail, uuid: made.uuid, revision });
  }
  const uuid = hears ? made.uuid.slice() : null;
  turn.events.push({ kind: 'task-updated', revision, frameworkId, taskId, agentId, state: made.state, uuid });
  if (!isTerminal(made.state)) return;
  tasks.free(row);
  turn.events.push({ kind: 'resources-freed', revision, agentId, frameworkId, role });
  if (tasks.pendingCount(row) > 0) return;
  tasks.complete(row, ++state.core.lastOrder, turn.limits.completedTasksPerFramework);
  turn.events.push({ kind: 'task-completed', revision, frameworkId, taskId });
}
