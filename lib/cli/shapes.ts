import type {
  Alarm,
  AgentSummary,
  ClusterStatus,
  FrameworkSummary,
  Interruptions,
  MemberStatus,
  NamedAmount,
  Restored,
  TaskSummary,
} from '../client/index.js';

/** JSON shapes of the commands' answers. They stay as they are for ever; fields may be added. */

export interface MemberJson {
  readonly id: string;
  readonly pid: number | null;
  readonly http: string | null;
  readonly grpc: string | null;
  readonly peer: string | null;
  readonly zk: string | null;
  readonly role: string;
  readonly voter: boolean;
  readonly lastIndex: number;
  readonly commitIndex: number;
  readonly appliedIndex: number;
  readonly healthy: boolean;
  /** What the member's process did to itself since its start; null: it did not answer. */
  readonly interruptions: Interruptions | null;
}

export interface AlarmJson {
  readonly kind: string;
  readonly index: number;
  readonly values: readonly { readonly member: string; readonly digest: string }[];
}

export interface RestoredJson {
  readonly restore: string;
  readonly restoredAtMs: number;
  /** SHA-256 of the snapshot file. */
  readonly sha256: string;
  readonly snapshotClusterId: string;
  readonly snapshotCreatedAtMs: number;
  readonly snapshotRevision: number;
  readonly formerRevision: number;
}

export interface StatusJson {
  readonly clusterId: string | null;
  readonly leader: string | null;
  readonly term: number;
  readonly members: readonly MemberJson[];
  readonly alarms: readonly AlarmJson[];
  /** The last time that the running cluster was taken back to a snapshot. */
  readonly restored: RestoredJson | null;
  readonly warnings: readonly { readonly member: string; readonly text: string }[];
}

export function memberJson(member: MemberStatus): MemberJson {
  const { id, pid, http, grpc, peer, zk, role, voter, lastIndex, commitIndex, appliedIndex, healthy } =
    member;
  const { interruptions } = member;
  const known = pid === 0 ? null : pid;
  const place = { id, pid: known, http, grpc, peer, zk, role, voter };
  return { ...place, lastIndex, commitIndex, appliedIndex, healthy, interruptions };
}

function alarmJson({ kind, index, values }: Alarm): AlarmJson {
  return { kind, index, values: values.map(({ member, digest }) => ({ member, digest })) };
}

function restoredJson({ restore, snapshot, restoredAtMs, formerRevision }: Restored): RestoredJson {
  const { file: sha256, clusterId, createdAtMs, revision } = snapshot;
  return {
    restore,
    restoredAtMs,
    sha256,
    snapshotClusterId: clusterId,
    snapshotCreatedAtMs: createdAtMs,
    snapshotRevision: revision,
    formerRevision,
  };
}

export function statusJson(status: ClusterStatus): StatusJson {
  const { clusterId, leader, term, members, alarms, warnings } = status;
  const lists = { members: members.map(memberJson), alarms: alarms.map(alarmJson) };
  const restored = status.restored === null ? null : restoredJson(status.restored);
  return { clusterId, leader, term, ...lists, restored, warnings };
}

export interface AgentJson {
  readonly id: string;
  readonly name: string;
  readonly hostname: string;
  readonly state: string;
  readonly total: Amounts;
  readonly used: Amounts;
  readonly tasks: number;
  readonly http: string | null;
  readonly master: string;
}

export interface FrameworkJson {
  readonly id: string;
  readonly name: string;
  readonly state: string;
  readonly roles: readonly string[];
  readonly used: Amounts;
  readonly activeTasks: number;
  readonly failoverTimeoutMs: number;
  readonly master: string;
}

export interface TaskJson {
  readonly id: string;
  readonly name: string;
  readonly frameworkId: string;
  readonly agentId: string;
  readonly state: string;
  readonly reason: string;
  readonly message: string;
  readonly resources: Amounts;
  readonly unacknowledgedUpdates: number;
  readonly launchedIndex: number;
  readonly launchedAtMs: number;
}

/** Scalars by resource name; `mem` and `disk` in megabytes. */
export type Amounts = Readonly<Record<string, number>>;

export function amounts(list: readonly NamedAmount[]): Amounts {
  return Object.fromEntries(list.map(({ name, value }) => [name, value]));
}

export function agentJson(agent: AgentSummary): AgentJson {
  const { id, name, hostname, state, total, used, tasks, http, master } = agent;
  return { id, name, hostname, state, total: amounts(total), used: amounts(used), tasks, http, master };
}

export function frameworkJson(framework: FrameworkSummary): FrameworkJson {
  const { id, name, state, roles, used, activeTasks, failoverTimeoutMs, master } = framework;
  return { id, name, state, roles, used: amounts(used), activeTasks, failoverTimeoutMs, master };
}

export function taskJson(task: TaskSummary): TaskJson {
  const { id, name, frameworkId, agentId, state, reason, message, resources } = task;
  const { unacknowledgedUpdates, launchedIndex, launchedAtMs } = task;
  const head = { id, name, frameworkId, agentId, state, reason, message, resources: amounts(resources) };
  return { ...head, unacknowledgedUpdates, launchedIndex, launchedAtMs };
}
