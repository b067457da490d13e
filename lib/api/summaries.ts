import type { AgentId, FrameworkId } from '../base/index.js';
import {
  TASK_STATE,
  type AgentView,
  type FrameworkView,
  type Machine,
  type Resources,
  type TaskView,
} from '../state/index.js';
import { memberOf } from '../base/index.js';
import type { AgentSummary, FrameworkSummary, NamedAmount, TaskSummary } from '../wire/index.js';

const MEGABYTE = 1 << 20;

const STATE_NAMES = new Map<number, string>(
  Object.entries(TASK_STATE).map(([name, number]) => [number, `TASK_${name}`]),
);

/** Resources in the units of people: processors, and megabytes of memory and disk. */
export function amounts(resources: Resources): NamedAmount[] {
  const { cpuMilli, memoryBytes, diskBytes, others } = resources;
  return [
    { name: 'cpus', value: cpuMilli / 1000 },
    { name: 'mem', value: memoryBytes / MEGABYTE },
    { name: 'disk', value: diskBytes / MEGABYTE },
    ...others.map(({ name, milli }) => ({ name, value: milli / 1000 })),
  ];
}

export function summarizeAgent(machine: Machine, agent: AgentView): AgentSummary {
  const { agentId, hostname, status, resources, attributes } = agent;
  const name = attributes.find((attribute) => attribute.name === 'name')?.value ?? hostname;
  return {
    id: agentId,
    name,
    hostname,
    state: status.kind === 'connected' ? 'registered' : status.kind,
    total: amounts(resources),
    used: amounts(machine.agents.allocated(agentId)),
    tasks: machine.tasks.ofAgent(agentId).length,
    http: null,
    master: status.kind === 'connected' ? memberOf(status.connection.member) : '',
  };
}

const FRAMEWORK_STATES = {
  connected: 'connected',
  disconnected: 'disconnected',
  'tearing-down': 'removed',
  completed: 'removed',
} as const;

export function summarizeFramework(machine: Machine, framework: FrameworkView): FrameworkSummary {
  const { frameworkId, name, status, roles, failoverTimeoutMs } = framework;
  const used = machine.frameworks.allocated(frameworkId).reduce(
    (sum, { allocated }) => ({
      cpuMilli: sum.cpuMilli + allocated.cpuMilli,
      memoryBytes: sum.memoryBytes + allocated.memoryBytes,
      diskBytes: sum.diskBytes + allocated.diskBytes,
    }),
    { cpuMilli: 0, memoryBytes: 0, diskBytes: 0 },
  );
  return {
    id: frameworkId,
    name,
    state: FRAMEWORK_STATES[status.kind],
    roles,
    used: amounts({ ...used, others: [] }),
    activeTasks: machine.tasks.ofFramework(frameworkId).length,
    failoverTimeoutMs,
    master: status.kind === 'connected' ? memberOf(status.connection.member) : '',
  };
}

export function summarizeTask(task: TaskView): TaskSummary {
  return {
    id: task.taskId,
    name: task.name,
    frameworkId: task.frameworkId,
    agentId: task.agentId,
    state: STATE_NAMES.get(task.state) ?? `TASK_${task.state}`,
    reason: task.reason < 0 ? '' : String(task.reason),
    message: task.message,
    resources: amounts(task.resources),
    unacknowledgedUpdates: task.pendingUpdates,
    launchedIndex: task.launchedRevision,
    launchedAtMs: task.launchedMs,
  };
}

/** Tasks of a framework, of an agent, or all; the history too when asked. */
export function listTasks(
  machine: Machine,
  wanted: { frameworkId: FrameworkId | null; agentId: AgentId | null; completed: boolean },
): TaskView[] {
  const frameworks =
    wanted.frameworkId === null
      ? machine.frameworks.list().map((one) => one.frameworkId)
      : [wanted.frameworkId];
  const tasks = frameworks.flatMap((id) => [
    ...machine.tasks.ofFramework(id),
    ...(wanted.completed ? machine.tasks.completedOf(id) : []),
  ]);
  return wanted.agentId === null ? tasks : tasks.filter((task) => task.agentId === wanted.agentId);
}
