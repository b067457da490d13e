import { assert, type AgentId, type Logger } from '../../base/index.js';
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
import { TaskLedger, type AgentTask, type LedgerOptions } from './ledger.js';
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

export interface TableOptions extends LedgerOptions {
  readonly holder: Holder;
  readonly logger: Logger;
  /** Beyond this many tasks a launch fails; beyond twice as many it is not even recorded. */
  readonly maxTasks: number;
  /** Starts asked of the holder and not yet answered. */
  readonly maxStarts: number;
  readonly orderOf: (agentId: AgentId, task: TaskToRun) => SpawnOrder | Unrunnable;
  /** The records of a task are gone; its sandbox is only of interest to people. */
  readonly onRemoved: (ref: TaskRef) => void;
}

/**
 * Decides about the tasks of the agent, from launch to forgotten. Each step is derived from what is recorded here
 * and what the holder says, never from what was asked before: a repeated or lost order, event or acknowledgement
 * is harmless.
 *
 *     recording ─► queued ─► starting ─► running ─► ended ─► (terminal update committed, durable) ─► removed
 */
export class TaskTable {
  private readonly options: TableOptions;
  private readonly ledger: TaskLedger;
  private readonly starts: StartQueue<AgentTask>;
  private holderUp = false;
  private startsAllowed = false;
  private rebooted = false;
  /** Every task is to end, those included that the holder has yet to name. */
  private endingGraceMs: number | null = null;

  constructor(options: TableOptions) {
    this.options = options;
    this.ledger = new TaskLedger(options);
    this.starts = new StartQueue(options.maxStarts);
  }

  get size(): number {
    return this.ledger.size;
  }

  reports(): TaskReport[] {
    return this.ledger.reports();
  }

  /** Takes up the tasks of an earlier process of this agent; `rebooted`: of an earlier boot of the machine. */
  load(rebooted: boolean): void {
    this.rebooted = rebooted;
    this.ledger.load();
    for (const task of this.ledger.all()) {
      if (task.record.terminal && task.record.pending.length === 0) this.remove(task);
    }
  }

  /** The masters have taken up this agent: what they still want may start. */
  allowStarts(): void {
    this.startsAllowed = this.endingGraceMs === null;
    this.startNext();
  }

  /** A master has applied this revision, and no member that has applied less may judge the tasks from now on. */
  seen(revision: number): void {
    const { checkpoint } = this.options;
    if (checkpoint.model.knownRevision < revision) checkpoint.write({ op: 'known', revision });
  }

  /** Ends every task; the updates say so. Calls back when all have. */
  killAll(graceMs: number, onEnded: () => void): void {
    this.startsAllowed = false;
    this.endingGraceMs = graceMs;
    for (const task of this.ledger.all()) {
      this.endProcess(task, Math.min(graceMs, task.record.task.killGraceMs));
    }
    this.ledger.allEnded(onEnded);
  }

  // -------------------------------------------------------------------------------------------------------
  // What masters say

  launch(launched: TaskToRun, revision: number): void {
    const { maxTasks, logger } = this.options;
    // The masters repeat it to the next process of this agent.
    if (this.endingGraceMs !== null) return;
    if (this.ledger.get(launched) !== undefined) return this.seen(revision);
    if (this.ledger.size >= 2 * maxTasks) {
      return logger.error({ ...refOf(launched), maxTasks }, 'launch ignored: far too many tasks');
    }
    const task = this.ledger.add(launched, revision, () => {
      if (task.phase === 'recording') this.enqueue(task);
    });
    if (this.ledger.size > maxTasks) this.end(task, overLimitStatus(maxTasks));
  }

  kill(ref: TaskRef, graceMs: number | undefined, revision: number): void {
    const task = this.ledger.get(ref);
    if (task === undefined) return this.killUnseen(ref, revision);
    const grace = graceMs ?? task.record.task.killGraceMs;
    this.options.checkpoint.write({ op: 'kill', ref: task.ref, graceMs: grace, revision });
    this.endProcess(task, grace);
  }

  /** This update of the task, and all before it, are replicated. */
  committed(ref: TaskRef, sequence: number, revision: number): void {
    const task = this.ledger.get(ref);
    if (task === undefined) return;
    const { lastSequence, committedSequence } = task.record;
    if (sequence > lastSequence) {
      return this.options.logger.error({ ...ref, sequence }, 'an update never made is committed');
    }
    this.options.outbox.committed(ref, sequence);
    for (let next = committedSequence + 1; next <= sequence; next++) this.commitNext(task, next, revision);
  }

  /** The group does not know these tasks, or no longer wants them. */
  abandon(refs: readonly TaskRef[]): void {
    for (const ref of refs) {
      const task = this.ledger.get(ref);
      if (task === undefined || task.unwanted) continue;
      task.unwanted = true;
      this.options.outbox.discard(task.ref);
      if (task.phase === 'ended') this.remove(task);
      else this.endProcess(task, task.record.task.killGraceMs);
    }
  }

  /** The group has given the agent up. Calls back when no task is left. */
  abandonAll(onEmpty: () => void): void {
    this.startsAllowed = false;
    this.abandon(this.ledger.reports());
    this.ledger.empty(onEmpty);
  }

