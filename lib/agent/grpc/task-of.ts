import type { FrameworkId, TaskId } from '../../base/index.js';
import { millisecondsOf, type mesos } from '../../wire/index.js';
import type { CommandToRun, ResourceAmounts, TaskToRun, Unrunnable } from '../types.js';

/** Mesos's default from SIGTERM to SIGKILL (`KillPolicy` of mesos.proto). */
const KILL_GRACE_MS = 3000;
/** Longer periods do not fit a timer. */
const LONGEST_GRACE_MS = 24 * 3_600_000;

/** A task as the agent runs it. What this release cannot honour makes it unrunnable, rather than ignored. */
export function taskOf(frameworkId: FrameworkId, info: mesos.TaskInfo): TaskToRun {
  return {
    frameworkId,
    taskId: info.task_id.value as TaskId,
    name: info.name,
    command: commandOf(info),
    resources: amountsOf(info.resources ?? []),
    killGraceMs: killGraceOf(info.kill_policy),
  };
}

function commandOf(info: mesos.TaskInfo): CommandToRun | Unrunnable {
  const unsupported = unsupportedPart(info);
  if (unsupported !== undefined) return { problem: `this release does not support ${unsupported}` };
  const { command } = info;
  if (command === undefined) return { problem: 'the task has no command' };
  const variables = command.environment?.variables ?? [];
  const odd = variables.find(({ type, value }) => type === 'SECRET' || value === undefined);
  if (odd !== undefined) return { problem: `environment variable ${odd.name} has no plain value` };
  return {
    shell: command.shell ?? true,
    value: command.value ?? '',
    arguments: command.arguments ?? [],
    environment: Object.fromEntries(variables.map(({ name, value }) => [name, value ?? ''])),
    ...(command.user === undefined ? {} : { user: command.user }),
  };
}

function unsupportedPart(info: mesos.TaskInfo): string | undefined {
  if (info.executor !== undefined) return 'executors';
  if (info.container !== undefined) return 'containers';
  if (info.health_check !== undefined || info.check !== undefined) return 'checks';
  if (info.max_completion_time !== undefined) return 'a maximum completion time';
  if ((info.command?.uris ?? []).length > 0) return 'fetching URIs';
  return undefined;
}

function killGraceOf(policy: mesos.KillPolicy | undefined): number {
  if (policy?.grace_period === undefined) return KILL_GRACE_MS;
  return clampGrace(millisecondsOf(policy.grace_period));
}

export function clampGrace(graceMs: number): number {
  return Math.min(Math.max(0, graceMs), LONGEST_GRACE_MS);
}

function amountsOf(resources: readonly mesos.Resource[]): ResourceAmounts {
  const sum = (name: string): number =>
    resources.reduce((total, one) => total + (one.name === name ? (one.scalar?.value ?? 0) : 0), 0);
  return { cpus: sum('cpus'), memMb: sum('mem'), diskMb: sum('disk') };
}
