import type { AgentSummary, ClusterStatus, MemberStatus, TaskSummary } from '../../client/index.js';
import type { Seen } from './observe.js';
import type { DevPlan } from './plan.js';

/** One look at the cluster, as `dev` shows it. */
export interface Picture {
  readonly masters: readonly MasterRow[];
  readonly agents: readonly AgentRow[];
  readonly tasks: readonly TaskRow[];
  readonly leader: string | null;
  /** Why nothing is served, in numbers; empty when all is well. */
  readonly trouble: string;
}

export interface MasterRow {
  readonly id: string;
  readonly pid: number | null;
  readonly grpc: string;
  readonly voter: boolean;
  /**
   * What it says of itself; or `outside` of the group; else
   * `starting` until it first answers, `unreachable`, or `down`: its process ended.
   */
  readonly role: string;
  /** Null while it does not answer. */
  readonly progress: MasterProgress | null;
}

export interface MasterProgress {
  readonly term: number;
  readonly appliedIndex: number;
  /** Entries behind the furthest member; ≥ 0. */
  readonly lag: number;
  /** It says of itself that it serves: of a leader, that it has applied an entry of its own term. */
  readonly healthy: boolean;
}

export interface AgentRow {
  readonly id: string;
  readonly pid: number | null;
  readonly state: string;
  /** Null while the group does not know it. */
  readonly use: AgentUse | null;
}

export interface AgentUse {
  readonly cpus: number;
  readonly cpusTotal: number;
  readonly memMb: number;
  readonly memTotalMb: number;
  readonly tasks: number;
}

/** Agent and framework by name, or by id where the name is not known. */
export interface TaskRow {
  readonly id: string;
  readonly framework: string;
  readonly agent: string;
  readonly state: string;
  readonly launchedAtMs: number;
}

/** Pids of processes that are known to live. */
export interface Pids {
  /** Of the process that `dev` started last under this id. */
  child(id: string): number | null;
  /** Of the process that wrote `pid` into this folder: somebody may have started it by hand. */
  folder(folder: string): number | null;
}

/** Judges by what answers: a process of the plan may have been replaced, and others may have joined. */
export function drawPicture(plan: DevPlan, seen: Seen, pids: Pids): Picture {
  const { status, agents } = seen;
  return {
    masters: masterRows(plan, seen, pids),
    agents: agentRows(plan, agents, pids),
    tasks: taskRows(seen),
    leader: status.leader,
    trouble: status.trouble,
  };
}

function masterRows(plan: DevPlan, seen: Seen, pids: Pids): MasterRow[] {
  const { members } = seen.status;
  const planned = new Set(plan.masters.map(({ id }) => id));
  const joined = members.filter(({ id }) => !planned.has(id));
  const all = [...plan.masters, ...joined.map(({ id, grpc }) => ({ id, grpc: grpc ?? '' }))];
  return all.map(({ id, grpc }) => {
    const member = members.find((one) => one.id === id);
    return member === undefined || member.role === 'unreachable'
      ? silentRow({ id, grpc }, member, seen, pids.child(id))
      : answeringRow({ id, grpc }, member, seen.status);
  });
}

type Named = Pick<MasterRow, 'id' | 'grpc'>;

function answeringRow(
  named: Named,
  member: MemberStatus,
  { leader, term, members }: ClusterStatus,
): MasterRow {
  const { pid, voter, appliedIndex, healthy } = member;
  // One that was removed does not know it, and hopes.
  const hoping = member.role === 'candidate' || member.role === 'follower';
  const role = leader !== null && hoping && !voter ? 'outside' : member.role;
  const furthest = Math.max(...members.map(({ lastIndex }) => lastIndex));
  const lag = Math.max(0, furthest - appliedIndex);
  return { ...named, pid, voter, role, progress: { term, appliedIndex, lag, healthy } };
}

function silentRow(
  named: Named,
  member: MemberStatus | undefined,
  { status, answered }: Seen,
  pid: number | null,
): MasterRow {
  // While nobody leads, nobody can tell who is in the group.
  const outside = member === undefined && status.leader !== null;
  const silent = pid === null ? 'down' : answered.has(pid) ? 'unreachable' : 'starting';
  const voter = member?.voter ?? !outside;
  return { ...named, pid, voter, role: outside ? 'outside' : silent, progress: null };
}

/** Of several agents under one name (the folder of one was emptied), the later ones count, the registered before all. */
function current(agents: readonly AgentSummary[], name: string): AgentSummary | undefined {
  const named = agents.filter((agent) => agent.name === name);
  return named.findLast(({ state }) => state === 'registered') ?? named.at(-1);
}

function agentRows(plan: DevPlan, agents: readonly AgentSummary[], pids: Pids): AgentRow[] {
  const planned = new Set(plan.agents.map(({ id }) => id));
  const joined = agents.filter(({ name, state }) => !planned.has(name) && state === 'registered');
  return [
    ...plan.agents.map(({ id, folder }) => {
      const agent = current(agents, id);
      const byHand = (): number | null => (agent?.state === 'registered' ? pids.folder(folder) : null);
      return agentRow(id, agent, pids.child(id) ?? byHand());
    }),
    ...joined.map((agent) => agentRow(agent.name, agent, null)),
  ];
}

function agentRow(id: string, agent: AgentSummary | undefined, pid: number | null): AgentRow {
  if (agent === undefined) return { id, pid, state: 'not registered', use: null };
  const { used, total, tasks, state } = agent;
  const use = {
    cpus: amount(used, 'cpus'),
    cpusTotal: amount(total, 'cpus'),
    memMb: amount(used, 'mem'),
    memTotalMb: amount(total, 'mem'),
    tasks,
  };
  return { id, pid, state, use };
}

function amount(list: AgentSummary['used'], name: string): number {
  return list.find((one) => one.name === name)?.value ?? 0;
}

function taskRows({ agents, frameworks, tasks }: Seen): TaskRow[] {
  const names = new Map<string, string>([...agents, ...frameworks].map(({ id, name }) => [id, name]));
  const named = (id: string): string => names.get(id) || id;
  return tasks.map(({ id, frameworkId, agentId, state, launchedAtMs }: TaskSummary) => {
    return { id, framework: named(frameworkId), agent: named(agentId), state, launchedAtMs };
  });
}
