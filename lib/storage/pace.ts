import type { LogSyncs } from './types.js';

/** A sync of raft/ above this is slow: the disk is busy, and large writes to state/ make it worse. */
const SLOW_MS = 5;
/** A writer waits this long at most, in steps: a disk that is always slow must not stop cuts for ever. */
const PATIENCE_STEPS = 40;
const STEP_MS = 25;

/** Holds large writes to state/ back while raft/ feels the disk. */
export class Pace {
  private lastMs = 0;
  private syncs: LogSyncs = { count: 0, lastMs: 0 };
  private readonly wait: (delayMs: number) => Promise<void>;

  constructor(wait: (delayMs: number) => Promise<void>) {
    this.wait = wait;
  }

  get logSyncs(): LogSyncs {
    return this.syncs;
  }

  record(durationMs: number): void {
    this.lastMs = durationMs;
    this.syncs = { count: this.syncs.count + 1, lastMs: durationMs };
  }

  /** Resolves when the last sync of raft/ was quick, or patience is over. */
  async clear(): Promise<void> {
    for (let step = 0; step < PATIENCE_STEPS && this.lastMs > SLOW_MS; step++) {
      await this.wait(STEP_MS);
      // An idle log reports nothing: what is remembered fades.
      this.lastMs /= 2;
    }
  }
}
