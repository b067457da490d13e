import { TepuiError, type AgentId, type TaskId } from '../../base/index.js';
import type { LaunchTask } from '../../state/index.js';
import { millisecondsOf, mesosCodecs, type mesos } from '../../wire/index.js';
import { resourcesOf } from '../mesos/index.js';

/** Mesos's own default between SIGTERM and SIGKILL. */
const DEFAULT_KILL_GRACE_MS = 3_000;
const LONGEST_KILL_GRACE_MS = 24 * 3_600_000;

/** Parts of a task that would change how it runs and that this release does not provide. */
const UNSUPPORTED_FIELDS = [
  'executor',
  'container',
  'health_check',
  'check',
  'max_completion_time',
  'limits',
] as const satisfies readonly (keyof mesos.TaskInfo)[];

export interface LaunchOrder {
  /** Of all tasks; null when there is none. */
  readonly agentId: AgentId | null;
  readonly tasks: readonly LaunchTask[];
}

/** The tasks of all LAUNCH operations of an ACCEPT. Throws UNSUPPORTED, by name, or INVALID_ARGUMENT. */
export function launchOrderOf(operations: readonly mesos.OfferOperation[]): LaunchOrder {
  const infos: mesos.TaskInfo[] = [];
  for (const { type, launch } of operations) {
    if (type !== 'LAUNCH') {
      throw new TepuiError('UNSUPPORTED', `operation ${type ?? 'without a type'}; this release knows LAUNCH`);
    }
    infos.push(...(launch?.task_infos ?? []));
  }
  if (operations.length > 0 && infos.length === 0) invalid('a LAUNCH without tasks');
  const agentId = infos[0]?.agent_id.value ?? null;
  const other = infos.find((info) => info.agent_id.value !== agentId);
  if (other !== undefined)
    invalid(`tasks for two agents in one ACCEPT: ${agentId} and ${other.agent_id.value}`);
  return { agentId: agentId as AgentId | null, tasks: infos.map(launchTask) };
}

/** Milliseconds of grace; null when the policy names none. */
export function killGraceMsOf(policy: mesos.KillPolicy | undefined): number | null {
  if (policy?.grace_period === undefined) return null;
  const graceMs = millisecondsOf(policy.grace_period);
  if (graceMs < 0) invalid(`a grace period of ${graceMs} ms`);
  return Math.min(graceMs, LONGEST_KILL_GRACE_MS);
}

function launchTask(info: mesos.TaskInfo): LaunchTask {
  const field = UNSUPPORTED_FIELDS.find((name) => isSet(info[name]));
  if (field !== undefined) {
    throw new TepuiError(
      'UNSUPPORTED',
      `task ${info.task_id.value}: ${field} is not supported by this release`,
    );
  }
  if (info.command === undefined) invalid(`task ${info.task_id.value} without a command`);
  return {
    taskId: info.task_id.value as TaskId,
    name: info.name,
    resources: resourcesOf(info.resources),
    spec: mesosCodecs.taskInfo.encode(info),
    killGraceMs: killGraceMsOf(info.kill_policy) ?? DEFAULT_KILL_GRACE_MS,
  };
}

function isSet(value: unknown): boolean {
  if (value === undefined || value === null) return false;
  return typeof value !== 'object' || Object.keys(value).length > 0;
}

function invalid(message: string): never {
  throw new TepuiError('INVALID_ARGUMENT', message);
}
