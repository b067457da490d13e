import { InvariantError, TepuiError, type ErrorCode } from '../base/index.js';

/** Exit codes of every command; scripts rely on them. */
export const EXIT = {
  done: 0,
  endedBadly: 1,
  usage: 2,
  refused: 3,
  unknown: 4,
  unreachable: 5,
  storage: 6,
  interrupted: 130,
} as const;

const BY_CODE: Partial<Record<ErrorCode, number>> = {
  CONFIG: EXIT.usage,
  USAGE: EXIT.usage,
  TLS: EXIT.usage,
  PORT_IN_USE: EXIT.usage,
  FOREIGN_CLUSTER: EXIT.usage,
  FOREIGN_MEMBER: EXIT.usage,
  NEWER_FORMAT: EXIT.usage,
  FOLDER_IN_USE: EXIT.usage,
  UNREACHABLE: EXIT.unreachable,
  NO_LEADER: EXIT.endedBadly,
  STORAGE: EXIT.storage,
  DAMAGED: EXIT.storage,
};

export function exitCodeOf(error: unknown): number {
  if (error instanceof InvariantError) return EXIT.storage;
  if (!(error instanceof TepuiError)) return EXIT.endedBadly;
  return BY_CODE[error.code] ?? (error.certainty === 'unknown' ? EXIT.unknown : EXIT.refused);
}

/** One clear error: code, what happened in numbers, remedy. */
export function describeError(error: unknown): string {
  if (error instanceof TepuiError) return `tepui: ${error.code}: ${error.message}\n  ${error.remedy}`;
  if (error instanceof Error) return `tepui: ${error.stack ?? error.message}`;
  return `tepui: ${String(error)}`;
}
