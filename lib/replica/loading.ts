import { TepuiError } from '../base/index.js';
import type { Machine } from '../state/index.js';
import type { CutMeta } from '../storage/types.js';
import { loadMachine, type LoadPace } from './load.js';
import type { ReplicaOptions } from './ports.js';
import { Throttle } from './throttle.js';

export interface LoadingHost {
  readonly options: ReplicaOptions;
  readonly stopped: () => boolean;
  /** The state in force is in memory. `replaced`: another one was before. */
  readonly loaded: (machine: Machine, meta: CutMeta | null, replaced: boolean) => void;
  readonly fatal: (error: unknown) => void;
}

/** Loads the state in force: at start, and whenever a received one has taken its place. */
export class Loading {
  private readonly host: LoadingHost;
  /** Counts the loads that began, or were given up: an older one is void. */
  private loads = 0;
  private damaged = false;

  constructor(host: LoadingHost) {
    this.host = host;
  }

  /** The state in force is not what was written: this process is about to end, and takes in no other one. */
  get failed(): boolean {
    return this.damaged;
  }

  /** Another state is about to take the place of the one that is being loaded. */
  giveUp(): void {
    this.loads++;
  }

  /** Resolves when the machine is in place, or when that is no longer wanted. */
  async load(): Promise<void> {
    const load = ++this.loads;
    const wanted = (): boolean => load === this.loads && !this.host.stopped();
    const { disk, limits, machineLimits } = this.host.options;
    const pace = this.loads === 1 ? this.unpaced() : this.gentle();
    try {
      const machine = await loadMachine(disk.state, machineLimits, limits.loadSliceBytes, pace, wanted);
      if (machine !== null && wanted()) this.host.loaded(machine, disk.state.meta, this.loads > 1);
    } catch (error) {
      // Else the folder was closed under it: a received state took its place, or the member stopped.
      if (wanted()) await this.fail(error);
    }
  }

  /** At its start a member has nothing better to do. */
  private unpaced(): LoadPace {
    const { timers } = this.host.options;
    return () => new Promise<void>((resolve) => timers.soon(resolve));
  }

  /**
   * One that received a state shares disk and processors with members that commit meanwhile. It must be done before
   * those drop the entries from behind that state.
   */
  private gentle(): LoadPace {
    const { disk, clock, timers, limits } = this.host.options;
    const beganMs = clock.monotonicMs();
    const throttle = new Throttle({
      bytesPerSecond: limits.loadRate,
      hurry: () => clock.monotonicMs() - beganMs > limits.catchUpMs / 3,
      clock,
      timers,
      logSyncs: () => disk.state.logSyncs,
    });
    return (bytes) => throttle.turn(bytes);
  }

  /** A state that is not what was written must not be found by the next start: it then recovers from others. */
  private async fail(error: unknown): Promise<void> {
    const { options, fatal } = this.host;
    this.damaged = error instanceof TepuiError && error.code === 'DAMAGED';
    if (this.damaged) await options.disk.discardState().catch((failure: unknown) => fatal(failure));
    fatal(error);
  }
}
