import type { Logger } from '../base/index.js';
import type { RaftLog } from '../storage/types.js';
import { clearHalt, readHalt, writeHalt } from './halt.js';

/** Short enough to stand in a note and in a status. */
const REASON_CHARS = 500;

export interface HaltingHost {
  readonly log: RaftLog;
  readonly release: string;
  readonly logger: Logger;
  /** Nothing is applied or answered any more. */
  readonly stop: () => void;
  readonly fatal: (error: unknown) => void;
}

/** An entry that broke apply: what was noted of one at an earlier start, and the note of one that breaks now. */
export class Halting {
  private readonly host: HaltingHost;
  /** The entry before which this member halts; null: none, or another release found it. */
  readonly at: number | null;
  /** Added to the words about a halt; empty when nothing is known. */
  readonly why: string;

  constructor(host: HaltingHost) {
    const { log, release, logger } = host;
    this.host = host;
    const halt = readHalt(log);
    const applies = halt === null || halt.release !== release;
    this.at = applies ? null : halt.index;
    this.why = halt === null || halt.reason === '' ? '' : `: ${halt.reason}`;
    if (halt !== null && applies)
      logger.warn({ halt, release }, 'another release: the entry is applied again');
  }

  broke(index: number, error: unknown): void {
    const { log, release, logger, stop, fatal } = this.host;
    stop();
    logger.error({ index, err: error }, 'apply broke: the member halts before this entry');
    writeHalt(log, { index, release, reason: reasonOf(error) }).then(() => fatal(error), fatal);
  }

  /** A received state lies beyond the entry. */
  passed(): void {
    clearHalt(this.host.log).catch(this.host.fatal);
  }
}

function reasonOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).slice(0, REASON_CHARS);
}
