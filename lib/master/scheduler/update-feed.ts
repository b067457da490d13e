import { equalBytes, type AgentId, type FrameworkId, type TaskId } from '../../base/index.js';
import type { Machine } from '../../state/index.js';
import type { mesos } from '../../wire/index.js';
import { reconciledStatus, updateStatus } from './statuses.js';

/**
 * Status updates of one framework's stream. Only the oldest unacknowledged update of each task is ever
 * outstanding; it is read from the machine when the stream has room for it, so a slow stream gets it late and
 * never wrong. A new stream starts with an empty memory: all heads are sent again.
 */
export class UpdateFeed {
  private readonly machine: () => Machine;
  private readonly frameworkId: FrameworkId;
  /** Tasks whose head may have changed. */
  private readonly due: Set<TaskId> = new Set();
  /** The head last sent of each task, until it is acknowledged. */
  private readonly sent: Map<TaskId, Uint8Array> = new Map();
  /** Tasks whose state was asked for, with the agent that the framework believes them to be on. */
  private readonly toReconcile: Map<TaskId, AgentId | null> = new Map();

  constructor(machine: () => Machine, frameworkId: FrameworkId) {
    this.machine = machine;
    this.frameworkId = frameworkId;
  }

  /** Tasks whose state was asked for and is not sent yet. */
  get asked(): number {
    return this.toReconcile.size;
  }

  /** Sends the head of every task that has one (again, unless this stream has already sent it). */
  everything(): void {
    for (const task of this.machine().tasks.ofFramework(this.frameworkId)) {
      if (task.pendingUpdates > 0) this.due.add(task.taskId);
    }
  }

  changed(taskId: TaskId): void {
    this.due.add(taskId);
  }

  reconcile(taskId: TaskId, agentId: AgentId | null): void {
    this.toReconcile.set(taskId, agentId);
  }

  next(): mesos.TaskStatus | null {
    return this.nextUpdate() ?? this.nextReconciled();
  }

  private nextUpdate(): mesos.TaskStatus | null {
    const { tasks } = this.machine();
    for (const taskId of this.due) {
      this.due.delete(taskId);
      const head = tasks.updates(this.frameworkId, taskId)[0];
      const task = tasks.get(this.frameworkId, taskId);
      if (head === undefined || task === null) {
        this.sent.delete(taskId);
        continue;
      }
      const before = this.sent.get(taskId);
      if (before !== undefined && equalBytes(before, head.uuid)) continue;
      this.sent.set(taskId, head.uuid);
      return updateStatus(taskId, task.agentId, head);
    }
    return null;
  }

  private nextReconciled(): mesos.TaskStatus | null {
    const machine = this.machine();
    const framework = machine.frameworks.get(this.frameworkId);
    for (const [taskId, agentId] of this.toReconcile) {
      this.toReconcile.delete(taskId);
      if (framework !== null) return reconciledStatus(machine, framework, taskId, agentId);
    }
    return null;
  }
}
