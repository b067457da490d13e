import { constants } from 'node:os';
import { TepuiError, randomHex, type AgentId, type Random } from '../../base/index.js';
import {
  NO_REASON,
  TASK_SOURCE,
  TASK_STATE,
  type AgentRegister,
  type Attribute,
  type Connection,
  type Machine,
  type TaskExit,
  type TaskMasterUpdate,
  type TaskUpdate,
  type TaskView,
} from '../../state/index.js';
import { mesosCodecs, type RegisterAgent, type StatusUpdate, type mesos } from '../../wire/index.js';
import { reasonNumber, resourcesOf, taskStateNumber } from '../mesos/index.js';

const INCARNATION = /^[0-9a-f]{16}$/;

/**
 * The id under which an agent is admitted that has none yet: its own incarnation, so that a first registration
 * whose answer was lost is repeated instead of leaving an agent behind that nobody is. A new one when that id
 * was removed since, or is no id.
 */
export function firstAgentId({ incarnation }: RegisterAgent, machine: Machine, random: Random): AgentId {
  const taken = machine.agents.get(incarnation as AgentId)?.status.kind === 'removed';
  return (INCARNATION.test(incarnation) && !taken ? incarnation : randomHex(random, 8)) as AgentId;
}

/** Throws INVALID_ARGUMENT for resources that cannot be expressed. */
export function registerCommand(
  { info, bootId }: RegisterAgent,
  agentId: AgentId,
  connection: Connection,
  again: boolean,
): AgentRegister | (Omit<AgentRegister, 'kind'> & { readonly kind: 'agent-reregister' }) {
  return {
    kind: again ? 'agent-reregister' : 'agent-register',
    agentId,
    hostname: info.hostname,
    bootId,
    resources: resourcesOf(info.resources),
    attributes: (info.attributes ?? []).map(textAttribute).sort((a, b) => (a.name < b.name ? -1 : 1)),
    spec: mesosCodecs.agentInfo.encode({ ...info, id: { value: agentId } }),
    connection,
  };
}

function textAttribute({ name, text, scalar }: mesos.Attribute): Attribute {
  return { name, value: text?.value ?? (scalar === undefined ? '' : String(scalar.value)) };
}

/** Throws INVALID_ARGUMENT when the update has no uuid of 16 bytes, or numbers that are none. */
export function updateCommand(update: StatusUpdate, agentId: AgentId, attachment: number): TaskUpdate {
  const { frameworkId, taskId, sequence, status, exit } = update;
  if (status.uuid?.length !== 16) {
    const message = `update ${sequence} of ${taskId} has a uuid of ${status.uuid?.length ?? 0} bytes; 16 are needed`;
    throw new TepuiError('INVALID_ARGUMENT', message);
  }
  return {
    kind: 'task-update',
    agentId,
    attachment,
    frameworkId,
    taskId,
    sequence,
    uuid: status.uuid,
    state: taskStateNumber(status.state),
    source: status.source === 'SOURCE_EXECUTOR' ? TASK_SOURCE.EXECUTOR : TASK_SOURCE.AGENT,
    reason: reasonNumber(status.reason),
    message: status.message ?? '',
    status: mesosCodecs.taskStatus.encode(status),
    exit: exit === null ? null : exitOf(exit.how),
    timeMs: timeOf(status),
  };
}

function timeOf({ timestamp = 0 }: mesos.TaskStatus): number {
  const timeMs = Math.floor(timestamp * 1000);
  if (timeMs >= 0 && Number.isSafeInteger(timeMs)) return timeMs;
  throw new TepuiError('INVALID_ARGUMENT', `a status update of the time ${timestamp}`);
}

function exitOf(how: NonNullable<StatusUpdate['exit']>['how']): TaskExit {
  if (how.kind === 'code') {
    if (how.value < 0) throw new TepuiError('INVALID_ARGUMENT', `a task with the exit code ${how.value}`);
    return { code: how.value };
  }
  return { signal: constants.signals[how.value as NodeJS.Signals] ?? 0 };
}

/** A task that its agent once confirmed and has no record of. */
export function lostTaskCommand({ frameworkId, taskId }: TaskView, uuid: Uint8Array): TaskMasterUpdate {
  return {
    kind: 'task-master-update',
    frameworkId,
    taskId,
    uuid,
    state: TASK_STATE.GONE,
    reason: NO_REASON,
    message: 'the agent came back without a record of the task',
    status: new Uint8Array(0),
  };
}
