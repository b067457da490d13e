// Types of protos/mesos/v1/mesos.proto: what to run and how it fares.
import type {
  AgentID,
  ContainerID,
  DiscoveryInfo,
  DurationInfo,
  ExecutorID,
  FrameworkID,
  Labels,
  Resource,
  Secret,
  TaskID,
  TimeInfo,
  ValueScalar,
} from './base.js';
import type { ContainerInfo, NetworkInfo, NetworkProtocol } from './containers.js';

export interface Environment {
  readonly variables?: readonly EnvironmentVariable[];
}

export interface EnvironmentVariable {
  readonly name: string;
  readonly value?: string;
  readonly type?: 'UNKNOWN' | 'VALUE' | 'SECRET';
  readonly secret?: Secret;
}

export interface CommandInfo {
  readonly uris?: readonly CommandUri[];
  readonly environment?: Environment;
  readonly value?: string;
  readonly user?: string;
  readonly shell?: boolean;
  readonly arguments?: readonly string[];
}

export interface CommandUri {
  readonly value: string;
  readonly executable?: boolean;
  readonly extract?: boolean;
  readonly cache?: boolean;
  readonly output_file?: string;
}

export interface KillPolicy {
  readonly grace_period?: DurationInfo;
}

export interface CheckInfo {
  readonly type?: CheckInfoType;
  readonly command?: { readonly command: CommandInfo };
  readonly http?: { readonly port: number; readonly path?: string };
  readonly delay_seconds?: number;
  readonly interval_seconds?: number;
  readonly timeout_seconds?: number;
  readonly tcp?: { readonly port: number };
}

export type CheckInfoType = 'UNKNOWN' | 'COMMAND' | 'HTTP' | 'TCP';

export interface HealthCheck {
  readonly http?: HttpHealthCheck;
  readonly delay_seconds?: number;
  readonly interval_seconds?: number;
  readonly timeout_seconds?: number;
  readonly consecutive_failures?: number;
  readonly grace_period_seconds?: number;
  readonly command?: CommandInfo;
  readonly type?: 'UNKNOWN' | 'COMMAND' | 'HTTP' | 'TCP';
  readonly tcp?: { readonly port: number; readonly protocol?: NetworkProtocol };
}

export interface HttpHealthCheck {
  readonly port: number;
  readonly path?: string;
  readonly scheme?: string;
  readonly statuses?: readonly number[];
  readonly protocol?: NetworkProtocol;
}

export interface ExecutorInfo {
  readonly executor_id: ExecutorID;
  readonly data?: Uint8Array;
  readonly resources?: readonly Resource[];
  readonly command?: CommandInfo;
  readonly framework_id?: FrameworkID;
  readonly name?: string;
  readonly source?: string;
  readonly container?: ContainerInfo;
  readonly discovery?: DiscoveryInfo;
  readonly shutdown_grace_period?: DurationInfo;
  readonly labels?: Labels;
  readonly type?: 'UNKNOWN' | 'DEFAULT' | 'CUSTOM';
}

export interface TaskInfo {
  readonly name: string;
  readonly task_id: TaskID;
  readonly agent_id: AgentID;
  readonly resources?: readonly Resource[];
  readonly executor?: ExecutorInfo;
  readonly data?: Uint8Array;
  readonly command?: CommandInfo;
  readonly health_check?: HealthCheck;
  readonly container?: ContainerInfo;
  readonly labels?: Labels;
  readonly discovery?: DiscoveryInfo;
  readonly kill_policy?: KillPolicy;
  readonly check?: CheckInfo;
  readonly max_completion_time?: DurationInfo;
  readonly limits?: Readonly<Record<string, ValueScalar>>;
}

export interface TaskGroupInfo {
  readonly tasks?: readonly TaskInfo[];
}

export type TaskState =
  | 'TASK_STAGING'
  | 'TASK_STARTING'
  | 'TASK_RUNNING'
  | 'TASK_FINISHED'
  | 'TASK_FAILED'
  | 'TASK_KILLED'
  | 'TASK_LOST'
  | 'TASK_ERROR'
  | 'TASK_KILLING'
  | 'TASK_DROPPED'
  | 'TASK_UNREACHABLE'
  | 'TASK_GONE'
  | 'TASK_GONE_BY_OPERATOR'
  | 'TASK_UNKNOWN';

