import type { AgentId, FrameworkId, TaskId } from '../../base/index.js';
import type { Resources } from '../resources.js';

/** Mesos v1 TaskState numbers. */
export const TASK_STATE: {
  readonly STARTING: 0;
  readonly RUNNING: 1;
  readonly FINISHED: 2;
  readonly FAILED: 3;
  readonly KILLED: 4;
  readonly LOST: 5;
  readonly STAGING: 6;
  readonly ERROR: 7;
  readonly KILLING: 8;
  readonly DROPPED: 9;
  readonly UNREACHABLE: 10;
  readonly GONE: 11;
  readonly GONE_BY_OPERATOR: 12;
  readonly UNKNOWN: 13;
} = {
  STARTING: 0,
  RUNNING: 1,
  FINISHED: 2,
  FAILED: 3,
  KILLED: 4,
  LOST: 5,
  STAGING: 6,
  ERROR: 7,
  KILLING: 8,
  DROPPED: 9,
  UNREACHABLE: 10,
  GONE: 11,
  GONE_BY_OPERATOR: 12,
  UNKNOWN: 13,
};

export type TaskState = (typeof TASK_STATE)[keyof typeof TASK_STATE];

/** Mesos v1 TaskStatus.Source numbers. */
export const TASK_SOURCE: { readonly MASTER: 0; readonly AGENT: 1; readonly EXECUTOR: 2 } = {
  MASTER: 0,
  AGENT: 1,
  EXECUTOR: 2,
};

export type TaskSource = (typeof TASK_SOURCE)[keyof typeof TASK_SOURCE];

/** Mesos v1 TaskStatus.Reason numbers of the updates that the machine itself makes. */
export const TASK_REASON: {
  readonly FRAMEWORK_REMOVED: 3;
  readonly RECONCILIATION: 9;
  readonly AGENT_DISCONNECTED: 10;
  readonly AGENT_REMOVED: 11;
  readonly AGENT_REMOVED_BY_OPERATOR: 31;
  readonly AGENT_REREGISTERED: 32;
} = {
  FRAMEWORK_REMOVED: 3,
  RECONCILIATION: 9,
  AGENT_DISCONNECTED: 10,
  AGENT_REMOVED: 11,
  AGENT_REMOVED_BY_OPERATOR: 31,
  AGENT_REREGISTERED: 32,
};

/** No reason given. */
export const NO_REASON = -1;

/** How a process ended. */
export type TaskExit = { readonly code: number } | { readonly signal: number };

export interface LaunchTask {
  readonly taskId: TaskId;
  readonly name: string;
  readonly resources: Resources;
  /** Opaque: handed to the agent, never decoded here. */
  readonly spec: Uint8Array;
  /** Between SIGTERM and SIGKILL when a kill names no grace of its own. */
  readonly killGraceMs: number;
}

/** All or nothing. */
export interface TaskLaunch {
  readonly kind: 'task-launch';
  readonly frameworkId: FrameworkId;
  readonly agentId: AgentId;
  /** The role the offer was made to. */
  readonly role: string;
  /**
   * Term of the leader that made the offers. A launch that reaches the log in another term is refused with
   * INVALID_OFFER: a leader that finds it neither applied nor answered may say "surely not done" at once.
   */
  readonly term: number;
  readonly tasks: readonly LaunchTask[];
}

/** Recorded until the task is terminal, so it survives failovers and lost connections. */
export interface TaskKill {
  readonly kind: 'task-kill';
  readonly frameworkId: FrameworkId;
  readonly taskId: TaskId;
  /** -1: the task's own. */
  readonly graceMs: number;
}

interface UpdateFacts {
  readonly frameworkId: FrameworkId;
  readonly taskId: TaskId;
  /** 16 bytes. */
  readonly uuid: Uint8Array;
  readonly state: TaskState;
  /** Mesos v1 TaskStatus.Reason, or NO_REASON. */
  readonly reason: number;
  readonly message: string;
  /** The encoded status as the framework will get it; opaque, may be empty. */
  readonly status: Uint8Array;
}

/**
 * A status update of an agent. Sequences are 1, 2, 3… per task: a repetition is answered without effect, a gap
 * is refused with SEQUENCE_GAP. Updates of terminal tasks and steps backwards are answered without effect.
 */
