import type { AgentId, FrameworkId } from '../../base/index.js';
import type { Resources } from '../../state/index.js';

/** Free resources of one agent for one framework in one role: all of them, or none (coarse-grained offers). */
export interface Grant {
  readonly frameworkId: FrameworkId;
  readonly role: string;
  readonly agentId: AgentId;
  readonly resources: Resources;
}

/** An agent whose resources may be offered now. */
export interface OfferableAgent {
  readonly agentId: AgentId;
  /** Neither used by tasks nor in an outstanding offer. */
  readonly free: Resources;
  readonly hasGpus: boolean;
}

/** A framework that may get offers now: connected through a master that can be reached. */
export interface OfferableFramework {
  readonly frameworkId: FrameworkId;
  /** Roles that are not suppressed. */
  readonly roles: readonly string[];
  /** May use agents with GPUs. */
  readonly gpus: boolean;
  /** What its tasks use and its outstanding offers hold, by role. */
  readonly held: ReadonlyMap<string, Resources>;
}

export interface MinimumOffer {
  /** Less of both than this is not worth an offer. */
  readonly cpuMilli: number;
  readonly memoryBytes: number;
}

/** Everything the decision depends on, as of one moment. */
export interface AllocationInput {
  /** All resources of the connected agents: what shares are shares of. */
  readonly total: Resources;
  /** In the order in which they are given out. */
  readonly agents: readonly OfferableAgent[];
  readonly frameworks: readonly OfferableFramework[];
  /** What all frameworks hold in a role, connected or not. */
  readonly heldByRole: ReadonlyMap<string, Resources>;
  readonly weightMilli: (role: string) => number;
  /** Whether the framework declined these resources, or more of them, not long ago. */
  readonly refused: (frameworkId: FrameworkId, role: string, agentId: AgentId, free: Resources) => boolean;
  readonly minimum: MinimumOffer;
}

/** Why a framework gets no offer of an agent in a role. */
export type NoOfferReason =
  'nothing free' | 'below the minimum' | 'GPUs need the capability' | 'refused before';
