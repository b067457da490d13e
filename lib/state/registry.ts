import { InvariantError } from '../base/index.js';
import type { Command } from './command.js';

/**
 * Which commands this release understands: raised whenever a command or a version of one is added. Members tell
 * it (`member-info`), and a command is proposed only when the lowest member knows it.
 */
export const COMMAND_LEVEL = 1;

/** A committed command that a newer release proposed. The node stops with this message. */
export class UnknownCommandError extends Error {
  override readonly name = 'UnknownCommandError';
  readonly number: number;
  readonly version: number;

  constructor(number: number, version: number) {
    super(
      `command ${number} version ${version} is unknown to this release (command level ${COMMAND_LEVEL}): ` +
        'start the release that the other members run',
    );
    this.number = number;
    this.version = version;
  }
}

export function encodeCommand(_command: Command): Uint8Array {
  throw new InvariantError('not built yet');
}

/** Throws `UnknownCommandError` (stop) or `MalformedError` (a refusal). */
export function decodeCommand(_bytes: Uint8Array): Command {
  throw new InvariantError('not built yet');
}
