import type { AgentId, ClusterId, FrameworkId, TaskId } from '../../../lib/base/index.js';
import type { AgentMessage, MasterMessage, Registered } from '../../../lib/agent/link.js';
import {
  isTerminal,
  type Registration,
  type StatusUpdate,
  type TaskRef,
  type TaskToRun,
} from '../../../lib/agent/types.js';

/** One stream of an agent, as its master sees it. */
export interface Connection {
  readonly address: string;
  readonly registration: Registration;
  deliver(message: MasterMessage): void;
  end(reason: string): void;
}

type Answer = (registration: Registration) => MasterMessage | undefined;

/**
 * The masters as an agent knows them: answers registrations, launches and kills, and commits the updates it gets
 * (unless told not to), with a revision that grows.
 */
export class MasterDouble {
  readonly connections: Connection[] = [];
  /** Everything received, repeats included. */
  readonly received: StatusUpdate[] = [];
  heartbeats = 0;
  revision = 100;
  commits = true;
  unknownTasks: TaskRef[] = [];
  answer: Answer = () => this.registered();
  /** Uuids of committed updates. */
  private readonly committed = new Set<string>();
  onReceived: (update: StatusUpdate) => void = () => {};

  get connection(): Connection | undefined {
    return this.connections.at(-1);
  }

  registered(changes: Partial<Registered> = {}): Registered {
    return {
      kind: 'registered',
      agentId: 'A1' as AgentId,
      clusterId: 'C' as ClusterId,
      revision: this.revision,
      heartbeatMs: 1000,
      timeoutMs: 15_000,
      unknownTasks: this.unknownTasks,
      ...changes,
    };
  }

  connected(connection: Connection): void {
    this.connections.push(connection);
    const answer = this.answer(connection.registration);
    if (answer !== undefined) connection.deliver(answer);
  }

  sent(connection: Connection, message: AgentMessage): void {
    if (message.kind === 'heartbeat') {
      this.heartbeats++;
      connection.deliver({ kind: 'heartbeat', revision: this.revision });
      return;
    }
    this.received.push(message.update);
    if (this.commits) this.commit(message.update, connection);
    this.onReceived(message.update);
  }

  commit(update: StatusUpdate, connection = this.connection): void {
    const { frameworkId, taskId, sequence, uuid } = update;
    this.committed.add(uuid);
    connection?.deliver({
      kind: 'update-committed',
      frameworkId,
      taskId,
      sequence,
      revision: ++this.revision,
    });
  }

  /** Whether a terminal update of the task is committed. */
  hasEnded(ref: TaskRef): boolean {
    return this.updatesOf(ref).some(({ state, uuid }) => isTerminal(state) && this.committed.has(uuid));
  }

  launch(task: TaskToRun): void {
    this.connection?.deliver({ kind: 'launch', task, revision: ++this.revision });
  }

  kill(ref: TaskRef, graceMs?: number): void {
    const { frameworkId, taskId } = ref;
    const grace = graceMs === undefined ? {} : { graceMs };
    this.connection?.deliver({ kind: 'kill', frameworkId, taskId, ...grace, revision: ++this.revision });
  }

  /** Updates of a task without repeats, in the order of their first arrival. */
  updatesOf(ref: TaskRef): StatusUpdate[] {
    const seen = new Set<string>();
    return this.received.filter(({ frameworkId, taskId, uuid }) => {
      if (frameworkId !== ref.frameworkId || taskId !== ref.taskId || seen.has(uuid)) return false;
      seen.add(uuid);
      return true;
    });
  }

  statesOf(ref: TaskRef): string[] {
    return this.updatesOf(ref).map(({ state }) => state);
  }

  lastOf(ref: TaskRef): StatusUpdate | undefined {
    return this.updatesOf(ref).at(-1);
  }
}

export function shellTask(taskId: string, line: string, changes: Partial<TaskToRun> = {}): TaskToRun {
  return {
    frameworkId: 'F1' as FrameworkId,
    taskId: taskId as TaskId,
    name: taskId,
    command: { shell: true, value: line, arguments: [], environment: {} },
    resources: { cpus: 0.1, memMb: 16, diskMb: 0 },
    killGraceMs: 1000,
    ...changes,
  };
}