  // -------------------------------------------------------------------------------------------------------
  // What the holder says

  holderDown(): void {
    this.holderUp = false;
  }

  /** A holder is connected, and this is all it knows: bring every task in line with it. */
  holderTasks(held: readonly HeldTask[]): void {
    this.holderUp = true;
    this.starts.clear();
    const known = new Map(held.map((task) => [taskKey(task), task]));
    for (const task of held) if (this.ledger.get(task) === undefined) this.dropUnrecorded(task);
    for (const task of this.ledger.all()) this.align(task, known.get(taskKey(task.ref)));
    this.rebooted = false;
    this.startNext();
  }

  started(ref: TaskRef): void {
    const task = this.ledger.get(ref);
    if (task === undefined || task.phase === 'ended' || task.phase === 'running') return;
    this.starts.remove(task);
    task.phase = 'running';
    if (task.record.lastSequence === 0) this.ledger.update(task, runningStatus());
    this.startNext();
  }

  ended(ref: TaskRef, outcome: Outcome): void {
    const task = this.ledger.get(ref);
    if (task === undefined) return this.options.holder.forget(ref);
    if (task.phase === 'ended') return;
    // It ran, though nobody may have seen it running.
    if (outcome.kind === 'exited' && task.record.lastSequence === 0)
      this.ledger.update(task, runningStatus());
    this.end(task, outcomeStatus(outcome));
    this.startNext();
  }

  private align(task: AgentTask, held: HeldTask | undefined): void {
    if (task.phase === 'ended' || task.phase === 'recording') return;
    if (held === undefined) return this.alignUnheld(task);
    if (held.state.kind === 'ended') return this.ended(task.ref, held.state.outcome);
    if (held.state.kind === 'running') this.started(task.ref);
    else this.asked(task);
    const graceMs = this.graceOf(task);
    if (graceMs !== null) this.options.holder.kill(task.ref, graceMs);
  }

  private alignUnheld(task: AgentTask): void {
    if (this.rebooted) return this.end(task, rebootedStatus());
    if (task.phase === 'running' || task.record.lastSequence > 0) return this.end(task, unheldStatus());
    if (this.graceOf(task) !== null) return this.end(task, killedUnstartedStatus());
    this.enqueue(task);
  }

  /** The agent forgot it first, so its end was committed; a process of it can only be a mistake. */
  private dropUnrecorded(held: HeldTask): void {
    if (held.state.kind === 'ended') this.options.holder.forget(held);
    else this.options.holder.kill(held, 0);
  }

  /** Null while the task is to run. */
  private graceOf({ record, unwanted }: AgentTask): number | null {
    const policyMs = record.task.killGraceMs;
    if (this.endingGraceMs !== null) return Math.min(this.endingGraceMs, policyMs);
    return record.killGraceMs ?? (unwanted ? policyMs : null);
  }

  // -------------------------------------------------------------------------------------------------------
  // Steps of one task

  private enqueue(task: AgentTask): void {
    task.phase = 'queued';
    this.starts.add(task);
    this.startNext();
  }

  private asked(task: AgentTask): void {
    task.phase = 'starting';
    this.starts.asked(task);
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
      this.asked(task);
      holder.run(order);
    }
  }

  /**
   * A kill overtook its launch, or the launch never came. The answer is final: the record keeps a launch that
   * comes later from starting anything.
   */
  private killUnseen(ref: TaskRef, revision: number): void {
    const command = { problem: 'killed before it was launched' };
    const resources = { cpus: 0, memMb: 0, diskMb: 0 };
    const unseen = { ...refOf(ref), name: '', command, resources, killGraceMs: 0 };
    this.end(
      this.ledger.add(unseen, revision, () => {}),
      killedUnstartedStatus(),
    );
  }

  private endProcess(task: AgentTask, graceMs: number): void {
    switch (task.phase) {
      case 'recording':
        return this.end(task, killedUnstartedStatus());
      case 'queued':
        // Until the holder has spoken, a task taken up from an earlier process may be running.
        if (this.starts.has(task)) this.end(task, killedUnstartedStatus());
        return;
      case 'starting':
      case 'running':
        return this.options.holder.kill(task.ref, graceMs);
      case 'ended':
        return;
    }
  }

  private commitNext(task: AgentTask, sequence: number, revision: number): void {
    const { checkpoint } = this.options;
    const last = task.record.terminal && sequence === task.record.lastSequence;
    checkpoint.write({ op: 'committed', ref: task.ref, sequence, revision }, () => {
      // Only now is it durable that the agent knows this revision: no older member can bring the task back.
      if (last) this.remove(task);
    });
  }

  private end(task: AgentTask, status: Status): void {
    assert(task.phase !== 'ended', () => `task ${task.ref.taskId} ends twice`);
    task.phase = 'ended';
    this.starts.remove(task);
    if (task.unwanted) this.remove(task);
    else this.ledger.update(task, status);
    this.ledger.changed();
  }

  private remove(task: AgentTask): void {
    if (this.ledger.get(task.ref) !== task) return;
    this.ledger.remove(task);
    this.options.holder.forget(task.ref);
    this.options.onRemoved(task.ref);
  }
}
