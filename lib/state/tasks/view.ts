import type { AgentId, FrameworkId, TaskId } from '../../base/index.js';
import type { TaskTable } from './table.js';
import type { PendingUpdate, TasksView, TaskView } from './types.js';

export class TaskTableView implements TasksView {
  private readonly tasks: TaskTable;

  constructor(tasks: TaskTable) {
    this.tasks = tasks;
  }

  get size(): number {
    return this.tasks.lists.unfinished;
  }

  get(frameworkId: FrameworkId, taskId: TaskId): TaskView | null {
    const row = this.tasks.find(frameworkId, taskId);
    return row < 0 ? null : this.tasks.view(row);
  }

  ofFramework(frameworkId: FrameworkId): TaskView[] {
    const leaving = this.tasks.lists.ofFramework(frameworkId, 'leaving');
    const active = this.tasks.lists.ofFramework(frameworkId, 'active');
    return this.views([...leaving, ...active]);
  }

  completedOf(frameworkId: FrameworkId): TaskView[] {
    return this.views(this.tasks.lists.ofFramework(frameworkId, 'completed'));
  }

  ofAgent(agentId: AgentId): TaskView[] {
    return this.views(this.tasks.lists.ofAgent(agentId));
  }

  countOfAgent(agentId: AgentId): number {
    return this.tasks.lists.countOfAgent(agentId);
  }

  countOfFramework(frameworkId: FrameworkId): number {
    const { lists } = this.tasks;
    return lists.countOfFramework(frameworkId, 'leaving') + lists.countOfFramework(frameworkId, 'active');
  }

  keys(frameworkId: FrameworkId, completed: boolean): Uint8Array[] {
    const places = completed ? (['completed'] as const) : (['leaving', 'active'] as const);
    const rows = places.flatMap((place) => this.tasks.lists.ofFramework(frameworkId, place));
    return rows.map((row) => this.tasks.table.key(row));
  }

  byKey(key: Uint8Array): TaskView | null {
    const row = this.tasks.table.find(key, 0, key.length);
    return row < 0 ? null : this.tasks.view(row);
  }

  updates(frameworkId: FrameworkId, taskId: TaskId): PendingUpdate[] {
    const row = this.tasks.find(frameworkId, taskId);
    return row < 0 ? [] : this.tasks.pending(row);
  }

  private views(rows: readonly number[]): TaskView[] {
    return rows.map((row) => this.tasks.view(row));
  }
}