export interface TaskStatus {
  readonly task_id: TaskID;
  readonly state: TaskState;
  readonly data?: Uint8Array;
  readonly message?: string;
  readonly agent_id?: AgentID;
  readonly timestamp?: number;
  readonly executor_id?: ExecutorID;
  readonly healthy?: boolean;
  readonly source?: TaskStatusSource;
  readonly reason?: TaskStatusReason;
  readonly uuid?: Uint8Array;
  readonly labels?: Labels;
  readonly container_status?: ContainerStatus;
  readonly unreachable_time?: TimeInfo;
  readonly check_status?: CheckStatusInfo;
  readonly limitation?: TaskResourceLimitation;
}

export type TaskStatusSource = 'SOURCE_MASTER' | 'SOURCE_AGENT' | 'SOURCE_EXECUTOR';

export type TaskStatusReason =
  | 'REASON_COMMAND_EXECUTOR_FAILED'
  | 'REASON_EXECUTOR_TERMINATED'
  | 'REASON_EXECUTOR_UNREGISTERED'
  | 'REASON_FRAMEWORK_REMOVED'
  | 'REASON_GC_ERROR'
  | 'REASON_INVALID_FRAMEWORKID'
  | 'REASON_INVALID_OFFERS'
  | 'REASON_MASTER_DISCONNECTED'
  | 'REASON_CONTAINER_LIMITATION_MEMORY'
  | 'REASON_RECONCILIATION'
  | 'REASON_AGENT_DISCONNECTED'
  | 'REASON_AGENT_REMOVED'
  | 'REASON_AGENT_RESTARTED'
  | 'REASON_AGENT_UNKNOWN'
  | 'REASON_TASK_INVALID'
  | 'REASON_TASK_UNAUTHORIZED'
  | 'REASON_TASK_UNKNOWN'
  | 'REASON_CONTAINER_PREEMPTED'
  | 'REASON_RESOURCES_UNKNOWN'
  | 'REASON_CONTAINER_LIMITATION'
  | 'REASON_CONTAINER_LIMITATION_DISK'
  | 'REASON_CONTAINER_LAUNCH_FAILED'
  | 'REASON_CONTAINER_UPDATE_FAILED'
  | 'REASON_EXECUTOR_REGISTRATION_TIMEOUT'
  | 'REASON_EXECUTOR_REREGISTRATION_TIMEOUT'
  | 'REASON_TASK_GROUP_INVALID'
  | 'REASON_TASK_GROUP_UNAUTHORIZED'
  | 'REASON_IO_SWITCHBOARD_EXITED'
  | 'REASON_TASK_CHECK_STATUS_UPDATED'
  | 'REASON_TASK_HEALTH_CHECK_STATUS_UPDATED'
  | 'REASON_TASK_KILLED_DURING_LAUNCH'
  | 'REASON_AGENT_REMOVED_BY_OPERATOR'
  | 'REASON_AGENT_REREGISTERED'
  | 'REASON_MAX_COMPLETION_TIME_REACHED'
  | 'REASON_AGENT_DRAINING';

export interface TaskResourceLimitation {
  readonly resources?: readonly Resource[];
}

export interface CheckStatusInfo {
  readonly type?: CheckInfoType;
  readonly command?: { readonly exit_code?: number };
  readonly http?: { readonly status_code?: number };
  readonly tcp?: { readonly succeeded?: boolean };
}

export interface ContainerStatus {
  readonly network_infos?: readonly NetworkInfo[];
  readonly cgroup_info?: CgroupInfo;
  readonly executor_pid?: number;
  readonly container_id?: ContainerID;
}

export interface CgroupInfo {
  readonly net_cls?: { readonly classid?: number };
}

export interface Task {
  readonly name: string;
  readonly task_id: TaskID;
  readonly framework_id: FrameworkID;
  readonly executor_id?: ExecutorID;
  readonly agent_id: AgentID;
  readonly state: TaskState;
  readonly resources?: readonly Resource[];
  readonly statuses?: readonly TaskStatus[];
  readonly status_update_state?: TaskState;
  readonly status_update_uuid?: Uint8Array;
  readonly labels?: Labels;
  readonly discovery?: DiscoveryInfo;
  readonly container?: ContainerInfo;
  readonly user?: string;
  readonly health_check?: HealthCheck;
  readonly kill_policy?: KillPolicy;
  readonly limits?: Readonly<Record<string, ValueScalar>>;
}
