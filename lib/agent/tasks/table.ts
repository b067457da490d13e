import {
  assert,
  must,
  randomHex,
  type AgentId,
  type Clock,
  type Logger,
  type Random,
} from '../../base/index.js';
import type { Checkpoint } from '../checkpoint/checkpoint.js';
import type { TaskRecord } from '../checkpoint/model.js';
import type { HeldTask, Holder, Outcome, SpawnOrder } from '../holder/port.js';
import {
  refOf,
  taskKey,
  type Status,
  type TaskRef,
  type TaskReport,
  type TaskToRun,
  type Unrunnable,
} from '../types.js';
import type { Outbox } from '../updates/outbox.js';
import { StartQueue } from './start-queue.js';
import {
  killedUnstartedStatus,
  outcomeStatus,
  overLimitStatus,
  rebootedStatus,
  runningStatus,
  unheldStatus,
  unrunnableStatus,
} from './statuses.js';

export interface TableOptions {
  readonly checkpoint: Checkpoint;
  readonly holder: Holder;
  readonly outbox: Outbox;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Beyond this many tasks a launch fails; beyond twice as many it is not even recorded. */
  readonly maxTasks: number;
  /** Starts asked of the holder and not yet answered. */
  readonly maxStarts: number;
  readonly orderOf: (agentId: AgentId, task: TaskToRun) => SpawnOrder | Unrunnable;
  /** The records of a task are gone; its sandbox is only of interest to people. */
  readonly onRemoved: (ref: TaskRef) => void;
}

type Phase =
  /** The launch is on its way to the disk. */
  | 'recording'
  /** Waits for its turn, for the holder, or for the masters' word that it is still wanted. */
  | 'queued'
  /** The holder was asked to start it. */
  | 'starting'
  | 'running'
  /** No process is left; the terminal update is made, unless nobody wants it. */
  | 'ended';

interface AgentTask {
  readonly ref: TaskRef;
  readonly record: TaskRecord;
  phase: Phase;
  /** The group does not know the task: it ends without updates. */
  unwanted: boolean;
}

/**
 * The tasks of the agent, from launch to forgotten. Each step is derived from what is recorded here and what the
 * holder says, never from what was asked before: a repeated or lost order, event or acknowledgement is harmless.
 *
 *     recording ─► queued ─► starting ─► running ─► ended ─► (terminal update committed, durable) ─► removed
 */
export class TaskTable {
  private readonly options: TableOptions;
  private readonly tasks: Map<string, AgentTask> = new Map<string, AgentTask>();
  private readonly starts: StartQueue<AgentTask>;
  private holderUp = false;
  private startsAllowed = false;
  private rebooted = false;
  /** Every task is to end, those included that the holder has yet to name. */
  private endingGraceMs: number | null = null;
  private watchers: { readonly holds: () => boolean; readonly callback: () => void }[] = [];

  constructor(options: TableOptions) {
    this.options = options;
    this.starts = new StartQueue(options.maxStarts);
  }

  get size(): number {
    return this.tasks.size;
  }

  /** Takes up the records of an earlier process of this agent. */
  load(rebooted: boolean): void {
    const { checkpoint, outbox } = this.options;
    this.rebooted = rebooted;
    for (const record of checkpoint.model.tasks.values()) {
      const task: AgentTask = {
        ref: refOf(record.task),
        record,
        phase: record.terminal ? 'ended' : 'queued',
        unwanted: false,
      };
      this.tasks.set(taskKey(task.ref), task);
      for (const update of record.pending) outbox.add(update);
      if (record.terminal && record.pending.length === 0) this.remove(task);
    }
  }

  /** The masters have taken up this agent: what they still want may start. */
  allowStarts(): void {
    this.startsAllowed = this.endingGraceMs === null;
    this.startNext();
  }

  reports(): TaskReport[] {
    return [...this.tasks.values()].map(({ ref, record }) => ({
      ...ref,
      lastSequence: record.lastSequence,
      terminal: record.terminal,
    }));
  }

  /** Calls back as soon as no task has, or may get, a process. */
  allEnded(callback: () => void): void {
    this.watch(() => [...this.tasks.values()].every(({ phase }) => phase === 'ended'), callback);
  }

  /** Calls back as soon as no task is recorded. */
  empty(callback: () => void): void {
    this.watch(() => this.tasks.size === 0, callback);
  }

  // -------------------------------------------------------------------------------------------------------
  // Masters

