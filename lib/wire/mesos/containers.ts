// Types of protos/mesos/v1/mesos.proto: containers.
import type { Credential, Int64, Labels, Parameter, Parameters, Secret } from './base.js';

export interface ContainerInfo {
  readonly type: 'DOCKER' | 'MESOS';
  readonly volumes?: readonly Volume[];
  readonly docker?: DockerInfo;
  readonly hostname?: string;
  readonly mesos?: { readonly image?: Image };
  readonly network_infos?: readonly NetworkInfo[];
  readonly linux_info?: LinuxInfo;
  readonly rlimit_info?: RLimitInfo;
  readonly tty_info?: TTYInfo;
}

export interface DockerInfo {
  readonly image: string;
  readonly network?: 'HOST' | 'BRIDGE' | 'NONE' | 'USER';
  readonly port_mappings?: readonly PortMapping[];
  readonly privileged?: boolean;
  readonly parameters?: readonly Parameter[];
  readonly force_pull_image?: boolean;
  readonly volume_driver?: string;
}

export interface Volume {
  readonly container_path: string;
  readonly host_path?: string;
  readonly mode: 'RW' | 'RO';
  readonly image?: Image;
  readonly source?: VolumeSource;
}

export interface VolumeSource {
  readonly type?: VolumeSourceType;
  readonly docker_volume?: DockerVolume;
  readonly sandbox_path?: { readonly type?: 'UNKNOWN' | 'SELF' | 'PARENT'; readonly path: string };
  readonly secret?: Secret;
  readonly host_path?: { readonly path: string; readonly mount_propagation?: MountPropagation };
  readonly csi_volume?: CsiVolume;
}

export type VolumeSourceType =
  'UNKNOWN' | 'DOCKER_VOLUME' | 'SANDBOX_PATH' | 'SECRET' | 'HOST_PATH' | 'CSI_VOLUME';

export interface DockerVolume {
  readonly driver?: string;
  readonly name: string;
  readonly driver_options?: Parameters;
}

export interface CsiVolume {
  readonly plugin_name: string;
  readonly static_provisioning?: CsiStaticProvisioning;
}

export interface CsiVolumeCapability {
  readonly block?: object;
  readonly mount?: { readonly fs_type?: string; readonly mount_flags?: readonly string[] };
  readonly access_mode: { readonly mode: CsiAccessMode };
}

export interface CsiStaticProvisioning {
  readonly volume_id: string;
  readonly volume_capability: CsiVolumeCapability;
  readonly node_stage_secrets?: Readonly<Record<string, Secret>>;
  readonly node_publish_secrets?: Readonly<Record<string, Secret>>;
  readonly volume_context?: Readonly<Record<string, string>>;
}

export interface MountPropagation {
  readonly mode?: 'UNKNOWN' | 'HOST_TO_CONTAINER' | 'BIDIRECTIONAL';
}

export interface Image {
  readonly type: 'APPC' | 'DOCKER';
  readonly appc?: ImageAppc;
  readonly docker?: ImageDocker;
  readonly cached?: boolean;
}

export interface ImageAppc {
  readonly name: string;
  readonly id?: string;
  readonly labels?: Labels;
}

export interface ImageDocker {
  readonly name: string;
  readonly credential?: Credential;
  readonly config?: Secret;
}

export interface NetworkInfo {
  readonly groups?: readonly string[];
  readonly labels?: Labels;
  readonly ip_addresses?: readonly { readonly protocol?: NetworkProtocol; readonly ip_address?: string }[];
  readonly name?: string;
  readonly port_mappings?: readonly PortMapping[];
}

export type NetworkProtocol = 'IPv4' | 'IPv6';

export interface PortMapping {
  readonly host_port: number;
  readonly container_port: number;
  readonly protocol?: string;
}

export interface LinuxInfo {
  readonly capability_info?: CapabilityInfo;
  readonly bounding_capabilities?: CapabilityInfo;
  readonly effective_capabilities?: CapabilityInfo;
  readonly share_pid_namespace?: boolean;
  readonly seccomp?: SeccompInfo;
  readonly ipc_mode?: 'UNKNOWN' | 'PRIVATE' | 'SHARE_PARENT';
  readonly shm_size?: number;
  readonly share_cgroups?: boolean;
}

export interface CapabilityInfo {
  readonly capabilities?: readonly LinuxCapability[];
}

export type LinuxCapability =
  | 'UNKNOWN'
  | 'CHOWN'
  | 'DAC_OVERRIDE'
  | 'DAC_READ_SEARCH'
  | 'FOWNER'
  | 'FSETID'
  | 'KILL'
  | 'SETGID'
  | 'SETUID'
  | 'SETPCAP'
  | 'LINUX_IMMUTABLE'
  | 'NET_BIND_SERVICE'
  | 'NET_BROADCAST'
  | 'NET_ADMIN'
  | 'NET_RAW'
  | 'IPC_LOCK'
  | 'IPC_OWNER'
  | 'SYS_MODULE'
  | 'SYS_RAWIO'
  | 'SYS_CHROOT'
  | 'SYS_PTRACE'
  | 'SYS_PACCT'
  | 'SYS_ADMIN'
  | 'SYS_BOOT'
  | 'SYS_NICE'
  | 'SYS_RESOURCE'
  | 'SYS_TIME'
  | 'SYS_TTY_CONFIG'
  | 'MKNOD'
  | 'LEASE'
  | 'AUDIT_WRITE'
  | 'AUDIT_CONTROL'
  | 'SETFCAP'
  | 'MAC_OVERRIDE'
  | 'MAC_ADMIN'
  | 'SYSLOG'
  | 'WAKE_ALARM'
  | 'BLOCK_SUSPEND'
  | 'AUDIT_READ';

export interface SeccompInfo {
  readonly profile_name?: string;
  readonly unconfined?: boolean;
}

export interface RLimitInfo {
  readonly rlimits?: readonly RLimit[];
}

export interface RLimit {
  readonly type?: RLimitType;
  readonly hard?: Int64;
  readonly soft?: Int64;
}

export type RLimitType =
  | 'UNKNOWN'
  | 'RLMT_AS'
  | 'RLMT_CORE'
  | 'RLMT_CPU'
  | 'RLMT_DATA'
  | 'RLMT_FSIZE'
  | 'RLMT_LOCKS'
  | 'RLMT_MEMLOCK'
  | 'RLMT_MSGQUEUE'
  | 'RLMT_NICE'
  | 'RLMT_NOFILE'
  | 'RLMT_NPROC'
  | 'RLMT_RSS'
  | 'RLMT_RTPRIO'
  | 'RLMT_RTTIME'
  | 'RLMT_SIGPENDING'
  | 'RLMT_STACK';

export interface TTYInfo {
  readonly window_size?: { readonly rows: number; readonly columns: number };
}

export type CsiAccessMode =
  | 'UNKNOWN'
  | 'SINGLE_NODE_WRITER'
  | 'SINGLE_NODE_READER_ONLY'
  | 'MULTI_NODE_READER_ONLY'
  | 'MULTI_NODE_SINGLE_WRITER'
  | 'MULTI_NODE_MULTI_WRITER';
