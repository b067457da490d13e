import type { Clock, Logger, TimerHandle, Timers } from '../../base/index.js';

/** A backup that was written, verified and kept. */
export interface KeptBackup {
  readonly file: string;
  /** When it was begun, by the clock of who wrote it (Unix epoch). */
  readonly atMs: number;
}

/** Where scheduled backups go. Real: `folder.ts`. */
export interface BackupStore {
  /** All that are kept, oldest first. */
  list(): Promise<readonly KeptBackup[]>;
  /** Takes one, verified by a trial load; rejects, and leaves nothing, when any of that fails. */
  take(): Promise<KeptBackup>;
  remove(backup: KeptBackup): Promise<void>;
}

export interface ScheduleOptions {
  readonly everyMs: number;
  /** Newest ones that stay. */
  readonly keep: number;
  /** Whether this member is the one to do it now. */
  readonly mayRun: () => boolean;
  readonly store: BackupStore;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly logger: Logger;
}

/** After a failure the next attempt follows this soon, then twice as late each time, up to the interval itself. */
const RETRY_MS = 60_000;
const LOOK_MS = 30_000;

interface Trouble {
  readonly message: string;
  readonly failures: number;
  readonly atMs: number;
  readonly retryAtMs: number;
}

/**
 * Takes a backup whenever the newest one is older than the interval, and then deletes the oldest beyond those to keep.
 * The age of what is there decides, so that neither a restart nor another leader makes one too many or too few.
 */
export class BackupSchedule {
  private readonly options: ScheduleOptions;
  private timer: TimerHandle | null = null;
  private running = false;
  /** When this process took the last one (monotonic). */
  private takenMs: number | null = null;
  private trouble: Trouble | null = null;

  constructor(options: ScheduleOptions) {
    this.options = options;
  }

  start(): void {
    const lookMs = Math.min(LOOK_MS, this.options.everyMs / 4);
    this.timer = this.options.timers.after(lookMs, () => {
      this.start();
      void this.look();
    });
  }

  stop(): void {
    this.timer?.cancel();
    this.timer = null;
  }

  /** What an operator should know: why backups fail; empty while they do not. */
  warnings(): string[] {
    if (this.trouble === null) return [];
    const { failures, atMs, message } = this.trouble;
    const times =
      failures === 1 ? 'the scheduled backup failed' : `the last ${failures} scheduled backups failed`;
    return [`${times}, at ${new Date(atMs).toISOString()}: ${message}`];
  }

  private async look(): Promise<void> {
    const { mayRun, clock } = this.options;
    if (this.running || !mayRun()) return;
    if (this.trouble !== null && clock.monotonicMs() < this.trouble.retryAtMs) return;
    this.running = true;
    try {
      if (await this.isDue()) await this.run();
    } catch (error) {
      this.failed(error);
    } finally {
      this.running = false;
    }
  }

  private async isDue(): Promise<boolean> {
    const { store, clock, everyMs } = this.options;
    if (this.takenMs !== null && clock.monotonicMs() - this.takenMs < everyMs) return false;
    const newest = (await store.list()).at(-1);
    // A clock that was set back must not end the backups: far from now is due in either direction.
    return newest === undefined || Math.abs(clock.wallMs() - newest.atMs) >= everyMs;
  }

  private async run(): Promise<void> {
    const { store, keep, logger } = this.options;
    const { file } = await store.take();
    this.takenMs = this.options.clock.monotonicMs();
    logger.info({ file }, 'backup taken and verified');
    this.trouble = null;
    const kept = await store.list();
    for (const old of kept.slice(0, Math.max(0, kept.length - keep))) {
      await store.remove(old);
      logger.info({ file: old.file }, 'old backup deleted');
    }
  }

  private failed(error: unknown): void {
    const { clock, everyMs, logger } = this.options;
    const failures = (this.trouble?.failures ?? 0) + 1;
    const delayMs = Math.min(everyMs, RETRY_MS * 2 ** Math.min(failures - 1, 20));
    const message = error instanceof Error ? error.message : String(error);
    this.trouble = { message, failures, atMs: clock.wallMs(), retryAtMs: clock.monotonicMs() + delayMs };
    logger.error({ err: error, failures, retryInMs: delayMs }, 'scheduled backup failed');
  }
}
