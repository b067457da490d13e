// Types of protos/mesos/v1/mesos.proto: frameworks, agents, offers.
import type {
  Address,
  AgentID,
  AllocationInfo,
  Attribute,
  DiskSourceType,
  DomainInfo,
  ExecutorID,
  FrameworkID,
  Labels,
  OfferFilters,
  OfferID,
  OperationID,
  Resource,
  ResourceProviderID,
  URL,
  UUID,
  Unavailability,
  ValueScalar,
} from './base.js';
import type { ExecutorInfo, TaskGroupInfo, TaskInfo } from './tasks.js';

export interface FrameworkInfo {
  readonly user: string;
  readonly name: string;
  readonly id?: FrameworkID;
  readonly failover_timeout?: number;
  readonly checkpoint?: boolean;
  readonly role?: string;
  readonly hostname?: string;
  readonly principal?: string;
  readonly webui_url?: string;
  readonly capabilities?: readonly FrameworkCapability[];
  readonly labels?: Labels;
  readonly roles?: readonly string[];
  readonly offer_filters?: Readonly<Record<string, OfferFilters>>;
}

export interface FrameworkCapability {
  readonly type?: FrameworkCapabilityType;
}

export type FrameworkCapabilityType =
  | 'UNKNOWN'
  | 'REVOCABLE_RESOURCES'
  | 'TASK_KILLING_STATE'
  | 'GPU_RESOURCES'
  | 'SHARED_RESOURCES'
  | 'PARTITION_AWARE'
  | 'MULTI_ROLE'
  | 'RESERVATION_REFINEMENT'
  | 'REGION_AWARE';

export interface MasterInfo {
  readonly id: string;
  readonly ip: number;
  readonly port: number;
  readonly pid?: string;
  readonly hostname?: string;
  readonly version?: string;
  readonly address?: Address;
  readonly domain?: DomainInfo;
  readonly capabilities?: readonly MasterCapability[];
}

export interface MasterCapability {
  readonly type?: MasterCapabilityType;
}

export type MasterCapabilityType = 'UNKNOWN' | 'AGENT_UPDATE' | 'AGENT_DRAINING';

export interface AgentInfo {
  readonly hostname: string;
  readonly resources?: readonly Resource[];
  readonly attributes?: readonly Attribute[];
  readonly id?: AgentID;
  readonly port?: number;
  readonly domain?: DomainInfo;
}

export interface Filters {
  readonly refuse_seconds?: number;
}

export interface Offer {
  readonly id: OfferID;
  readonly framework_id: FrameworkID;
  readonly agent_id: AgentID;
  readonly hostname: string;
  readonly resources?: readonly Resource[];
  readonly executor_ids?: readonly ExecutorID[];
  readonly attributes?: readonly Attribute[];
  readonly url?: URL;
  readonly unavailability?: Unavailability;
  readonly allocation_info?: AllocationInfo;
  readonly domain?: DomainInfo;
}

export interface OfferOperation {
  readonly type?: OfferOperationType;
  readonly launch?: { readonly task_infos?: readonly TaskInfo[] };
  readonly reserve?: { readonly resources?: readonly Resource[]; readonly source?: readonly Resource[] };
  readonly unreserve?: { readonly resources?: readonly Resource[] };
  readonly create?: { readonly volumes?: readonly Resource[] };
  readonly destroy?: { readonly volumes?: readonly Resource[] };
  readonly launch_group?: { readonly executor: ExecutorInfo; readonly task_group: TaskGroupInfo };
  readonly id?: OperationID;
  readonly grow_volume?: { readonly volume: Resource; readonly addition: Resource };
  readonly shrink_volume?: ShrinkVolume;
  readonly create_disk?: CreateDisk;
  readonly destroy_disk?: { readonly source: Resource };
}

export type OfferOperationType =
  | 'UNKNOWN'
  | 'LAUNCH'
  | 'RESERVE'
  | 'UNRESERVE'
  | 'CREATE'
  | 'DESTROY'
  | 'LAUNCH_GROUP'
  | 'GROW_VOLUME'
  | 'SHRINK_VOLUME'
  | 'CREATE_DISK'
  | 'DESTROY_DISK';

export interface ShrinkVolume {
  readonly volume: Resource;
  readonly subtract: ValueScalar;
}

export interface CreateDisk {
  readonly source: Resource;
  readonly target_type: DiskSourceType;
  readonly target_profile?: string;
}

export interface InverseOffer {
  readonly id: OfferID;
  readonly url?: URL;
  readonly framework_id: FrameworkID;
  readonly agent_id?: AgentID;
  readonly unavailability: Unavailability;
  readonly resources?: readonly Resource[];
}

export type OperationState =
  | 'OPERATION_UNSUPPORTED'
  | 'OPERATION_PENDING'
  | 'OPERATION_FINISHED'
  | 'OPERATION_FAILED'
  | 'OPERATION_ERROR'
  | 'OPERATION_DROPPED'
  | 'OPERATION_UNREACHABLE'
  | 'OPERATION_GONE_BY_OPERATOR'
  | 'OPERATION_RECOVERING'
  | 'OPERATION_UNKNOWN';

export interface OperationStatus {
  readonly operation_id?: OperationID;
  readonly state: OperationState;
  readonly message?: string;
  readonly converted_resources?: readonly Resource[];
  readonly uuid?: UUID;
  readonly agent_id?: AgentID;
  readonly resource_provider_id?: ResourceProviderID;
}

export interface VersionInfo {
  readonly version: string;
  readonly build_date?: string;
  readonly build_time?: number;
  readonly build_user?: string;
  readonly git_sha?: string;
  readonly git_branch?: string;
  readonly git_tag?: string;
}
