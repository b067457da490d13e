import type { Logger } from '../base/index.js';
import { describeError, exitCodeOf } from '../cli/index.js';

/** Ends the process at once: nothing it could still do would be better than a restart. */
export function die(logger: Logger, error: unknown): never {
  logger.error({ err: error }, 'the process ends');
  process.stderr.write(`${describeError(error)}\n`);
  process.exit(exitCodeOf(error));
}

/** Errors nobody caught end the process too: a half-working master is worse than none. */
export function dieOnUncaught(logger: Logger): void {
  process.on('uncaughtException', (error) => die(logger, error));
  process.on('unhandledRejection', (error) => die(logger, error));
}
