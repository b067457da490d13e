import type { Clock, Logger, Timers } from '../../base/index.js';
import type { Platform, TaskMark } from '../platform/index.js';
import { killProcess } from './signals.js';

type EndedTask = Omit<TaskMark, 'leaderIsOurs'>;

interface Waiting {
  readonly task: EndedTask;
  readonly sinceMs: number;
  readonly done: () => void;
}

/** A process that survives SIGKILL this long hangs in the kernel; the task is reported all the same. */
const ROUNDS = 100;
const ROUND_MS = 10;
/** Pids are handed out in a circle: one that was just freed is not used again this soon. */
const PID_REST_MS = 500;
/** Looking through all processes of the machine takes milliseconds: it may use a tenth of the time. */
const PAUSE_FACTOR = 10;

/**
 * Ends what is left of tasks whose first process has gone: children in the background, and daemons that left
 * the process group. One look through the process table serves all tasks that ended meanwhile.
 */
export class Sweeper {
  private readonly platform: Platform;
  private readonly clock: Clock;
  private readonly timers: Timers;
  private readonly logger: Logger;
  private waiting: Waiting[] = [];
  private busy = false;

  constructor(platform: Platform, clock: Clock, timers: Timers, logger: Logger) {
    this.platform = platform;
    this.clock = clock;
    this.timers = timers;
    this.logger = logger;
  }

  /** Calls `done` once no live process of the task is left. */
  sweep(task: EndedTask, done: () => void): void {
    this.waiting.push({ task, sinceMs: this.clock.monotonicMs(), done });
    if (this.busy) return;
    this.busy = true;
    this.timers.soon(() => this.begin());
  }

  private begin(): void {
    const batch = this.waiting;
    this.waiting = [];
    if (batch.length === 0) this.busy = false;
    else this.round(batch, 0);
  }

  private round(batch: readonly Waiting[], n: number): void {
    const startedMs = this.clock.monotonicMs();
    const left = this.platform.membersOf(
      batch.map(({ task, sinceMs }) => ({ ...task, leaderIsOurs: startedMs - sinceMs < PID_REST_MS })),
    );
    const tookMs = this.clock.monotonicMs() - startedMs;
    for (const pid of left) killProcess(pid, 'SIGKILL');
    if (left.length > 0 && n < ROUNDS) {
      this.timers.after(Math.max(ROUND_MS, tookMs), () => this.round(batch, n + 1));
      return;
    }
    if (left.length > 0) this.logger.warn({ pids: left }, 'processes of an ended task survive SIGKILL');
    this.timers.after(tookMs * PAUSE_FACTOR, () => this.begin());
    for (const { done } of batch) done();
  }
}
