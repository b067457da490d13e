// Types of protos/mesos/v1/mesos.proto, where the comments are. Optional fields are absent when unset, lists
// when empty. This file: identifiers, times, resources.
import type { Volume } from './containers.js';

/** A 64-bit integer in decimal digits: nanoseconds since 1970 do not fit a number. */
export type Int64 = string;

export interface FrameworkID {
  readonly value: string;
}

export interface OfferID {
  readonly value: string;
}

export interface AgentID {
  readonly value: string;
}

export interface TaskID {
  readonly value: string;
}

export interface ExecutorID {
  readonly value: string;
}

export interface ContainerID {
  readonly value: string;
  readonly parent?: ContainerID;
}

export interface ResourceProviderID {
  readonly value: string;
}

export interface OperationID {
  readonly value: string;
}

export interface UUID {
  readonly value: Uint8Array;
}

export interface TimeInfo {
  readonly nanoseconds: Int64;
}

export interface DurationInfo {
  readonly nanoseconds: Int64;
}

export interface Unavailability {
  readonly start: TimeInfo;
  readonly duration?: DurationInfo;
}

export interface Address {
  readonly hostname?: string;
  readonly ip?: string;
  readonly port: number;
}

export interface URL {
  readonly scheme: string;
  readonly address: Address;
  readonly path?: string;
  readonly query?: readonly Parameter[];
  readonly fragment?: string;
}

export interface Parameter {
  readonly key: string;
  readonly value: string;
}

export interface Parameters {
  readonly parameter?: readonly Parameter[];
}

export interface Labels {
  readonly labels?: readonly Label[];
}

export interface Label {
  readonly key: string;
  readonly value?: string;
}

export interface Port {
  readonly number: number;
  readonly name?: string;
  readonly protocol?: string;
  readonly visibility?: Visibility;
  readonly labels?: Labels;
}

export interface Ports {
  readonly ports?: readonly Port[];
}

export interface DiscoveryInfo {
  readonly visibility: Visibility;
  readonly name?: string;
  readonly environment?: string;
  readonly location?: string;
  readonly version?: string;
  readonly ports?: Ports;
  readonly labels?: Labels;
}

export type Visibility = 'FRAMEWORK' | 'CLUSTER' | 'EXTERNAL';

export interface DomainInfo {
  readonly fault_domain?: FaultDomain;
}

export interface FaultDomain {
  readonly region: { readonly name: string };
  readonly zone: { readonly name: string };
}

export interface Value {
  readonly type: ValueType;
  readonly scalar?: ValueScalar;
  readonly ranges?: ValueRanges;
  readonly set?: ValueSet;
  readonly text?: ValueText;
}

export type ValueType = 'SCALAR' | 'RANGES' | 'SET' | 'TEXT';

export interface ValueScalar {
  readonly value: number;
}

export interface ValueRanges {
  readonly range?: readonly { readonly begin: Int64; readonly end: Int64 }[];
}

export interface ValueSet {
  readonly item?: readonly string[];
}

export interface ValueText {
  readonly value: string;
}

export interface Attribute {
  readonly name: string;
  readonly type: ValueType;
  readonly scalar?: ValueScalar;
  readonly ranges?: ValueRanges;
  readonly text?: ValueText;
  readonly set?: ValueSet;
}

export interface Resource {
  readonly name: string;
  readonly type: ValueType;
  readonly scalar?: ValueScalar;
  readonly ranges?: ValueRanges;
  readonly set?: ValueSet;
  readonly role?: string;
  readonly disk?: DiskInfo;
  readonly reservation?: ReservationInfo;
  readonly revocable?: object;
  readonly shared?: object;
  readonly allocation_info?: AllocationInfo;
  readonly provider_id?: ResourceProviderID;
  readonly reservations?: readonly ReservationInfo[];
}

export interface AllocationInfo {
  readonly role?: string;
}

export interface ReservationInfo {
  readonly principal?: string;
  readonly labels?: Labels;
  readonly role?: string;
  readonly type?: ReservationType;
}

export type ReservationType = 'UNKNOWN' | 'STATIC' | 'DYNAMIC';

export interface DiskInfo {
  readonly persistence?: DiskPersistence;
  readonly volume?: Volume;
  readonly source?: DiskSource;
}

export interface DiskPersistence {
  readonly id: string;
  readonly principal?: string;
}

export interface DiskSource {
  readonly type: DiskSourceType;
  readonly path?: { readonly root?: string };
  readonly mount?: { readonly root?: string };
  readonly id?: string;
  readonly metadata?: Labels;
  readonly profile?: string;
  readonly vendor?: string;
}

export type DiskSourceType = 'UNKNOWN' | 'PATH' | 'MOUNT' | 'BLOCK' | 'RAW';

export interface OfferFilters {
  readonly min_allocatable_resources?: MinAllocatableResources;
}

export interface ResourceQuantities {
  readonly quantities?: Readonly<Record<string, ValueScalar>>;
}

export interface MinAllocatableResources {
  readonly quantities?: readonly ResourceQuantities[];
}

export interface Request {
  readonly agent_id?: AgentID;
  readonly resources?: readonly Resource[];
}

export interface Secret {
  readonly type?: 'UNKNOWN' | 'REFERENCE' | 'VALUE';
  readonly reference?: { readonly name: string; readonly key?: string };
  readonly value?: { readonly data: Uint8Array };
}

export interface Credential {
  readonly principal: string;
  readonly secret?: string;
}
