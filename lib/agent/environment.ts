import type { AgentId } from '../base/index.js';
import type { CommandToRun, TaskRef } from './types.js';

/** Set by the holder: random per start, so that a process is known for one of this very run. */
export const RUN_VARIABLE = 'TEPUI_RUN_ID';

export function runVariable(run: string): string {
  return `${RUN_VARIABLE}=${run}`;
}

/** What a task gets of its host. */
export interface HostEnvironment {
  readonly path: string;
  readonly home: string;
  readonly lang: string;
}

/**
 * The whole environment of a task: its ids, over its declared variables, over `PATH`, `HOME` and `LANG`. Nothing
 * else of the agent's environment reaches it. The `MESOS_` names are those of Mesos's command executor.
 */
export function taskEnvironment(
  host: HostEnvironment,
  agentId: AgentId,
  task: TaskRef & { readonly command: CommandToRun },
  sandbox: string,
): Record<string, string> {
  return {
    PATH: host.path,
    HOME: host.home,
    LANG: host.lang,
    ...task.command.environment,
    MESOS_AGENT_ID: agentId,
    MESOS_FRAMEWORK_ID: task.frameworkId,
    MESOS_SANDBOX: sandbox,
    MESOS_TASK_ID: task.taskId,
    TEPUI_AGENT_ID: agentId,
    TEPUI_FRAMEWORK_ID: task.frameworkId,
    TEPUI_TASK_ID: task.taskId,
  };
}