export interface TaskUpdate extends UpdateFacts {
  readonly kind: 'task-update';
  readonly agentId: AgentId;
  /** Refused with STALE_CONNECTION unless it is the agent's present attachment. */
  readonly attachment: number;
  readonly sequence: number;
  readonly source: TaskSource;
  readonly exit: TaskExit | null;
  /** When it happened, on the agent's clock. */
  readonly timeMs: number;
}

/** A status update that the leader makes itself: the agent does not know the task, an operator dropped it… */
export interface TaskMasterUpdate extends UpdateFacts {
  readonly kind: 'task-master-update';
}

/** Takes the update with this uuid from the head of the task's queue. Any other is refused with UNKNOWN_UPDATE. */
export interface TaskAcknowledge {
  readonly kind: 'task-acknowledge';
  readonly frameworkId: FrameworkId;
  readonly taskId: TaskId;
  readonly uuid: Uint8Array;
}

export type SweepKind = 'agent-unreachable' | 'agent-returned' | 'agent-removed' | 'framework-teardown';

/** One slice of a change that touches many tasks. The leader proposes it again until `remaining` is 0. */
export interface TaskSweep {
  readonly kind: 'sweep';
  readonly sweep: SweepKind;
  readonly id: AgentId | FrameworkId;
  /** Tasks at most; capped by the machine's own limit. */
  readonly limit: number;
  /** 16 random bytes: the uuids of the updates it makes are derived from them and the tasks' ids. */
  readonly seed: Uint8Array;
}

export type TaskCommand = TaskLaunch | TaskKill | TaskUpdate | TaskMasterUpdate | TaskAcknowledge | TaskSweep;

/** An update that its framework has not acknowledged yet. */
export interface PendingUpdate {
  readonly uuid: Uint8Array;
  /** What the framework is told; LOST instead of UNREACHABLE unless it is partition aware. */
  readonly state: TaskState;
  readonly source: TaskSource;
  readonly reason: number;
  readonly message: string;
  readonly status: Uint8Array;
  readonly exit: TaskExit | null;
  readonly timeMs: number;
  /** Revision of the command that made it. */
  readonly revision: number;
  /** 0 for updates of the master. */
  readonly sequence: number;
}

export interface TaskView {
  readonly frameworkId: FrameworkId;
  readonly taskId: TaskId;
  readonly agentId: AgentId;
  readonly role: string;
  readonly name: string;
  readonly resources: Resources;
  readonly spec: Uint8Array;
  readonly killGraceMs: number;
  readonly state: TaskState;
  readonly launchedRevision: number;
  readonly launchedMs: number;
  /** Revision and time of the last change of state. */
  readonly stateRevision: number;
  readonly stateMs: number;
  /** Sequence of the last update taken from the agent; 0: it has not confirmed the launch. */
  readonly sequence: number;
  readonly kill: { readonly graceMs: number; readonly revision: number } | null;
  /** Of the last update that carried one. */
  readonly exit: TaskExit | null;
  readonly reason: number;
  readonly message: string;
  readonly pendingUpdates: number;
  /** Terminal and every update acknowledged: part of the bounded history. */
  readonly completed: boolean;
}

export interface SweepView {
  readonly sweep: SweepKind;
  readonly id: AgentId | FrameworkId;
}

export interface TasksView {
  /** Tasks that are not in the completed history. */
  readonly size: number;
  get(frameworkId: FrameworkId, taskId: TaskId): TaskView | null;
  /** The framework's tasks outside the history, in launch order. */
  ofFramework(frameworkId: FrameworkId): TaskView[];
  /** The framework's history, oldest first. */
  completedOf(frameworkId: FrameworkId): TaskView[];
  /** The agent's tasks outside the history, in launch order. */
  ofAgent(agentId: AgentId): TaskView[];
  /** How many tasks the agent has outside the history. */
  countOfAgent(agentId: AgentId): number;
  /** How many tasks the framework has outside the history. */
  countOfFramework(frameworkId: FrameworkId): number;
  /** Keys for `byKey` of the framework's tasks, or of its history: for listings too long for one turn. */
  keys(frameworkId: FrameworkId, completed: boolean): Uint8Array[];
  /** Null when the task is not kept any more. */
  byKey(key: Uint8Array): TaskView | null;
  /** What the framework must still acknowledge for this task, oldest first. */
  updates(frameworkId: FrameworkId, taskId: TaskId): PendingUpdate[];
}
