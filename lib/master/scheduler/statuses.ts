import { TepuiError, type AgentId, type TaskId } from '../../base/index.js';
import {
  FRAMEWORK_CAPABILITY,
  TASK_REASON,
  TASK_STATE,
  type FrameworkView,
  type Machine,
  type PendingUpdate,
  type TaskState,
} from '../../state/index.js';
import { mesosCodecs, nanosecondsOf, type mesos } from '../../wire/index.js';
import { reasonName, sourceName, taskStateName } from '../mesos/index.js';

/** The head of a task's queue, as the framework gets it: to be acknowledged by its uuid. */
export function updateStatus(taskId: TaskId, agentId: AgentId, update: PendingUpdate): mesos.TaskStatus {
  const base = detailsOf(update.status);
  const reason = reasonName(update.reason);
  return {
    ...base,
    task_id: { value: taskId },
    agent_id: { value: agentId },
    state: taskStateName(update.state),
    source: sourceName(update.source),
    ...(reason === null ? {} : { reason }),
    ...(update.message === '' ? {} : { message: update.message }),
    timestamp: update.timeMs / 1000,
    uuid: update.uuid,
  };
}

/** What the agent said beside the fields that the machine keeps. Unreadable here, it is left out: the rest holds. */
function detailsOf(status: Uint8Array): Partial<mesos.TaskStatus> {
  if (status.length === 0) return {};
  try {
    return mesosCodecs.taskStatus.decode(status);
  } catch (error) {
    if (error instanceof TepuiError) return {};
    throw error;
  }
}

/**
 * What RECONCILE says of a task: the truth of this member's machine. Nothing to acknowledge, and no `data`, as in
 * Mesos (docs/reconciliation.md).
 */
export function reconciledStatus(
  machine: Machine,
  framework: FrameworkView,
  taskId: TaskId,
  askedAgent: AgentId | null,
): mesos.TaskStatus {
  const task = machine.tasks.get(framework.frameworkId, taskId);
  const agentId = task?.agentId ?? askedAgent;
  const state = task?.state ?? absentState(machine, agentId);
  const agent = agentId === null ? null : machine.agents.get(agentId);
  const lost = state === TASK_STATE.UNREACHABLE && agent?.status.kind === 'unreachable';
  return {
    task_id: { value: taskId },
    ...(agentId === null ? {} : { agent_id: { value: agentId } }),
    state: taskStateName(stateFor(framework, state)),
    source: 'SOURCE_MASTER',
    reason: reasonName(TASK_REASON.RECONCILIATION)!,
    timestamp: (task?.stateMs ?? machine.clockMs) / 1000,
    ...(lost ? { unreachable_time: nanosecondsOf(agent.status.sinceMs) } : {}),
  };
}

/** Of a task that the group does not know: what became of its agent decides. */
function absentState(machine: Machine, agentId: AgentId | null): TaskState {
  const status = agentId === null ? undefined : machine.agents.get(agentId)?.status;
  switch (status?.kind) {
    case 'connected':
    case 'disconnected':
      return TASK_STATE.GONE;
    case 'unreachable':
      return TASK_STATE.UNREACHABLE;
    case 'removed':
      return status.cause === 'gone' ? TASK_STATE.GONE_BY_OPERATOR : TASK_STATE.GONE;
    case undefined:
      return TASK_STATE.UNKNOWN;
  }
}

const PARTITION_STATES: ReadonlySet<TaskState> = new Set([
  TASK_STATE.DROPPED,
  TASK_STATE.UNREACHABLE,
  TASK_STATE.GONE,
  TASK_STATE.GONE_BY_OPERATOR,
  TASK_STATE.UNKNOWN,
]);

/** Frameworks that are not partition aware know all of these as LOST. */
function stateFor(framework: FrameworkView, state: TaskState): TaskState {
  if ((framework.capabilities & FRAMEWORK_CAPABILITY.partitionAware) !== 0) return state;
  return PARTITION_STATES.has(state) ? TASK_STATE.LOST : state;
}
