import { isNothing } from '../resources/quantities.js';
import { FairShares } from './fair-shares.js';
import type { AllocationInput, Grant, NoOfferReason, OfferableAgent, OfferableFramework } from './types.js';

/** Why `framework` gets no offer of `agent` in `role` now; null when it may get one. */
export function noOffer(
  input: Pick<AllocationInput, 'minimum' | 'refused'>,
  framework: OfferableFramework,
  role: string,
  agent: OfferableAgent,
): NoOfferReason | null {
  const { free, hasGpus, agentId } = agent;
  if (isNothing(free)) return 'nothing free';
  const { cpuMilli, memoryBytes } = input.minimum;
  if (free.cpuMilli < cpuMilli && free.memoryBytes < memoryBytes) return 'below the minimum';
  if (hasGpus && !framework.gpus) return 'GPUs need the capability';
  return input.refused(framework.frameworkId, role, agentId, free) ? 'refused before' : null;
}

/** One round of allocation: agents are given out one after the other, each to who is furthest below its share. */
export class Allocation {
  private readonly input: AllocationInput;
  private readonly shares: FairShares;

  constructor(input: AllocationInput) {
    this.input = input;
    this.shares = new FairShares(input);
  }

  /** Who gets this agent's free resources; null when nobody may. */
  serve(agent: OfferableAgent): Grant | null {
    const { agentId, free } = agent;
    for (const [roleAt, { role, frameworks }] of this.shares.roles.entries()) {
      for (let at = 0; at < frameworks.length; at++) {
        const { framework } = frameworks[at]!;
        if (noOffer(this.input, framework, role, agent) !== null) continue;
        this.shares.charge(roleAt, at, free);
        return { frameworkId: framework.frameworkId, role, agentId, resources: free };
      }
    }
    return null;
  }
}

/** The whole decision at once. */
export function allocate(input: AllocationInput): Grant[] {
  const allocation = new Allocation(input);
  return input.agents.map((agent) => allocation.serve(agent)).filter((grant) => grant !== null);
}
