import { assert, type Clock, type TimerHandle, type Timers } from '../../base/index.js';
import { killGroup } from './signals.js';

type State =
  /** The intent is on its way to the disk; there is no process. */
  | { readonly kind: 'intended'; readonly cancelled: boolean }
  /** Being started: a kill that comes now is delivered at once when there is a pid. */
  | { readonly kind: 'spawning'; readonly graceMs: number | undefined }
  | { readonly kind: 'running'; readonly pid: number; readonly kill: PendingKill | undefined }
  | { readonly kind: 'ended'; readonly pid: number | undefined };

interface PendingKill {
  readonly deadlineMs: number;
  readonly timer: TimerHandle;
}

/** The process of one task as the holder's kernel children are known: pid and, once asked for, its kill. */
export class LiveTask {
  private readonly clock: Clock;
  private readonly timers: Timers;
  private state: State = { kind: 'intended', cancelled: false };

  constructor(clock: Clock, timers: Timers) {
    this.clock = clock;
    this.timers = timers;
  }

  get pid(): number | undefined {
    return this.state.kind === 'running' || this.state.kind === 'ended' ? this.state.pid : undefined;
  }

  /** The intent is durable. False when the task was killed meanwhile and must not start. */
  begin(): boolean {
    assert(this.state.kind === 'intended', () => `a task begins once, not when ${this.state.kind}`);
    if (this.state.cancelled) return false;
    this.state = { kind: 'spawning', graceMs: undefined };
    return true;
  }

  running(pid: number): void {
    assert(this.state.kind === 'spawning', () => `process ${pid} started while ${this.state.kind}`);
    const { graceMs } = this.state;
    this.state = { kind: 'running', pid, kill: undefined };
    if (graceMs !== undefined) this.kill(graceMs);
  }

  kill(graceMs: number): void {
    switch (this.state.kind) {
      case 'intended':
        this.state = { kind: 'intended', cancelled: true };
        break;
      case 'spawning':
        this.state = { kind: 'spawning', graceMs: Math.min(graceMs, this.state.graceMs ?? Infinity) };
        break;
      case 'running':
        this.killRunning(this.state.pid, this.state.kill, graceMs);
        break;
      case 'ended':
        break;
    }
  }

  /**
   * The first process has ended and was collected this very turn. Its group cannot have been given away yet:
   * either members are left, and the number stays theirs, or nobody is, and pids are handed out in a circle.
   * Returns whether a kill had been asked for.
   */
  ended(): boolean {
    assert(this.state.kind === 'running', () => `a process ended while ${this.state.kind}`);
    const { pid, kill } = this.state;
    kill?.timer.cancel();
    killGroup(pid, 'SIGKILL');
    this.state = { kind: 'ended', pid };
    return kill !== undefined;
  }

  private killRunning(pid: number, earlier: PendingKill | undefined, graceMs: number): void {
    const deadlineMs = this.clock.monotonicMs() + graceMs;
    if (earlier !== undefined && earlier.deadlineMs <= deadlineMs) return;
    earlier?.timer.cancel();
    if (earlier === undefined && graceMs > 0) {
      killGroup(pid, 'SIGTERM');
      // A stopped process would not notice the SIGTERM before its grace period is over.
      killGroup(pid, 'SIGCONT');
    }
    if (graceMs === 0) killGroup(pid, 'SIGKILL');
    const timer = this.timers.after(graceMs, () => killGroup(pid, 'SIGKILL'));
    this.state = { kind: 'running', pid, kill: { deadlineMs, timer } };
  }
}
