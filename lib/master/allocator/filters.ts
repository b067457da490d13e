import type { AgentId, FrameworkId } from '../../base/index.js';
import type { Resources } from '../../state/index.js';
import { covers } from '../resources/quantities.js';
import { Deadlines } from '../time/deadlines.js';

interface Filter {
  readonly resources: Resources;
  readonly untilMs: number;
}

const DEFAULT_REFUSE_MS = 5_000;
const LONGEST_REFUSE_MS = 365 * 24 * 3_600_000;

/** How long declined resources stay away, from `Filters.refuse_seconds`. 0: not at all. */
export function refuseMsOf(refuseSeconds: number | undefined): number {
  if (refuseSeconds === undefined || Number.isNaN(refuseSeconds) || refuseSeconds < 0)
    return DEFAULT_REFUSE_MS;
  return Math.min(Math.round(refuseSeconds * 1000), LONGEST_REFUSE_MS);
}

/** What frameworks declined, by agent and then framework and role. Soft: a new leader offers anew. */
export class Filters {
  private readonly byAgent: Map<AgentId, Map<string, Filter>> = new Map();
  private readonly ends: Deadlines<AgentId>;

  constructor(slotMs: number) {
    this.ends = new Deadlines(slotMs);
  }

  clear(): void {
    this.byAgent.clear();
    this.ends.clear();
  }

  refuse(
    frameworkId: FrameworkId,
    role: string,
    agentId: AgentId,
    resources: Resources,
    untilMs: number,
  ): void {
    let filters = this.byAgent.get(agentId);
    if (filters === undefined) this.byAgent.set(agentId, (filters = new Map()));
    filters.set(key(frameworkId, role), { resources, untilMs });
    this.armEnd(agentId, filters);
  }

  /** Whether `offered` is no more than what the framework refused. */
  refused(frameworkId: FrameworkId, role: string, agentId: AgentId, offered: Resources): boolean {
    const filter = this.byAgent.get(agentId)?.get(key(frameworkId, role));
    return filter !== undefined && covers(filter.resources, offered);
  }

  /** The agent changed: what was refused is no longer what is there. */
  agentChanged(agentId: AgentId): void {
    this.byAgent.delete(agentId);
    this.ends.delete(agentId);
  }

  /** The framework wants to see everything again in these roles (null: in all). */
  revived(frameworkId: FrameworkId, roles: readonly string[] | null): void {
    for (const filters of this.byAgent.values()) {
      if (roles !== null) for (const role of roles) filters.delete(key(frameworkId, role));
      else for (const name of filters.keys()) if (name.startsWith(key(frameworkId, ''))) filters.delete(name);
    }
  }

  /** Agents of which a filter has ended. */
  expired(nowMs: number): AgentId[] {
    const agents = this.ends.expired(nowMs);
    for (const agentId of agents) {
      const filters = this.byAgent.get(agentId);
      if (filters === undefined) continue;
      for (const [name, filter] of filters) if (filter.untilMs <= nowMs) filters.delete(name);
      if (filters.size === 0) this.byAgent.delete(agentId);
      else this.armEnd(agentId, filters);
    }
    return agents;
  }

  private armEnd(agentId: AgentId, filters: ReadonlyMap<string, Filter>): void {
    let first = Number.POSITIVE_INFINITY;
    for (const { untilMs } of filters.values()) first = Math.min(first, untilMs);
    this.ends.set(agentId, first);
  }
}

function key(frameworkId: FrameworkId, role: string): string {
  return `${frameworkId}\0${role}`;
}
