import type { ClusterId, MemberId, NodeId } from '../../base/index.js';
import type { MachineLimits } from '../limits.js';

/** The first entry of a group. Repeating it is harmless; another id is refused with FOREIGN_CLUSTER. */
export interface ClusterInit {
  readonly kind: 'cluster-init';
  readonly clusterId: ClusterId;
  /** In force for the whole group from here on: what apply decides must not depend on a member's configuration. */
  readonly limits: MachineLimits;
}

/** Door addresses as `host:port`; an empty text is a door that is not open. */
export interface DoorAddresses {
  readonly http: string;
  readonly grpc: string;
  readonly peer: string;
  readonly zookeeper: string;
}

/** What a member tells the group about itself, at each start and change. */
export interface MemberInfo {
  readonly kind: 'member-info';
  readonly node: NodeId;
  readonly member: MemberId;
  readonly doors: DoorAddresses;
  /** Release of the package, for people. */
  readonly release: string;
  /** `COMMAND_LEVEL` of that release: which commands it understands. */
  readonly commandLevel: number;
  readonly memoryBudgetBytes: number;
}

/** Forgets a member that left the configuration. */
export interface MemberForget {
  readonly kind: 'member-forget';
  readonly node: NodeId;
}

/** Raises the revision after a restore or recovery, so that no number is ever given out twice. */
export interface RevisionRaise {
  readonly kind: 'revision-raise';
  readonly by: number;
}

export type ClusterCommand = ClusterInit | MemberInfo | MemberForget | RevisionRaise;

export interface MemberView {
  readonly node: NodeId;
  readonly member: MemberId;
  readonly doors: DoorAddresses;
  readonly release: string;
  readonly commandLevel: number;
  readonly memoryBudgetBytes: number;
  readonly revision: number;
}

export interface ClusterView {
  readonly clusterId: ClusterId | null;
  /** In order of node ids. */
  members(): MemberView[];
  member(node: NodeId): MemberView | null;
  /** Lowest level among known members: only commands up to it may be proposed. Infinity when none is known. */
  readonly lowestCommandLevel: number;
}
