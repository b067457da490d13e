import type { AgentId } from '../../base/index.js';
import { taskEnvironment, type HostEnvironment } from '../environment.js';
import type { SpawnOrder } from '../holder/port.js';
import { sandboxOf, type AgentFolder } from '../names.js';
import type { Platform } from '../platform/index.js';
import { refOf, type CommandToRun, type TaskToRun, type Unrunnable } from '../types.js';

export interface OrderContext {
  readonly folder: AgentFolder;
  readonly host: HostEnvironment;
  readonly platform: Pick<Platform, 'userIds'>;
}

const ID_LIMIT_BYTES = 1024;

/** What the holder is to execute for a task, or what is wrong with its specification. */
export function spawnOrder(
  context: OrderContext,
  agentId: AgentId,
  task: TaskToRun,
): SpawnOrder | Unrunnable {
  const { command } = task;
  const problem = specProblem(task);
  if (problem !== undefined || 'problem' in command)
    return { problem: problem ?? 'the command cannot be run' };
  const user = command.user === undefined ? undefined : context.platform.userIds(command.user);
  if (command.user !== undefined && user === undefined)
    return { problem: `no user ${command.user} on this host` };
  const sandbox = sandboxOf(context.folder, task);
  const host = user === undefined ? context.host : { ...context.host, home: user.home };
  return {
    ...refOf(task),
    sandbox,
    ...programOf(command),
    env: taskEnvironment(host, agentId, { ...task, command }, sandbox),
    ...(user === undefined ? {} : { uid: user.uid, gid: user.gid }),
  };
}

/** The meaning of `CommandInfo.shell`, `value` and `arguments` is Mesos's. */
function programOf(command: CommandToRun): { file: string; argv: readonly string[] } {
  if (command.shell) return { file: '/bin/sh', argv: ['sh', '-c', command.value] };
  return { file: command.value, argv: command.arguments.length > 0 ? command.arguments : [command.value] };
}

/** What execve(2) could only answer with EINVAL, or not at all. Undefined when there is nothing. */
export function specProblem(task: TaskToRun): string | undefined {
  for (const id of [task.frameworkId, task.taskId]) {
    const bytes = Buffer.byteLength(id);
    if (bytes === 0 || bytes > ID_LIMIT_BYTES || id.includes('\0')) {
      return `ids have 1 to ${ID_LIMIT_BYTES} bytes and no NUL`;
    }
  }
  const { command } = task;
  if ('problem' in command) return command.problem;
  if (command.value === '') return 'the command is empty';
  if ([command.value, ...command.arguments].some((text) => text.includes('\0')))
    return 'the command holds a NUL';
  for (const [name, value] of Object.entries(command.environment)) {
    if (name === '' || name.includes('=') || name.includes('\0') || value.includes('\0')) {
      return `environment variable ${JSON.stringify(name)} cannot be set`;
    }
  }
  return undefined;
}
