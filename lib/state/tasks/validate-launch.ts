import type { TaskId } from '../../base/index.js';
import type { AgentView } from '../agents/types.js';
import { firstFault, idFault, lengthFault, textFault } from '../checks.js';
import type { FrameworkView } from '../frameworks/types.js';
import type { MachineLimits } from '../limits.js';
import { isNothing, resourcesFault, resourceShortage, sumResources, type Resources } from '../resources.js';
import type { Refusal } from '../turn.js';
import type { LaunchTask, TaskLaunch } from './types.js';

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
export function validateLaunch(launch: TaskLaunch, facts: LaunchFacts): Refusal | null {
  return (
    termFault(launch, facts) ??
    frameworkFault(launch, facts) ??
    agentFault(launch, facts) ??
    countFault(launch, facts) ??
    tasksFault(launch, facts) ??
    resourceFault(launch, facts)
  );
}

function termFault(launch: TaskLaunch, { term }: LaunchFacts): Refusal | null {
  if (launch.term === term) return null;
  return { code: 'INVALID_OFFER', message: `the offers are of term ${launch.term}; this is term ${term}` };
}

function frameworkFault(launch: TaskLaunch, { framework }: LaunchFacts): Refusal | null {
  const { frameworkId, role } = launch;
  if (framework === null)
    return { code: 'UNKNOWN_FRAMEWORK', message: `framework ${frameworkId} is not known` };
  if (framework.status.kind === 'tearing-down' || framework.status.kind === 'completed') {
    return { code: 'FRAMEWORK_REMOVED', message: `framework ${frameworkId} has been removed` };
  }
  if (framework.roles.includes(role)) return null;
  return { code: 'INVALID_ARGUMENT', message: `role ${role} is none of the framework's` };
}

function agentFault({ agentId }: TaskLaunch, { agent }: LaunchFacts): Refusal | null {
  if (agent === null) return { code: 'UNKNOWN_AGENT', message: `agent ${agentId} is not registered` };
  if (agent.status.kind === 'removed')
    return { code: 'AGENT_REMOVED', message: `agent ${agentId} was removed` };
  if (agent.status.kind !== 'unreachable') return null;
  return { code: 'AGENT_UNREACHABLE', message: `agent ${agentId} is unreachable` };
}

function countFault({ tasks, agentId }: TaskLaunch, { limits, tasksOnAgent }: LaunchFacts): Refusal | null {
  if (tasks.length === 0) return { code: 'INVALID_ARGUMENT', message: 'a launch without tasks' };
  const room = limits.tasksPerAgent - tasksOnAgent;
  if (tasks.length > room) {
    return {
      code: 'TOO_LARGE',
      message: `agent ${agentId} has room for ${room} more tasks, not ${tasks.length}`,
    };
  }
  return lengthFault('tasks in one launch', tasks.length, limits.tasksPerLaunch);
}

function tasksFault({ tasks }: TaskLaunch, facts: LaunchFacts): Refusal | null {
  const seen = new Set<TaskId>();
  for (const task of tasks) {
    const fault = taskFault(task, facts.limits);
    if (fault !== null) return fault;
    if (seen.has(task.taskId) || facts.taskExists(task.taskId)) {
      return { code: 'TASK_EXISTS', message: `task ${task.taskId} exists` };
    }
    seen.add(task.taskId);
  }
  return null;
}

function taskFault(task: LaunchTask, limits: MachineLimits): Refusal | null {
  const { taskId, resources } = task;
  const fault = resourcesFault(resources, limits.namedResources);
  return firstFault(
    idFault('a task id', taskId, limits),
    textFault('a task name', task.name, limits.messageBytes),
    lengthFault(`the spec of ${taskId}`, task.spec.length, limits.specBytes),
    fault === null ? null : { code: 'INVALID_ARGUMENT', message: `resources of ${taskId}: ${fault}` },
    isNothing(resources)
      ? { code: 'INVALID_ARGUMENT', message: `task ${taskId} asks for no resources` }
      : null,
  );
}

function resourceFault({ tasks, agentId }: TaskLaunch, { available }: LaunchFacts): Refusal | null {
  const asked = sumResources(tasks.map((task) => task.resources));
  const shortage = resourceShortage(available, asked);
  if (shortage === null) return null;
  return { code: 'INSUFFICIENT_RESOURCES', message: `agent ${agentId} has not enough left: ${shortage}` };
}
