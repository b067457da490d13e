import type { AgentId, FrameworkId } from '../../base/index.js';
import type { SweepKind, SweepView } from './types.js';

/** The sweeps in progress: derived from the agents and frameworks that carry one. */
export class SweepSet {
  private readonly agents: Map<AgentId, SweepKind> = new Map();
  private readonly frameworks: Set<FrameworkId> = new Set();
  private sorted: readonly SweepView[] | null = null;

  setAgent(id: AgentId, sweep: SweepKind | null): void {
    if ((this.agents.get(id) ?? null) === sweep) return;
    this.sorted = null;
    if (sweep === null) this.agents.delete(id);
    else this.agents.set(id, sweep);
  }

  setFramework(id: FrameworkId, tearingDown: boolean): void {
    if (this.frameworks.has(id) === tearingDown) return;
    this.sorted = null;
    if (tearingDown) this.frameworks.add(id);
    else this.frameworks.delete(id);
  }

  /** In order of ids, agents first. */
  list(): readonly SweepView[] {
    this.sorted ??= [
      ...[...this.agents].map(([id, sweep]): SweepView => ({ sweep, id })).sort(byId),
      ...[...this.frameworks].map((id): SweepView => ({ sweep: 'framework-teardown', id })).sort(byId),
    ];
    return this.sorted;
  }
}

function byId(a: SweepView, b: SweepView): number {
  return a.id < b.id ? -1 : 1;
}