  launch(launched: TaskToRun, revision: number): void {
    const { checkpoint, maxTasks, logger } = this.options;
    const key = taskKey(launched);
    // The masters repeat it to the next process of this agent.
    if (this.endingGraceMs !== null) return;
    if (this.tasks.has(key)) return checkpoint.write({ op: 'known', revision });
    if (this.tasks.size >= 2 * maxTasks) {
      return logger.error({ ...refOf(launched), maxTasks }, 'launch ignored: far too many tasks');
    }
    const task = this.record(launched, revision, () => {
      if (task.phase !== 'recording') return;
      task.phase = 'queued';
      this.starts.add(task);
      this.startNext();
    });
    if (this.tasks.size > maxTasks) this.end(task, overLimitStatus(maxTasks));
  }

  kill(ref: TaskRef, graceMs: number | undefined, revision: number): void {
    const task = this.tasks.get(taskKey(ref));
    if (task === undefined) return this.killUnseen(ref, revision);
    const grace = graceMs ?? task.record.task.killGraceMs;
    this.options.checkpoint.write({ op: 'kill', ref: task.ref, graceMs: grace, revision });
    this.endProcess(task, grace);
  }

  committed(ref: TaskRef, sequence: number, revision: number): void {
    const { checkpoint, outbox, logger } = this.options;
    const task = this.tasks.get(taskKey(ref));
    if (task === undefined) return;
    const { record } = task;
    if (sequence !== record.committedSequence + 1 || sequence > record.lastSequence) {
      if (sequence > record.lastSequence)
        logger.error({ ...ref, sequence }, 'an update never made is committed');
      return;
    }
    outbox.committed(ref, sequence);
    const last = record.terminal && sequence === record.lastSequence;
    checkpoint.write({ op: 'committed', ref: task.ref, sequence, revision }, () => {
      // Only now is it durable that the agent knows this revision: no older member can bring the task back.
      if (last && this.tasks.get(taskKey(ref)) === task) this.remove(task);
    });
  }

  /** The group does not know these tasks, or no longer wants them. */
  abandon(refs: readonly TaskRef[]): void {
    for (const ref of refs) {
      const task = this.tasks.get(taskKey(ref));
      if (task === undefined || task.unwanted) continue;
      task.unwanted = true;
      this.options.outbox.discard(task.ref);
      this.endProcess(task, task.record.task.killGraceMs);
      const stillThere = this.tasks.get(taskKey(ref)) === task;
      if (task.phase === 'ended' && stillThere) this.remove(task);
    }
  }

  abandonAll(): void {
    this.startsAllowed = false;
    this.abandon([...this.tasks.values()].map(({ ref }) => ref));
  }

  /** Ends every task; the updates say so. */
  killAll(graceMs: number): void {
    this.startsAllowed = false;
    this.endingGraceMs = graceMs;
    for (const task of this.tasks.values()) {
      this.endProcess(task, Math.min(graceMs, task.record.task.killGraceMs));
    }
  }

  // -------------------------------------------------------------------------------------------------------
  // Holder

  holderDown(): void {
    this.holderUp = false;
  }

  /** A holder is connected, and this is all it knows: bring every task in line with it. */
  holderTasks(held: readonly HeldTask[]): void {
    this.holderUp = true;
    this.starts.clear();
    const known = new Map(held.map((task) => [taskKey(task), task]));
    for (const task of held) if (!this.tasks.has(taskKey(task))) this.dropUnrecorded(task);
    for (const task of this.tasks.values()) this.align(task, known.get(taskKey(task.ref)));
    this.rebooted = false;
    this.startNext();
  }

  started(ref: TaskRef): void {
    const task = this.tasks.get(taskKey(ref));
    if (task === undefined || task.phase === 'ended' || task.phase === 'running') return;
    this.starts.answered(task);
    task.phase = 'running';
    if (task.record.lastSequence === 0) this.update(task, runningStatus());
    this.startNext();
  }

  ended(ref: TaskRef, outcome: Outcome): void {
    const task = this.tasks.get(taskKey(ref));
    if (task === undefined) return this.options.holder.forget(ref);
    if (task.phase === 'ended') return;
    this.starts.answered(task);
    // It ran, though nobody may have seen it running.
    if (outcome.kind === 'exited' && task.record.lastSequence === 0) this.update(task, runningStatus());
    this.end(task, outcomeStatus(outcome));
    this.startNext();
  }

