import { memberOf, type AgentId, type FrameworkId, type MemberId } from '../../base/index.js';
import { FRAMEWORK_CAPABILITY, type Machine, type Resources } from '../../state/index.js';
import { NOTHING, add, amountOf, isNothing, subtract } from '../resources/quantities.js';
import type { Grant, OfferableAgent, OfferableFramework } from './types.js';

export interface AgentStock extends OfferableAgent {
  readonly connected: boolean;
  readonly total: Resources;
  readonly allocated: Resources;
  readonly offered: Resources;
}

export interface FrameworkStock extends OfferableFramework {
  readonly subscription: number;
  /** The master that serves its stream; null while it is not connected. */
  readonly member: MemberId | null;
  readonly suppressed: readonly string[];
}

/**
 * What there is and who holds it: the machine's tables together with the leader's outstanding offers, kept
 * current one agent or framework at a time.
 */
export class Inventory {
  readonly agents: Map<AgentId, AgentStock> = new Map();
  readonly frameworks: Map<FrameworkId, FrameworkStock> = new Map();
  readonly heldByRole: Map<string, Resources> = new Map();
  /** Connected agents with anything free. */
  readonly withFree: Set<AgentId> = new Set();
  private readonly machine: () => Machine;
  private readonly offeredOf: Map<FrameworkId, Map<string, Resources>> = new Map();
  private connectedTotal: Resources = NOTHING;

  constructor(machine: () => Machine) {
    this.machine = machine;
  }

  /** Resources of all connected agents. */
  get total(): Resources {
    return this.connectedTotal;
  }

  rebuild(): void {
    this.clear();
    for (const { agentId } of this.machine().agents.list()) this.refreshAgent(agentId);
    for (const { frameworkId } of this.machine().frameworks.list()) this.refreshFramework(frameworkId);
  }

  clear(): void {
    this.agents.clear();
    this.frameworks.clear();
    this.heldByRole.clear();
    this.withFree.clear();
    this.offeredOf.clear();
    this.connectedTotal = NOTHING;
  }

  /** Takes an agent's resources and use from the machine again. */
  refreshAgent(agentId: AgentId): void {
    const former = this.agents.get(agentId);
    const view = this.machine().agents.get(agentId);
    if (former?.connected === true) this.connectedTotal = subtract(this.connectedTotal, former.total);
    if (view === null || view.status.kind === 'removed') {
      this.agents.delete(agentId);
      this.withFree.delete(agentId);
      return;
    }
    const connected = view.status.kind === 'connected';
    if (connected) this.connectedTotal = add(this.connectedTotal, view.resources);
    this.setAgent({
      agentId,
      connected,
      total: view.resources,
      hasGpus: amountOf(view.resources, 'gpus') > 0,
      allocated: this.machine().agents.allocated(agentId),
      offered: former?.offered ?? NOTHING,
    });
  }

  /** Takes a framework's roles, connection and use from the machine again. */
  refreshFramework(frameworkId: FrameworkId): void {
    this.countHeld(frameworkId, subtract);
    const view = this.machine().frameworks.get(frameworkId);
    if (view === null || view.status.kind === 'completed') {
      this.frameworks.delete(frameworkId);
      return;
    }
    const { status, roles, suppressed, capabilities, subscription } = view;
    this.frameworks.set(frameworkId, {
      frameworkId,
      subscription,
      member: status.kind === 'connected' ? memberOf(status.connection.member) : null,
      roles: roles.filter((role) => !suppressed.includes(role)),
      suppressed,
      gpus: (capabilities & FRAMEWORK_CAPABILITY.gpuResources) !== 0,
      held: this.heldBy(frameworkId),
    });
    this.countHeld(frameworkId, add);
  }

  /** The grant became an outstanding offer. */
  offer(grant: Grant): void {
    this.changeOffered(grant, add);
  }

  /** The offer of this grant is no longer outstanding. */
  release(grant: Grant): void {
    this.changeOffered(grant, subtract);
  }

  private changeOffered(grant: Grant, change: (a: Resources, b: Resources) => Resources): void {
    const { agentId, frameworkId, role, resources } = grant;
    const agent = this.agents.get(agentId);
    if (agent !== undefined) this.setAgent({ ...agent, offered: change(agent.offered, resources) });
    let byRole = this.offeredOf.get(frameworkId);
    if (byRole === undefined) this.offeredOf.set(frameworkId, (byRole = new Map()));
    const offered = change(byRole.get(role) ?? NOTHING, resources);
    if (isNothing(offered)) byRole.delete(role);
    else byRole.set(role, offered);
    if (byRole.size === 0) this.offeredOf.delete(frameworkId);
    this.refreshFramework(frameworkId);
  }

  private setAgent(agent: Omit<AgentStock, 'free'>): void {
    const free = subtract(agent.total, add(agent.allocated, agent.offered));
    this.agents.set(agent.agentId, { ...agent, free });
    if (agent.connected && !isNothing(free)) this.withFree.add(agent.agentId);
    else this.withFree.delete(agent.agentId);
  }

  private heldBy(frameworkId: FrameworkId): ReadonlyMap<string, Resources> {
    const held = new Map<string, Resources>(this.offeredOf.get(frameworkId));
    for (const { role, allocated } of this.machine().frameworks.allocated(frameworkId)) {
      held.set(role, add(held.get(role) ?? NOTHING, allocated));
    }
    return held;
  }

  private countHeld(frameworkId: FrameworkId, change: (a: Resources, b: Resources) => Resources): void {
    for (const [role, held] of this.frameworks.get(frameworkId)?.held ?? []) {
      const sum = change(this.heldByRole.get(role) ?? NOTHING, held);
      if (isNothing(sum)) this.heldByRole.delete(role);
      else this.heldByRole.set(role, sum);
    }
  }
}
