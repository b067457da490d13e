import type { Schedule } from '../schedule.js';

/** Immediates planned at a time: each carries one event. */
const AHEAD = 64;

/** What a run does between two events. */
export interface LoopHooks {
  /** Before each event. */
  readonly begins: () => void;
  /** A promise was rejected by what the event led to, and nobody handles it. */
  readonly rejected: (error: unknown) => void;
  /** Null as long as the run may go on; anything else ends it. */
  readonly broken: () => unknown;
}

/**
 * Runs the events of a schedule, each together with all that its promises lead to. Each event is an immediate of its
 * own: between two of them Node runs every continuation to its end and then tells of rejections that nobody handles,
 * so both belong to the event that caused them.
 */
export class Loop {
  private readonly schedule: Schedule;
  private readonly hooks: LoopHooks;

  constructor(schedule: Schedule, hooks: LoopHooks) {
    this.schedule = schedule;
    this.hooks = hooks;
  }

  /** Runs `during`; until it has ended, the rejections of this process are those of its events. */
  async own(during: () => Promise<void>): Promise<void> {
    const others = process.listeners('unhandledRejection');
    const catchers = process.listeners('uncaughtException');
    const take = (error: unknown): void => this.hooks.rejected(error);
    process.removeAllListeners('unhandledRejection');
    process.on('unhandledRejection', take);
    // What was put off to the end of a turn (`process.nextTick`) throws at nobody.
    process.removeAllListeners('uncaughtException');
    process.on('uncaughtException', take);
    try {
      await during();
    } finally {
      // What the last event led to has been told when this goes on.
      await new Promise((resolve) => setImmediate(resolve));
      process.off('unhandledRejection', take);
      for (const other of others) process.on('unhandledRejection', other);
      process.off('uncaughtException', take);
      for (const catcher of catchers) process.on('uncaughtException', catcher);
    }
    this.check();
  }

  /** Runs all events before `at` and what falls due then. */
  runUntil(at: number): Promise<void> {
    const { schedule } = this;
    schedule.after(Math.max(0, at - schedule.now), () => undefined);
    return new Promise((resolve, reject) => {
      let planned = 0;
      let over = false;
      const turn = (): void => {
        planned--;
        if (over) return;
        try {
          over = !this.step(at);
        } catch (error) {
          over = true;
          reject(error);
        }
        if (over) resolve();
        else if (planned === 0) plan();
      };
      const plan = (): void => {
        for (; planned < AHEAD; planned++) setImmediate(turn);
      };
      plan();
    });
  }

  private step(at: number): boolean {
    this.check();
    if (this.schedule.now >= at) return false;
    this.hooks.begins();
    return this.schedule.step();
  }

  private check(): void {
    const broken = this.hooks.broken();
    if (broken !== null) throw broken;
  }
}
