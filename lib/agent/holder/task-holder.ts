import { must, randomHex, type Clock, type Logger, type Random, type Timers } from '../../base/index.js';
import { RUN_VARIABLE, runVariable } from '../environment.js';
import type { Platform } from '../platform/index.js';
import { refOf, taskKey, type Exit, type TaskRef } from '../types.js';
import { writeExitFile } from './exit-file.js';
import type { Journal, JournalTask } from './journal.js';
import { LiveTask } from './live-task.js';
import type { HeldState, HeldTask, Outcome, SpawnOrder } from './port.js';
import type { SpawnTask } from './spawn.js';
import type { Sweeper } from './sweeper.js';

export interface HolderReports {
  onStarted(ref: TaskRef, pid: number): void;
  onEnded(ref: TaskRef, outcome: Outcome): void;
}

export interface TaskHolderOptions {
  readonly journal: Journal;
  readonly platform: Platform;
  readonly sweeper: Sweeper;
  readonly spawn: SpawnTask;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly logger: Logger;
  readonly reports: HolderReports;
}

/** Pause before another attempt to record an end, when the disk is full or broken. */
const RECORD_RETRY_MS = 1000;

/**
 * Owns the processes of all tasks of one agent.
 *
 *     order ─► intent synced ─► spawn ─► running ─► exit ─► group killed ─► exit.json synced ─► swept ─► reported
 *
 * A key is started at most once, for ever: any record of it, whatever its state, makes a repeated order void.
 */
export class TaskHolder {
  private readonly options: TaskHolderOptions;
  /** Tasks between order and recorded end. Those not here have an outcome in the journal. */
  private readonly live: Map<string, LiveTask> = new Map<string, LiveTask>();
  private whenEmpty: (() => void)[] = [];
  private starting = true;

  constructor(options: TaskHolderOptions) {
    this.options = options;
  }

  get liveCount(): number {
    return this.live.size;
  }

  tasks(): HeldTask[] {
    return [...this.options.journal.tasks.entries()].map(([key, task]) => ({
      ...task.ref,
      state: this.stateOf(key, task),
    }));
  }

  run(order: SpawnOrder): void {
    const { journal, platform, random } = this.options;
    const key = taskKey(order);
    if (!this.starting || journal.tasks.has(key)) return;
    const intent: JournalTask = {
      ref: refOf(order),
      run: randomHex(random, 16),
      sandbox: order.sandbox,
      bootId: platform.bootId,
    };
    const task = new LiveTask(this.options.clock, this.options.timers);
    this.live.set(key, task);
    journal.write(intent, (error) => {
      if (error !== null)
        this.conclude(key, { kind: 'not-started', code: 'STORAGE', message: error.message });
      else if (!task.begin()) this.conclude(key, { kind: 'cancelled' });
      else this.spawn(key, order, task);
    });
  }

  /** The holder is ending: later orders are dropped, and the next holder will be asked again. */
  stopStarting(): void {
    this.starting = false;
  }

  kill(ref: TaskRef, graceMs: number): void {
    this.live.get(taskKey(ref))?.kill(graceMs);
  }

  killAll(graceMs: number): void {
    for (const task of this.live.values()) task.kill(graceMs);
  }

  forget(ref: TaskRef): void {
    const key = taskKey(ref);
    if (this.options.journal.tasks.has(key) && !this.live.has(key)) this.options.journal.forget(ref);
  }

  /** Calls back when every task has ended and its end is recorded. */
  empty(callback: () => void): void {
    if (this.live.size === 0) callback();
    else this.whenEmpty.push(callback);
  }

  private spawn(key: string, order: SpawnOrder, task: LiveTask): void {
    const env = { ...order.env, [RUN_VARIABLE]: this.record(key).run };
    this.options.spawn(
      { ...order, env },
      {
        onStarted: (pid) => this.started(key, task, pid),
        onFailed: (code, message) => this.conclude(key, { kind: 'not-started', code, message }),
        onExited: (exitCode, signal) => this.exited(key, task, exitOf(exitCode, signal, this.options.clock)),
      },
    );
  }

  private started(key: string, task: LiveTask, pid: number): void {
    const { journal, platform, reports } = this.options;
    const record = this.record(key);
    const startTime = platform.startTime(pid) ?? 'unknown';
    // Not waited for: should this holder die first, the environment still tells the task's processes.
    journal.write({ ...record, started: { pid, startTime } }, () => {});
    task.running(pid);
    reports.onStarted(record.ref, pid);
  }

  private exited(key: string, task: LiveTask, exit: Exit): void {
    const killed = task.ended();
    this.recordExit(key, { kind: 'exited', exit, killed });
  }

  private recordExit(key: string, outcome: Outcome & { readonly kind: 'exited' }): void {
    const record = this.record(key);
    writeExitFile(record.sandbox, record.run, outcome).then(
      () => this.sweep(key, outcome),
      (error: unknown) => {
        this.options.logger.error({ error: String(error), ...record.ref }, 'cannot write exit.json');
        // The journal is the second record: it may fit where a new file does not.
        this.sweep(key, outcome);
      },
    );
  }

  private sweep(key: string, outcome: Outcome): void {
    const { started, run } = this.record(key);
    const leader = started === undefined ? {} : { leader: started };
    this.options.sweeper.sweep({ ...leader, variable: runVariable(run) }, () => this.conclude(key, outcome));
  }

  private conclude(key: string, outcome: Outcome): void {
    const record = this.record(key);
    this.options.journal.write({ ...record, outcome }, (error) => {
      if (error !== null && outcome.kind === 'exited') {
        this.options.logger.error({ error: error.message, ...record.ref }, 'cannot record the end of a task');
        this.options.timers.after(RECORD_RETRY_MS, () => this.recordExit(key, outcome));
        return;
      }
      this.live.delete(key);
      this.options.reports.onEnded(record.ref, outcome);
      if (this.live.size === 0) for (const callback of this.whenEmpty.splice(0)) callback();
    });
  }

  private record(key: string): JournalTask {
    return must(this.options.journal.tasks.get(key), () => `no record of live task ${key}`);
  }

  private stateOf(key: string, task: JournalTask): HeldState {
    const live = this.live.get(key);
    if (live !== undefined)
      return live.pid === undefined ? { kind: 'starting' } : { kind: 'running', pid: live.pid };
    const outcome = must(task.outcome, () => `task ${key} is neither live nor ended`);
    return { kind: 'ended', outcome };
  }
}

function exitOf(exitCode: number | null, signal: string | null, clock: Clock): Exit {
  const atMs = clock.wallMs();
  if (signal !== null) return { signal, atMs };
  return { exitCode: must(exitCode, 'a process ends by a code or by a signal'), atMs };
}