  private align(task: AgentTask, held: HeldTask | undefined): void {
    if (task.phase === 'ended' || task.phase === 'recording') return;
    if (held === undefined) return this.alignUnheld(task);
    switch (held.state.kind) {
      case 'starting':
        task.phase = 'starting';
        this.starts.asked(task);
        break;
      case 'running':
        this.started(task.ref);
        break;
      case 'ended':
        return this.ended(task.ref, held.state.outcome);
    }
    this.repeatKill(task);
  }

  private alignUnheld(task: AgentTask): void {
    if (this.rebooted) return this.end(task, rebootedStatus());
    if (task.phase === 'running' || task.record.lastSequence > 0) return this.end(task, unheldStatus());
    task.phase = 'queued';
    if (this.graceOf(task) !== null) return this.end(task, killedUnstartedStatus());
    this.starts.add(task);
  }

  private repeatKill(task: AgentTask): void {
    const graceMs = this.graceOf(task);
    if (graceMs !== null) this.options.holder.kill(task.ref, graceMs);
  }

  /** Null while the task is to run. */
  private graceOf({ record, unwanted }: AgentTask): number | null {
    const policyMs = record.task.killGraceMs;
    if (this.endingGraceMs !== null) return Math.min(this.endingGraceMs, policyMs);
    return record.killGraceMs ?? (unwanted ? policyMs : null);
  }

  /** The agent forgot it first, so its end was committed; a process of it can only be a mistake. */
  private dropUnrecorded(held: HeldTask): void {
    if (held.state.kind === 'ended') this.options.holder.forget(held);
    else this.options.holder.kill(held, 0);
  }

  // -------------------------------------------------------------------------------------------------------
  // Steps of one task

  private record(launched: TaskToRun, revision: number, onDurable: () => void): AgentTask {
    const { checkpoint } = this.options;
    const key = taskKey(launched);
    checkpoint.write({ op: 'launch', task: launched, revision }, onDurable);
    const record = must(checkpoint.model.tasks.get(key), 'a launch makes a record');
    const task: AgentTask = { ref: refOf(launched), record, phase: 'recording', unwanted: false };
    this.tasks.set(key, task);
    return task;
  }

  /**
   * A kill overtook its launch, or the launch never came. The answer is final: the record keeps a launch that
   * comes later from starting anything.
   */
  private killUnseen(ref: TaskRef, revision: number): void {
    const command = { problem: 'killed before it was launched' };
    const resources = { cpus: 0, memMb: 0, diskMb: 0 };
    const task = { ...refOf(ref), name: '', command, resources, killGraceMs: 0 };
    this.end(
      this.record(task, revision, () => {}),
      killedUnstartedStatus(),
    );
  }

  private startNext(): void {
    const { checkpoint, orderOf, holder } = this.options;
    const { agentId } = checkpoint.model;
    if (agentId === null || !this.holderUp || !this.startsAllowed) return;
    for (let task = this.starts.next(); task !== undefined; task = this.starts.next()) {
      const order = orderOf(agentId, task.record.task);
      if ('problem' in order) {
        this.end(task, unrunnableStatus(order.problem));
        continue;
      }
      task.phase = 'starting';
      this.starts.asked(task);
      holder.run(order);
    }
  }

  private endProcess(task: AgentTask, graceMs: number): void {
    switch (task.phase) {
      case 'recording':
        this.end(task, killedUnstartedStatus());
        break;
      case 'queued':
        // Until the holder has spoken, a task taken up from an earlier process may be running.
        if (this.starts.has(task)) this.end(task, killedUnstartedStatus());
        break;
      case 'starting':
      case 'running':
        this.options.holder.kill(task.ref, graceMs);
        break;
      case 'ended':
        break;
    }
  }

  private end(task: AgentTask, status: Status): void {
    assert(task.phase !== 'ended', () => `task ${task.ref.taskId} ends twice`);
    task.phase = 'ended';
    this.starts.remove(task);
    if (task.unwanted) this.remove(task);
    else this.update(task, status);
    this.checkWatchers();
  }

  private update(task: AgentTask, status: Status): void {
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

  private remove(task: AgentTask): void {
    this.options.checkpoint.write({ op: 'removed', ref: task.ref });
    this.tasks.delete(taskKey(task.ref));
    this.options.holder.forget(task.ref);
    this.options.onRemoved(task.ref);
    this.checkWatchers();
  }

  private watch(holds: () => boolean, callback: () => void): void {
    this.watchers.push({ holds, callback });
    this.checkWatchers();
  }

  private checkWatchers(): void {
    const due = this.watchers.filter(({ holds }) => holds());
    this.watchers = this.watchers.filter((watcher) => !due.includes(watcher));
    for (const { callback } of due) callback();
  }
}
