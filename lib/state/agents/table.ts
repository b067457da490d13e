import type { AgentId } from '../../base/index.js';
import type { Digest } from '../store/digest.js';
import { ObjectTable } from '../store/object-table.js';
import type { SweepSet } from '../tasks/sweeps.js';
import { AGENT_RECORD } from './codec.js';
import type { AgentView } from './types.js';

const AGENT_FIXED_BYTES = 1024;

/** Agents by id, removed ones included: their ids are refused for as long as they are remembered. */
export class AgentTable {
  readonly table: ObjectTable<AgentView>;
  private readonly sweeps: SweepSet;
  private removed = 0;

  constructor(number: number, digest: Digest, sweeps: SweepSet) {
    this.sweeps = sweeps;
    this.table = new ObjectTable({
      number,
      name: 'agents',
      version: 1,
      fixedBytes: AGENT_FIXED_BYTES,
      digest,
      codec: AGENT_RECORD,
    });
  }

  get(id: AgentId): AgentView | null {
    return this.table.get(id);
  }

  list(): AgentView[] {
    return this.table.list();
  }

  put(agent: AgentView): void {
    const before = this.table.get(agent.agentId);
    if (before?.status.kind !== 'removed' && agent.status.kind === 'removed') this.removed++;
    this.table.put(agent.agentId, agent);
    this.sweeps.setAgent(agent.agentId, agent.sweep);
  }

  /** Forgets the agents removed first, beyond `kept` of them; those that still have tasks to sweep stay. */
  forgetRemoved(kept: number): void {
    while (this.removed > kept) {
      const oldest = this.list()
        .filter((agent) => agent.status.kind === 'removed' && agent.sweep === null)
        .reduce<AgentView | null>(
          (least, agent) => (least && least.revision < agent.revision ? least : agent),
          null,
        );
      if (oldest === null) return;
      this.table.delete(oldest.agentId);
      this.removed--;
    }
  }

  finishLoad(): void {
    this.removed = 0;
    for (const agent of this.list()) {
      if (agent.status.kind === 'removed') this.removed++;
      this.sweeps.setAgent(agent.agentId, agent.sweep);
    }
  }
}
