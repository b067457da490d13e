import type { AgentId } from '../../base/index.js';
import type { Resources } from '../resources.js';
import type { State } from '../state.js';
import { isTerminal } from '../tasks/states.js';
import type { TaskView } from '../tasks/types.js';
import type { AgentOrders, AgentsView, AgentView, KillOrder } from './types.js';

export class AgentStateView implements AgentsView {
  private readonly state: State;

  constructor(state: State) {
    this.state = state;
  }

  get size(): number {
    return this.state.agents.table.records;
  }

  get(agentId: AgentId): AgentView | null {
    return this.state.agents.get(agentId);
  }

  list(): AgentView[] {
    return this.state.agents.list();
  }

  allocated(agentId: AgentId): Resources {
    return this.state.tasks.lists.allocatedOn(agentId);
  }

  commandsFor(agentId: AgentId, knownRevision: number = 0): AgentOrders {
    const { tasks } = this.state;
    const launches: TaskView[] = [];
    const kills: KillOrder[] = [];
    for (const row of tasks.lists.ofAgent(agentId)) {
      if (isTerminal(tasks.state(row))) continue;
      if (tasks.sequence.get(row) === 0 && tasks.launchedAt(row) > knownRevision)
        launches.push(tasks.view(row));
      if (tasks.killedAt(row) <= knownRevision) continue;
      const { frameworkId, taskId, kill } = tasks.view(row);
      if (kill !== null) kills.push({ frameworkId, taskId, ...kill });
    }
    return { launches, kills };
  }
}
