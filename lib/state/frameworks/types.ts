import type { FrameworkId } from '../../base/index.js';
import type { Connection } from '../agents/types.js';
import type { Resources } from '../resources.js';

/** Bits of `capabilities`: Mesos's FrameworkInfo.Capability.Type n is bit n - 1. */
export const FRAMEWORK_CAPABILITY: {
  readonly revocableResources: number;
  readonly taskKillingState: number;
  readonly gpuResources: number;
  readonly sharedResources: number;
  readonly partitionAware: number;
  readonly multiRole: number;
  readonly reservationRefinement: number;
  readonly regionAware: number;
} = {
  revocableResources: 1 << 0,
  taskKillingState: 1 << 1,
  gpuResources: 1 << 2,
  sharedResources: 1 << 3,
  partitionAware: 1 << 4,
  multiRole: 1 << 5,
  reservationRefinement: 1 << 6,
  regionAware: 1 << 7,
};

/** Registers a framework, or attaches it again: the stream committed last wins, an older one gets an event. */
export interface FrameworkSubscribe {
  readonly kind: 'framework-subscribe';
  /** Drawn by the proposer for a new framework. */
  readonly frameworkId: FrameworkId;
  readonly name: string;
  readonly user: string;
  readonly principal: string;
  /** Sorted. */
  readonly roles: readonly string[];
  /** Sorted; a subset of `roles`. */
  readonly suppressed: readonly string[];
  readonly failoverTimeoutMs: number;
  /** Bits of FRAMEWORK_CAPABILITY. */
  readonly capabilities: number;
  /** Opaque: handed out, never decoded here. */
  readonly spec: Uint8Array;
  readonly connection: Connection;
}

/** The stream of `subscription` ended: the failover timer starts. Without effect after a newer subscription. */
export interface FrameworkDisconnect {
  readonly kind: 'framework-disconnect';
  readonly frameworkId: FrameworkId;
  readonly subscription: number;
}

/** What is left of the failover time, committed anew by the leader so that a failover costs at most a tenth. */
export interface FrameworkFailoverRemaining {
  readonly kind: 'framework-failover-remaining';
  readonly frameworkId: FrameworkId;
  readonly subscription: number;
  readonly remainingMs: number;
}

/** Ends a framework: marks it, then sweeps of kind `framework-teardown` kill its tasks. */
export interface FrameworkTeardown {
  readonly kind: 'framework-teardown';
  readonly frameworkId: FrameworkId;
  /** `failover-timeout` has no effect unless the framework is disconnected and `subscription` is its last. */
  readonly cause: 'asked' | 'failover-timeout';
  readonly subscription: number;
}

/** Stops offers for the roles (all of the framework's when empty). */
export interface FrameworkSuppress {
  readonly kind: 'framework-suppress';
  readonly frameworkId: FrameworkId;
  readonly roles: readonly string[];
}

/** Wants offers again for the roles (all of the framework's when empty). */
export interface FrameworkRevive {
  readonly kind: 'framework-revive';
  readonly frameworkId: FrameworkId;
  readonly roles: readonly string[];
}

export type FrameworkCommand =
  | FrameworkSubscribe
  | FrameworkDisconnect
  | FrameworkFailoverRemaining
  | FrameworkTeardown
  | FrameworkSuppress
  | FrameworkRevive;

export type FrameworkStatus =
  | { readonly kind: 'connected'; readonly connection: Connection }
  | { readonly kind: 'disconnected'; readonly sinceMs: number; readonly remainingMs: number }
  /** Its tasks are being killed in slices. */
  | { readonly kind: 'tearing-down'; readonly sinceMs: number }
  | { readonly kind: 'completed'; readonly sinceMs: number };

export interface FrameworkView {
  readonly frameworkId: FrameworkId;
  readonly name: string;
  readonly user: string;
  readonly principal: string;
  readonly roles: readonly string[];
  readonly suppressed: readonly string[];
  readonly failoverTimeoutMs: number;
  readonly capabilities: number;
  readonly spec: Uint8Array;
  readonly status: FrameworkStatus;
  /** Raised by each subscribe; later commands about the stream name it. */
  readonly subscription: number;
  readonly registeredMs: number;
  readonly reregisteredMs: number;
  /** Revision of the last change of this record. */
  readonly revision: number;
}

export interface RoleShare {
  readonly role: string;
  readonly allocated: Resources;
}

export interface FrameworksView {
  readonly size: number;
  get(frameworkId: FrameworkId): FrameworkView | null;
  /** In order of ids, completed ones included. */
  list(): FrameworkView[];
  /** What its tasks hold, per role, sorted by role. */
  allocated(frameworkId: FrameworkId): RoleShare[];
}
