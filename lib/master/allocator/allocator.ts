import { below, type AgentId, type FrameworkId, type MemberId, type Random } from '../../base/index.js';
import type { Machine, Resources } from '../../state/index.js';
import type { MasterContext } from '../context.js';
import type { LeaderLoop } from '../leader-loop.js';
import { Allocation } from './allocate.js';
import type { Filters } from './filters.js';
import type { Inventory } from './inventory.js';
import type { AllocationInput, Grant, MinimumOffer } from './types.js';

export interface AllocatorLimits {
  /** Work at one time; the rest follows after other events were handled. */
  readonly sliceMs: number;
  /** Offers of one round: making them takes longer than deciding on them. */
  readonly grantsPerRound: number;
  readonly minimum: MinimumOffer;
}

export const ALLOCATOR_LIMITS: AllocatorLimits = {
  sliceMs: 5,
  grantsPerRound: 256,
  minimum: { cpuMilli: 10, memoryBytes: 32 * 1024 * 1024 },
};

export interface AllocatorHost {
  /** Whether news can reach this master now. */
  readonly reachable: (member: MemberId) => boolean;
  readonly grant: (grants: readonly Grant[]) => void;
}

/** Agents between two looks at the clock. */
const AGENTS_PER_LOOK = 16;

/**
 * Gives free resources to frameworks as soon as either changes. What happens in one turn of the loop is
 * answered by one round; an agent that nobody may have waits until something about it or about a framework
 * changes.
 */
export class Allocator implements LeaderLoop {
  private readonly context: MasterContext;
  private readonly limits: AllocatorLimits;
  private readonly inventory: Inventory;
  private readonly filters: Filters;
  private readonly host: AllocatorHost;
  /** Agents to be given out in the next rounds. */
  private candidates: Set<AgentId> = new Set();
  /** Those of them that are being given out, in random order, the next one last. */
  private order: AgentId[] = [];
  private term: number | null = null;
  private scheduled = false;

  constructor(
    context: MasterContext,
    limits: AllocatorLimits,
    inventory: Inventory,
    filters: Filters,
    host: AllocatorHost,
  ) {
    this.context = context;
    this.limits = limits;
    this.inventory = inventory;
    this.filters = filters;
    this.host = host;
  }

  start(term: number): void {
    this.term = term;
    this.offerEverything();
  }

  stop(): void {
    this.term = null;
    this.candidates.clear();
    this.order = [];
  }

  /** Something of this agent may have become free, or may be offered to others than before. */
  offerAgent(agentId: AgentId): void {
    this.candidates.add(agentId);
    this.schedule();
  }

  /** A framework may now get what it did not get before. */
  offerEverything(): void {
    for (const agentId of this.inventory.withFree) this.candidates.add(agentId);
    this.schedule();
  }

  tick(nowMs: number): void {
    for (const agentId of this.filters.expired(nowMs)) this.offerAgent(agentId);
  }

  /** The state on which the next decision would be taken; the agents are those of the next round. */
  input(agents: AllocationInput['agents']): AllocationInput {
    const { inventory, filters } = this;
    const machine: Machine = this.context.replica.machine;
    return {
      total: inventory.total,
      agents,
      frameworks: [...inventory.frameworks.values()].filter(
        ({ member, roles }) => member !== null && roles.length > 0 && this.host.reachable(member),
      ),
      heldByRole: inventory.heldByRole,
      weightMilli: (role) => machine.roles.weightMilli(role),
      refused: (frameworkId: FrameworkId, role: string, agentId: AgentId, free: Resources) =>
        filters.refused(frameworkId, role, agentId, free),
      minimum: this.limits.minimum,
    };
  }

  private schedule(): void {
    if (this.scheduled || this.term === null || this.candidates.size + this.order.length === 0) return;
    this.scheduled = true;
    this.context.timers.soon(() => {
      this.scheduled = false;
      if (this.term !== null) this.round();
    });
  }

  private round(): void {
    if (this.order.length === 0) {
      this.order = shuffled([...this.candidates], this.context.random);
      this.candidates.clear();
    }
    const input = this.input([]);
    if (input.frameworks.length === 0) this.order = [];
    else this.host.grant(this.serve(new Allocation(input)));
    this.schedule();
  }

  private serve(allocation: Allocation): Grant[] {
    const { clock } = this.context;
    const endMs = clock.monotonicMs() + this.limits.sliceMs;
    const grants: Grant[] = [];
    for (let served = 1; this.order.length > 0 && grants.length < this.limits.grantsPerRound; served++) {
      if (served % AGENTS_PER_LOOK === 0 && clock.monotonicMs() >= endMs) break;
      const agentId = this.order.pop()!;
      const agent = this.inventory.withFree.has(agentId) ? this.inventory.agents.get(agentId) : undefined;
      const grant = agent === undefined ? null : allocation.serve(agent);
      if (grant !== null) grants.push(grant);
    }
    return grants;
  }
}

/** Fisher and Yates: no agent is always the first to be given away. */
function shuffled<T>(list: T[], random: Random): T[] {
  for (let i = list.length - 1; i > 0; i--) {
    const j = below(random, i + 1);
    const item = list[i]!;
    list[i] = list[j]!;
    list[j] = item;
  }
  return list;
}
