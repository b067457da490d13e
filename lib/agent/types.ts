import type { AgentId, ClusterId, FrameworkId, TaskId } from '../base/index.js';

/** What names a task: its id is unique within its framework only. */
export interface TaskRef {
  readonly frameworkId: FrameworkId;
  readonly taskId: TaskId;
}

/** One text per task, for maps. Ids never hold a NUL (`specProblem` refuses them). */
export function taskKey(ref: TaskRef): string {
  return `${ref.frameworkId}\0${ref.taskId}`;
}

export function refOf(ref: TaskRef): TaskRef {
  return { frameworkId: ref.frameworkId, taskId: ref.taskId };
}

/** A command as Mesos's `CommandInfo` describes it. */
export interface CommandToRun {
  /** True: `value` is a line for `/bin/sh -c`. False: `value` is a program and `arguments` its whole argv. */
  readonly shell: boolean;
  readonly value: string;
  readonly arguments: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** Absent: the user of the agent. */
  readonly user?: string;
}

/** A specification that this release cannot run, with the reason for people. */
export interface Unrunnable {
  readonly problem: string;
}

export interface ResourceAmounts {
  readonly cpus: number;
  readonly memMb: number;
  readonly diskMb: number;
}

export interface TaskToRun extends TaskRef {
  readonly name: string;
  readonly command: CommandToRun | Unrunnable;
  readonly resources: ResourceAmounts;
  /** From SIGTERM to SIGKILL when the task is killed. */
  readonly killGraceMs: number;
}

/** How a process ended. 137 and SIGKILL are different: one was chosen by the program, the other was done to it. */
export type Exit = ({ readonly exitCode: number } | { readonly signal: string }) & {
  /** Unix time in milliseconds. */
  readonly atMs: number;
};

export type TaskState = 'RUNNING' | 'FINISHED' | 'FAILED' | 'KILLED' | 'ERROR';

/** Names of `mesos.v1.TaskStatus.Reason` without their prefix. */
export type Reason =
  | 'COMMAND_EXECUTOR_FAILED'
  | 'EXECUTOR_TERMINATED'
  | 'AGENT_RESTARTED'
  | 'CONTAINER_LAUNCH_FAILED'
  | 'TASK_INVALID'
  | 'TASK_KILLED_DURING_LAUNCH';

export interface Status {
  readonly state: TaskState;
  /** EXECUTOR: seen at the process. AGENT: concluded about it. */
  readonly source: 'AGENT' | 'EXECUTOR';
  readonly message: string;
  readonly reason?: Reason;
  readonly exit?: Exit;
}

/** One status update of a task, written ahead before it is sent. */
export interface StatusUpdate extends TaskRef, Status {
  /** 1, 2, 3, … per task, without a gap. */
  readonly sequence: number;
  /** 16 bytes as hexadecimal. */
  readonly uuid: string;
  /** Unix time in milliseconds. */
  readonly timestampMs: number;
}

export function isTerminal(state: TaskState): boolean {
  return state !== 'RUNNING';
}

export interface TaskReport extends TaskRef {
  /** Sequence of the last update made; 0: accepted, no update yet. */
  readonly lastSequence: number;
  readonly terminal: boolean;
}

/** What an agent has and is, as operators see it. */
export interface AgentDescription {
  readonly hostname: string;
  readonly resources: ResourceAmounts;
  readonly attributes: Readonly<Record<string, string>>;
}

/** The first message of every stream to a master. */
export interface Registration {
  /** Null at the very first registration. */
  readonly agentId: AgentId | null;
  readonly clusterId: ClusterId | null;
  readonly description: AgentDescription;
  readonly bootId: string;
  /** Drawn by each agent process. */
  readonly incarnation: string;
  /** Highest revision seen on any member: one that has applied less would take new tasks for unknown. */
  readonly knownRevision: number;
  readonly tasks: readonly TaskReport[];
}
