import { describeError, errorJson, exitCodeOf } from '../../cli/exit.js';
import type { CliIo } from '../../cli/index.js';

export interface JsonFlag {
  readonly json?: boolean;
}

/** Runs one command: tells its errors, and its exit code. */
export interface Runner {
  (flags: JsonFlag, action: () => Promise<number>): Promise<void>;
}

export function runner(io: CliIo, finish: (exitCode: number) => void): Runner {
  return async (flags, action) => {
    try {
      finish(await action());
    } catch (error) {
      io.err(flags.json === true ? `${errorJson(error)}\n` : `${describeError(error)}\n`);
      finish(exitCodeOf(error));
    }
  };
}

export function print({ json }: JsonFlag, io: CliIo, value: unknown, text: () => string): void {
  io.out(json === true ? `${JSON.stringify(value)}\n` : text());
}
