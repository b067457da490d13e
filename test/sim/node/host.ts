import type { Clock, Random, TimerHandle, Timers } from '../../../lib/base/index.js';
import { exponentialUs } from '../network.js';
import { MS, type Schedule } from '../schedule.js';

/** A machine's clocks: they run a little fast or slow, and the wall clock may be set to another time. */
export class MachineClock {
  private readonly schedule: Schedule;
  /** Of the machine's seconds to true ones. */
  readonly rate: number;
  private wallOffsetMs: number;

  constructor(schedule: Schedule, rate: number, wallOffsetMs: number) {
    this.schedule = schedule;
    this.rate = rate;
    this.wallOffsetMs = wallOffsetMs;
  }

  monotonicMs(): number {
    return 1_000_000 + (this.schedule.now / MS) * this.rate;
  }

  wallMs(): number {
    return 1_700_000_000_000 + this.wallOffsetMs + this.monotonicMs();
  }

  /** Somebody sets the wall clock. */
  step(ms: number): void {
    this.wallOffsetMs += ms;
  }
}

/** The process whose turn it is: into which the event at hand was delivered, if into any. */
export interface Running {
  host: Host | null;
}

export interface HostOptions {
  readonly schedule: Schedule;
  readonly clock: MachineClock;
  readonly random: Random;
  /** Mean time (µs) that a callback which is due waits for the loop; 0: none. */
  readonly loopUs: number;
  /** An error that nothing caught: it would end a real process. */
  readonly uncaught: (error: unknown) => void;
  readonly running: Running;
}

/**
 * What one life of a process has of the world: clocks, timers, and a loop into which others deliver. Nothing runs
 * once it is dead, whatever was still on its way; while it is stopped everything waits, timers first.
 */
export class Host implements Clock, Timers {
  private readonly options: HostOptions;
  private state: 'alive' | 'stopped' | 'dead' = 'alive';
  private dueTimers: (() => void)[] = [];
  private deliveries: (() => void)[] = [];

  constructor(options: HostOptions) {
    this.options = options;
  }

  get alive(): boolean {
    return this.state !== 'dead';
  }

  get stopped(): boolean {
    return this.state === 'stopped';
  }

  monotonicMs(): number {
    return this.options.clock.monotonicMs();
  }

  wallMs(): number {
    return this.options.clock.wallMs();
  }

  after(delayMs: number, callback: () => void): TimerHandle {
    const { schedule, clock, random, loopUs } = this.options;
    let wanted = true;
    const fire = (): void => {
      if (wanted) this.guarded(callback);
    };
    const late = loopUs === 0 ? 0 : exponentialUs(random, loopUs / MS);
    schedule.after((delayMs * MS) / clock.rate + late, () => {
      if (!wanted || this.state === 'dead') return;
      if (this.state === 'stopped') this.dueTimers.push(fire);
      else fire();
    });
    return {
      cancel: () => {
        wanted = false;
      },
    };
  }

  soon(callback: () => void): void {
    this.options.schedule.after(0, () => this.deliver(callback));
  }

  /** What is virtual has events of one thing each. */
  promptly(callback: () => void): void {
    this.soon(callback);
  }

  /** Runs `effect` in this process now, at the end of a stop, or never. */
  deliver(effect: () => void): void {
    if (this.state === 'dead') return;
    if (this.state === 'stopped') this.deliveries.push(effect);
    else this.guarded(effect);
  }

  /** As SIGSTOP. */
  stop(): void {
    if (this.state === 'alive') this.state = 'stopped';
  }

  /** As SIGCONT: timers that fell due run first, as a loop does, then what came in meanwhile. */
  resume(): void {
    if (this.state !== 'stopped') return;
    this.state = 'alive';
    const waiting = [...this.dueTimers, ...this.deliveries];
    this.dueTimers = [];
    this.deliveries = [];
    for (const one of waiting) this.options.schedule.after(0, () => this.deliver(one));
  }

  die(): void {
    this.state = 'dead';
    this.dueTimers = [];
    this.deliveries = [];
  }

  /** Nothing caught it, or nobody handles the promise that carries it. What the dead leave behind harms nobody. */
  uncaught(error: unknown): void {
    if (this.alive) this.options.uncaught(error);
  }

  private guarded(callback: () => void): void {
    this.options.running.host = this;
    try {
      callback();
    } catch (error) {
      this.uncaught(error);
    }
  }
}
