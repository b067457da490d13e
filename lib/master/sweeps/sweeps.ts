import type { TimerHandle } from '../../base/index.js';
import type { Outcome } from '../../replica/types.js';
import type { StateEvent, SweepView } from '../../state/index.js';
import { proposeCommand, randomBytes16, type MasterContext } from '../context.js';
import type { LeaderLoop } from '../leader-loop.js';

export interface SweepLimits {
  /** Tasks that one slice touches at most. */
  readonly tasksPerSlice: number;
  readonly retryMs: number;
}

export const SWEEP_LIMITS: SweepLimits = { tasksPerSlice: 200, retryMs: 200 };

/**
 * Changes that touch many tasks (an agent lost, a framework torn down) wait in the machine as markers. The
 * leader proposes their slices, one at a time each, so that no entry stalls the group.
 */
export class Sweeps implements LeaderLoop {
  private readonly context: MasterContext;
  private readonly limits: SweepLimits;
  private readonly inFlight: Set<string> = new Set();
  private retry: TimerHandle | null = null;
  private term: number | null = null;

  constructor(context: MasterContext, limits: SweepLimits) {
    this.context = context;
    this.limits = limits;
  }

  start(term: number): void {
    this.term = term;
    this.sweep();
  }

  stop(): void {
    this.term = null;
    this.inFlight.clear();
    this.retry?.cancel();
    this.retry = null;
  }

  applied(events: readonly StateEvent[]): void {
    if (this.term !== null && events.some((event) => event.kind === 'sweep-began')) this.sweep();
  }

  private sweep(): void {
    for (const sweep of this.context.replica.machine.sweeps) {
      const name = `${sweep.sweep} ${sweep.id}`;
      if (this.inFlight.has(name)) continue;
      this.inFlight.add(name);
      this.slice(name, sweep);
    }
  }

  private slice(name: string, { sweep, id }: SweepView): void {
    const { term } = this;
    const limit = this.limits.tasksPerSlice;
    const command = { kind: 'sweep', sweep, id, limit, seed: randomBytes16(this.context) } as const;
    proposeCommand(this.context, command, (outcome) => {
      if (this.term !== term) return;
      this.inFlight.delete(name);
      if (outcome.kind === 'applied' && outcome.result.ok) this.sweep();
      else this.again(outcome);
    });
  }

  private again(outcome: Outcome): void {
    this.context.logger.warn({ outcome }, 'a slice of a sweep came to nothing; tried again');
    this.retry ??= this.context.timers.after(this.limits.retryMs, () => {
      this.retry = null;
      this.sweep();
    });
  }
}
