import { memberOf, type MemberId } from '../base/index.js';
import { bootOfStream } from '../master/numbers.js';
import {
  TASK_STATE,
  type AgentView,
  type Connection,
  type FrameworkView,
  type Machine,
  type Resources,
  type TaskView,
} from '../state/index.js';
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

/** Boot counters of members, by id. */
export type MemberBoots = ReadonlyMap<MemberId, number>;

/**
 * Whether the stream that the machine has for an agent may still be open: not when its member was started again
 * since, or was never heard of in this life.
 */
function isHeld({ member, stream }: Connection, boots: MemberBoots): boolean {
  return boots.get(memberOf(member)) === bootOfStream(stream);
}

export function summarizeAgent(machine: Machine, agent: AgentView, boots: MemberBoots): AgentSummary {
  const { agentId, hostname, status, resources, attributes } = agent;
  const name = attributes.find((attribute) => attribute.name === 'name')?.value ?? hostname;
  const held = status.kind === 'connected' && isHeld(status.connection, boots);
  const state = held ? 'registered' : status.kind === 'connected' ? 'disconnected' : status.kind;
  return {
    id: agentId,
    name,
    hostname,
    state,
    total: amounts(resources),
    used: amounts(machine.agents.allocated(agentId)),
    tasks: machine.tasks.countOfAgent(agentId),
    http: null,
    master: held ? memberOf(status.connection.member) : '',
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
    activeTasks: machine.tasks.countOfFramework(frameworkId),
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
