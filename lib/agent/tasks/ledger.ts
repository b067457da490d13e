import { must, randomHex, type Clock, type Random } from '../../base/index.js';
import type { Checkpoint } from '../checkpoint/checkpoint.js';
import type { TaskRecord } from '../checkpoint/model.js';
import { refOf, taskKey, type Status, type TaskRef, type TaskReport, type TaskToRun } from '../types.js';
import type { Outbox } from '../updates/outbox.js';

export type Phase =
  /** The launch is on its way to the disk. */
  | 'recording'
  /** Waits for its turn, for the holder, or for the masters' word that it is still wanted. */
  | 'queued'
  /** The holder was asked to start it. */
  | 'starting'
  | 'running'
  /** No process is left; the terminal update is made, unless nobody wants it. */
  | 'ended';

export interface AgentTask {
  readonly ref: TaskRef;
  readonly record: TaskRecord;
  phase: Phase;
  /** The group does not know the task: it ends without updates. */
  unwanted: boolean;
}

export interface LedgerOptions {
  readonly checkpoint: Checkpoint;
  readonly outbox: Outbox;
  readonly clock: Clock;
  readonly random: Random;
}

interface Watcher {
  readonly holds: () => boolean;
  readonly callback: () => void;
}

/** The tasks of the agent, in memory and on disk, and the updates made about them. */
export class TaskLedger {
  private readonly options: LedgerOptions;
  private readonly tasks: Map<string, AgentTask> = new Map<string, AgentTask>();
  private watchers: Watcher[] = [];

  constructor(options: LedgerOptions) {
    this.options = options;
  }

  get size(): number {
    return this.tasks.size;
  }

  get(ref: TaskRef): AgentTask | undefined {
    return this.tasks.get(taskKey(ref));
  }

  /** Tasks may be removed while this is gone through. */
  all(): IterableIterator<AgentTask> {
    return this.tasks.values();
  }

  reports(): TaskReport[] {
    return [...this.tasks.values()].map(({ ref, record }) => ({
      ...ref,
      lastSequence: record.lastSequence,
      terminal: record.terminal,
    }));
  }

  /** Takes up the records of an earlier process of this agent, and sends their updates on. */
  load(): void {
    for (const record of this.options.checkpoint.model.tasks.values()) {
      const phase = record.terminal ? 'ended' : 'queued';
      this.tasks.set(taskKey(record.task), { ref: refOf(record.task), record, phase, unwanted: false });
      for (const update of record.pending) this.options.outbox.add(update);
    }
  }

  /** A new task, whose launch is durable when it is called back. */
  add(launched: TaskToRun, revision: number, onDurable: () => void): AgentTask {
    const { checkpoint } = this.options;
    const key = taskKey(launched);
    checkpoint.write({ op: 'launch', task: launched, revision }, onDurable);
    const record = must(checkpoint.model.tasks.get(key), 'a launch makes a record');
    const task: AgentTask = { ref: refOf(launched), record, phase: 'recording', unwanted: false };
    this.tasks.set(key, task);
    return task;
  }

  /** Makes the next status update of the task; it is sent once it is durable. */
  update(task: AgentTask, status: Status): void {
    if (task.unwanted) return;
    const { checkpoint, outbox, clock, random } = this.options;
    const update = {
      ...task.ref,
      ...status,
      sequence: task.record.lastSequence + 1,
      uuid: randomHex(random, 16),
      timestampMs: clock.wallMs(),
    };
    checkpoint.write({ op: 'update', update }, () => {
      if (!task.unwanted) outbox.add(update);
    });
  }

  remove(task: AgentTask): void {
    this.options.checkpoint.write({ op: 'removed', ref: task.ref });
    this.tasks.delete(taskKey(task.ref));
    this.changed();
  }

  /** Calls back as soon as no task has, or may get, a process. */
  allEnded(callback: () => void): void {
    this.watch({ holds: () => [...this.tasks.values()].every(({ phase }) => phase === 'ended'), callback });
  }

  /** Calls back as soon as no task is recorded. */
  empty(callback: () => void): void {
    this.watch({ holds: () => this.tasks.size === 0, callback });
  }

  /** To be called when a task has ended. */
  changed(): void {
    if (this.watchers.length === 0) return;
    const due = this.watchers.filter(({ holds }) => holds());
    this.watchers = this.watchers.filter((watcher) => !due.includes(watcher));
    for (const { callback } of due) callback();
  }

  private watch(watcher: Watcher): void {
    this.watchers.push(watcher);
    this.changed();
  }
}
