import type { AgentSummary, ClusterStatus, Operator, TaskSummary } from '../../client/index.js';
import type { Children } from './children.js';
import type { AgentRow, MasterRow, Picture, TaskRow } from './picture.js';
import type { DevPlan } from './plan.js';

const STATUS_TIMEOUT_MS = 500;

function amount(list: readonly { readonly name: string; readonly value: number }[], name: string): number {
  return list.find((one) => one.name === name)?.value ?? 0;
}

/** One look at the cluster. Lists come from any member, as old as it may be: the view must not wait for a leader. */
export async function look(plan: DevPlan, children: Children, operator: Operator): Promise<Picture> {
  const nothing = { index: 0, items: [] };
  const [status, agents, tasks] = await Promise.all([
    operator.status(STATUS_TIMEOUT_MS),
    operator.agents({ consistency: 'LOCAL' }).catch(() => nothing),
    operator.tasks({ consistency: 'LOCAL' }).catch(() => nothing),
  ]);
  return {
    masters: masterRows(plan, children, status),
    agents: agentRows(plan, children, agents.items),
    tasks: tasks.items.map(taskRow),
    leader: status.leader,
    trouble: status.trouble,
  };
}

function masterRows(plan: DevPlan, children: Children, status: ClusterStatus): MasterRow[] {
  const furthest = Math.max(0, ...status.members.map(({ lastIndex }) => lastIndex));
  return plan.masters.map(({ id, grpc }) => {
    const pid = children.pid(id);
    const member = status.members.find((one) => one.id === id);
    if (pid === null || member === undefined || member.role === 'unreachable') {
      return {
        id,
        pid,
        grpc,
        role: pid === null ? 'down' : 'unreachable',
        term: 0,
        healthy: false,
        appliedIndex: 0,
        lag: 0,
      };
    }
    const { role, appliedIndex, healthy } = member;
    return {
      id,
      pid,
      grpc,
      role,
      term: status.term,
      healthy,
      appliedIndex,
      lag: Math.max(0, furthest - appliedIndex),
    };
  });
}

function agentRows(plan: DevPlan, children: Children, agents: readonly AgentSummary[]): AgentRow[] {
  return plan.agents.map(({ id }) => {
    const agent = agents.filter(({ name }) => name === id).at(-1);
    return {
      id,
      pid: children.pid(id),
      state: agent?.state ?? 'not registered',
      cpusUsed: amount(agent?.used ?? [], 'cpus'),
      cpusTotal: amount(agent?.total ?? [], 'cpus'),
      memUsedMb: amount(agent?.used ?? [], 'mem'),
      memTotalMb: amount(agent?.total ?? [], 'mem'),
      tasks: agent?.tasks ?? 0,
    };
  });
}

function taskRow({ id, frameworkId, agentId, state }: TaskSummary): TaskRow {
  return { id, framework: frameworkId, agent: agentId, state };
}
