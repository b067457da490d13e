import { TASK_STATE, type TaskSource, type TaskState } from '../../state/index.js';
import type { mesos } from '../../wire/index.js';

/** Names of the numbers that the machine keeps (protos/mesos/v1/mesos.proto). */
const STATE_NAMES: Readonly<Record<TaskState, mesos.TaskState>> = {
  [TASK_STATE.STARTING]: 'TASK_STARTING',
  [TASK_STATE.RUNNING]: 'TASK_RUNNING',
  [TASK_STATE.FINISHED]: 'TASK_FINISHED',
  [TASK_STATE.FAILED]: 'TASK_FAILED',
  [TASK_STATE.KILLED]: 'TASK_KILLED',
  [TASK_STATE.LOST]: 'TASK_LOST',
  [TASK_STATE.STAGING]: 'TASK_STAGING',
  [TASK_STATE.ERROR]: 'TASK_ERROR',
  [TASK_STATE.KILLING]: 'TASK_KILLING',
  [TASK_STATE.DROPPED]: 'TASK_DROPPED',
  [TASK_STATE.UNREACHABLE]: 'TASK_UNREACHABLE',
  [TASK_STATE.GONE]: 'TASK_GONE',
  [TASK_STATE.GONE_BY_OPERATOR]: 'TASK_GONE_BY_OPERATOR',
  [TASK_STATE.UNKNOWN]: 'TASK_UNKNOWN',
};

const SOURCE_NAMES: Readonly<Record<TaskSource, mesos.TaskStatusSource>> = {
  0: 'SOURCE_MASTER',
  1: 'SOURCE_AGENT',
  2: 'SOURCE_EXECUTOR',
};

/** TaskStatus.Reason, by number. */
const REASON_NAMES: readonly mesos.TaskStatusReason[] = [
  'REASON_COMMAND_EXECUTOR_FAILED',
  'REASON_EXECUTOR_TERMINATED',
  'REASON_EXECUTOR_UNREGISTERED',
  'REASON_FRAMEWORK_REMOVED',
  'REASON_GC_ERROR',
  'REASON_INVALID_FRAMEWORKID',
  'REASON_INVALID_OFFERS',
  'REASON_MASTER_DISCONNECTED',
  'REASON_CONTAINER_LIMITATION_MEMORY',
  'REASON_RECONCILIATION',
  'REASON_AGENT_DISCONNECTED',
  'REASON_AGENT_REMOVED',
  'REASON_AGENT_RESTARTED',
  'REASON_AGENT_UNKNOWN',
  'REASON_TASK_INVALID',
  'REASON_TASK_UNAUTHORIZED',
  'REASON_TASK_UNKNOWN',
  'REASON_CONTAINER_PREEMPTED',
  'REASON_RESOURCES_UNKNOWN',
  'REASON_CONTAINER_LIMITATION',
  'REASON_CONTAINER_LIMITATION_DISK',
  'REASON_CONTAINER_LAUNCH_FAILED',
  'REASON_CONTAINER_UPDATE_FAILED',
  'REASON_EXECUTOR_REGISTRATION_TIMEOUT',
  'REASON_EXECUTOR_REREGISTRATION_TIMEOUT',
  'REASON_TASK_GROUP_INVALID',
  'REASON_TASK_GROUP_UNAUTHORIZED',
  'REASON_IO_SWITCHBOARD_EXITED',
  'REASON_TASK_CHECK_STATUS_UPDATED',
  'REASON_TASK_HEALTH_CHECK_STATUS_UPDATED',
  'REASON_TASK_KILLED_DURING_LAUNCH',
  'REASON_AGENT_REMOVED_BY_OPERATOR',
  'REASON_AGENT_REREGISTERED',
  'REASON_MAX_COMPLETION_TIME_REACHED',
  'REASON_AGENT_DRAINING',
];

const STATE_NUMBERS: ReadonlyMap<mesos.TaskState, TaskState> = new Map(
  Object.entries(STATE_NAMES).map(([number, name]) => [name, Number(number) as TaskState]),
);

export function taskStateName(state: TaskState): mesos.TaskState {
  return STATE_NAMES[state];
}

export function taskStateNumber(name: mesos.TaskState): TaskState {
  return STATE_NUMBERS.get(name) ?? TASK_STATE.UNKNOWN;
}

export function sourceName(source: TaskSource): mesos.TaskStatusSource {
  return SOURCE_NAMES[source];
}

/** Null for NO_REASON, and for a reason of a newer release. */
export function reasonName(reason: number): mesos.TaskStatusReason | null {
  return REASON_NAMES[reason] ?? null;
}

/** NO_REASON (-1) when there is none. */
export function reasonNumber(name: mesos.TaskStatusReason | undefined): number {
  return name === undefined ? -1 : REASON_NAMES.indexOf(name);
}
