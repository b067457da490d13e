import type {
  AgentSummary,
  ClusterStatus,
  FrameworkSummary,
  MemberStatus,
  TaskSummary,
} from '../../../lib/client/index.js';
import type { Seen } from '../../../lib/node/dev/observe.js';
import type { AgentRow, MasterRow, Picture, Pids, TaskRow } from '../../../lib/node/dev/picture.js';
import { makePlan, type DevOptions, type DevPlan } from '../../../lib/node/dev/plan.js';

export const OPTIONS: DevOptions = {
  dir: '/dev',
  masters: 3,
  agents: 2,
  portOffset: 0,
  sample: true,
  respawn: false,
  json: false,
  fresh: false,
};

export const PLAN: DevPlan = makePlan(OPTIONS);

/** Pids 101 to 103 of masters, 201 and 202 of agents; nobody was started by hand. */
export const ALL_LIVE: Pids = {
  child: (id) => ({ m1: 101, m2: 102, m3: 103, a1: 201, a2: 202 })[id] ?? null,
  folder: () => null,
};

export const NONE_LIVE: Pids = { child: () => null, folder: () => null };

export function member(id: string, change: Partial<MemberStatus> = {}): MemberStatus {
  const n = Number(id.slice(1));
  return {
    id: id as MemberStatus['id'],
    pid: 100 + n,
    http: null,
    grpc: `127.0.0.1:${5060 + 100 * (n - 1)}`,
    peer: null,
    zk: null,
    role: id === 'm1' ? 'leader' : 'follower',
    voter: true,
    lastIndex: 50,
    commitIndex: 50,
    appliedIndex: 50,
    healthy: true,
    interruptions: null,
    release: '0.1.0',
    boot: 1,
    ...change,
  };
}

export function clusterStatus(change: Partial<ClusterStatus> = {}): ClusterStatus {
  return {
    clusterId: 'c',
    leader: 'm1',
    term: 4,
    revision: 50,
    restored: null,
    members: ['m1', 'm2', 'm3'].map((id) => member(id)),
    trouble: '',
    unanswered: [],
    alarms: [],
    warnings: [],
    ...change,
  };
}

export function agent(name: string, change: Partial<AgentSummary> = {}): AgentSummary {
  return {
    id: `id-of-${name}` as AgentSummary['id'],
    name,
    hostname: 'here',
    state: 'registered',
    total: [
      { name: 'cpus', value: 4 },
      { name: 'mem', value: 4096 },
    ],
    used: [
      { name: 'cpus', value: 0.5 },
      { name: 'mem', value: 160 },
    ],
    tasks: 5,
    http: null,
    master: 'm1',
    ...change,
  };
}

export function framework(name: string): FrameworkSummary {
  return {
    id: `id-of-${name}` as FrameworkSummary['id'],
    name,
    state: 'connected',
    roles: ['*'],
    used: [],
    activeTasks: 1,
    failoverTimeoutMs: 0,
    master: 'm1',
  };
}

export function task(id: string, change: Partial<TaskSummary> = {}): TaskSummary {
  return {
    id: id as TaskSummary['id'],
    name: id,
    frameworkId: 'id-of-sample' as TaskSummary['frameworkId'],
    agentId: 'id-of-a1' as TaskSummary['agentId'],
    state: 'TASK_RUNNING',
    reason: '',
    message: '',
    resources: [],
    unacknowledgedUpdates: 0,
    launchedIndex: 1,
    launchedAtMs: 1000,
    ...change,
  };
}

export function seen(change: Partial<Seen> = {}): Seen {
  return {
    status: clusterStatus(),
    answered: new Set(),
    agents: [agent('a1'), agent('a2')],
    frameworks: [framework('sample')],
    tasks: [],
    ...change,
  };
}

export function masterRow(id: string, change: Partial<MasterRow> = {}): MasterRow {
  const { pid, grpc, role } = member(id);
  const progress = { term: 4, appliedIndex: 1234, lag: 0, healthy: true };
  return { id, pid, grpc: grpc!, voter: true, role, progress, ...change };
}

/** A master that does not answer. */
export function silentRow(id: string, role: 'down' | 'unreachable' | 'starting'): MasterRow {
  const row = masterRow(id, { role, progress: null });
  return role === 'down' ? { ...row, pid: null } : row;
}

export function agentRow(id: string, change: Partial<AgentRow> = {}): AgentRow {
  const use = { cpus: 0.5, cpusTotal: 4, memMb: 160, memTotalMb: 4096, tasks: 5 };
  return { id, pid: 200 + Number(id.slice(1)), state: 'registered', use, ...change };
}

export function taskRow(id: string, change: Partial<TaskRow> = {}): TaskRow {
  return { id, framework: 'sample', agent: 'a1', state: 'TASK_RUNNING', launchedAtMs: 1000, ...change };
}

/** A cluster that serves, with `m1` leading. */
export function picture(change: Partial<Picture> = {}): Picture {
  return {
    masters: ['m1', 'm2', 'm3'].map((id) => masterRow(id)),
    agents: ['a1', 'a2'].map((id) => agentRow(id)),
    tasks: [taskRow('long-0'), taskRow('short-1', { agent: 'a2', launchedAtMs: 30_000 })],
    leader: 'm1',
    trouble: '',
    ...change,
  };
}
