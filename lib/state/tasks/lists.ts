import { assert, must, type AgentId, type FrameworkId } from '../../base/index.js';
import { addResources, isNothing, NO_RESOURCES, subtractResources, type Resources } from '../resources.js';
import type { ColumnTable } from '../store/column-table.js';
import { emptyList, RowLinks, type RowList } from '../store/row-list.js';
import type { TaskHead } from './table.js';

/** `active` tasks have a framework to tell; `leaving` ones lost theirs to a teardown; `completed` are history. */
export type TaskPlace = 'active' | 'leaving' | 'completed';

interface AgentTasks {
  /** Outside the history, in launch order. */
  readonly list: RowList;
  /** Of those that are not terminal. */
  allocated: Resources;
}

interface FrameworkTasks {
  readonly active: RowList;
  readonly leaving: RowList;
  readonly completed: RowList;
  readonly allocated: Map<string, Resources>;
}

/** Which tasks an agent and a framework have, and what they hold. All of it is derived from the task records. */
export class TaskLists {
  private readonly byAgent: Map<AgentId, AgentTasks> = new Map();
  private readonly byFramework: Map<FrameworkId, FrameworkTasks> = new Map();
  private readonly agentLinks: RowLinks;
  private readonly frameworkLinks: RowLinks;

  constructor(table: ColumnTable) {
    this.agentLinks = new RowLinks(table.derived(), table.derived());
    this.frameworkLinks = new RowLinks(table.derived(), table.derived());
  }

  /** Tasks outside the history. */
  unfinished = 0;

  /** A task appears: launched or loaded. `holding`: it is not terminal. */
  enter(row: number, head: TaskHead, place: TaskPlace, holding: boolean): void {
    const framework = this.frameworkTasks(head.frameworkId);
    this.frameworkLinks.append(framework[place], row);
    if (place === 'completed') return;
    this.unfinished++;
    const agent = this.agentTasks(head.agentId);
    this.agentLinks.append(agent.list, row);
    if (!holding) return;
    agent.allocated = addResources(agent.allocated, head.resources);
    const share = framework.allocated.get(head.role) ?? NO_RESOURCES;
    framework.allocated.set(head.role, addResources(share, head.resources));
  }

  free(head: TaskHead): void {
    const agent = this.agentTasks(head.agentId);
    agent.allocated = subtractResources(agent.allocated, head.resources);
    const framework = this.frameworkTasks(head.frameworkId);
    const share = subtractResources(framework.allocated.get(head.role) ?? NO_RESOURCES, head.resources);
    if (isNothing(share)) framework.allocated.delete(head.role);
    else framework.allocated.set(head.role, share);
  }

  move(row: number, frameworkId: FrameworkId, from: TaskPlace, to: TaskPlace): void {
    const framework = this.frameworkTasks(frameworkId);
    this.frameworkLinks.remove(framework[from], row);
    this.frameworkLinks.append(framework[to], row);
  }

  leaveAgent(row: number, agentId: AgentId): void {
    const agent = must(this.byAgent.get(agentId), () => `agent ${agentId} has no tasks`);
    this.agentLinks.remove(agent.list, row);
    this.unfinished--;
    if (agent.list.count > 0) return;
    assert(isNothing(agent.allocated), () => `agent ${agentId} has no tasks left but resources in use`);
    this.byAgent.delete(agentId);
  }

  /** Takes the oldest of a framework's history beyond `kept` out of its list. */
  dropCompleted(frameworkId: FrameworkId, kept: number): number[] {
    const framework = this.byFramework.get(frameworkId);
    if (framework === undefined) return [];
    const dropped: number[] = [];
    while (framework.completed.count > kept) {
      const row = framework.completed.first - 1;
      this.frameworkLinks.remove(framework.completed, row);
      dropped.push(row);
    }
    const { active, leaving, completed } = framework;
    if (active.count + leaving.count + completed.count === 0) this.byFramework.delete(frameworkId);
    return dropped;
  }

  ofAgent(agentId: AgentId): number[] {
    const agent = this.byAgent.get(agentId);
    return agent === undefined ? [] : this.agentLinks.rows(agent.list);
  }

  countOfAgent(agentId: AgentId): number {
    return this.byAgent.get(agentId)?.list.count ?? 0;
  }

  allocatedOn(agentId: AgentId): Resources {
    return this.byAgent.get(agentId)?.allocated ?? NO_RESOURCES;
  }

  ofFramework(frameworkId: FrameworkId, place: TaskPlace): number[] {
    const framework = this.byFramework.get(frameworkId);
    return framework === undefined ? [] : this.frameworkLinks.rows(framework[place]);
  }

  /** The framework's active tasks launched first, `limit` at most. */
  firstActive(frameworkId: FrameworkId, limit: number): number[] {
    const framework = this.byFramework.get(frameworkId);
    return framework === undefined ? [] : this.frameworkLinks.rows(framework.active, limit);
  }

  countOfFramework(frameworkId: FrameworkId, place: TaskPlace): number {
    return this.byFramework.get(frameworkId)?.[place].count ?? 0;
  }

  /** Tasks outside the history. */
  countUnfinished(frameworkId: FrameworkId): number {
    return this.countOfFramework(frameworkId, 'active') + this.countOfFramework(frameworkId, 'leaving');
  }

  allocatedTo(frameworkId: FrameworkId): ReadonlyMap<string, Resources> {
    return this.byFramework.get(frameworkId)?.allocated ?? new Map<string, Resources>();
  }

  private agentTasks(agentId: AgentId): AgentTasks {
    let tasks = this.byAgent.get(agentId);
    if (tasks === undefined) {
      tasks = { list: emptyList(), allocated: NO_RESOURCES };
      this.byAgent.set(agentId, tasks);
    }
    return tasks;
  }

  private frameworkTasks(frameworkId: FrameworkId): FrameworkTasks {
    let tasks = this.byFramework.get(frameworkId);
    if (tasks === undefined) {
      tasks = { active: emptyList(), leaving: emptyList(), completed: emptyList(), allocated: new Map() };
      this.byFramework.set(frameworkId, tasks);
    }
    return tasks;
  }
}
