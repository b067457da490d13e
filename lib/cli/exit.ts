import { InvariantError, TepuiError, type ErrorCode } from '../base/index.js';

/** Exit codes of every command; scripts rely on them. */
export const EXIT: {
  readonly done: 0;
  readonly endedBadly: 1;
  readonly usage: 2;
  readonly refused: 3;
  readonly unknown: 4;
  readonly unreachable: 5;
  readonly storage: 6;
  readonly interrupted: 130;
} = {
  done: 0,
  endedBadly: 1,
  usage: 2,
  refused: 3,
  unknown: 4,
  unreachable: 5,
  storage: 6,
  interrupted: 130,
};

const BY_CODE: Partial<Record<ErrorCode, number>> = {
  CONFIG: EXIT.usage,
  USAGE: EXIT.usage,
  TLS: EXIT.usage,
  PORT_IN_USE: EXIT.usage,
  FOREIGN_CLUSTER: EXIT.usage,
  FOREIGN_MEMBER: EXIT.usage,
  NEWER_FORMAT: EXIT.usage,
  FORMER_GENERATION: EXIT.usage,
  RETIRED: EXIT.storage,
  REMOVED: EXIT.refused,
  FOLDER_IN_USE: EXIT.usage,
  UNREACHABLE: EXIT.unreachable,
  NO_LEADER: EXIT.endedBadly,
  NOT_LEADER: EXIT.endedBadly,
  STORAGE: EXIT.storage,
  DAMAGED: EXIT.storage,
  SNAPSHOT_DAMAGED: EXIT.storage,
};

export function exitCodeOf(error: unknown): number {
  if (error instanceof InvariantError) return EXIT.storage;
  if (!(error instanceof TepuiError)) return EXIT.endedBadly;
  return BY_CODE[error.code] ?? (error.certainty === 'unknown' ? EXIT.unknown : EXIT.refused);
}

/** What a person at a command line can do, where the catalogue speaks to programs. */
const REMEDIES: Partial<Record<ErrorCode, string>> = {
  UNKNOWN_FRAMEWORK: '`tepui frameworks` lists those that exist.',
  UNKNOWN_TASK: '`tepui tasks` lists those that exist.',
  OUTCOME_UNKNOWN: 'Look at `tepui tasks`, `frameworks`, `status` or `zk stat` before you repeat it.',
  DEADLINE: 'Look at `tepui tasks`, `frameworks`, `status` or `zk stat` before you repeat it.',
  FRAMEWORK_REMOVED: 'Run it again if that was not intended.',
};

function remedyOf(error: TepuiError): string {
  return REMEDIES[error.code] ?? error.remedy;
}

/** What happened in numbers, the code, and what to do. */
export function describeError(error: unknown): string {
  if (error instanceof TepuiError) {
    const unknown = error.certainty === 'unknown' ? ', outcome unknown' : '';
    return `tepui: ${error.message} [${error.code}${unknown}]\n  ${remedyOf(error)}`;
  }
  if (error instanceof Error) return `tepui: ${error.stack ?? error.message}`;
  return `tepui: ${String(error)}`;
}

/** The same for programs, as one line. */
export function errorJson(error: unknown): string {
  const known = error instanceof TepuiError;
  const message = error instanceof Error ? error.message : String(error);
  return JSON.stringify({
    error: {
      code: known ? error.code : 'INTERNAL',
      message,
      outcomeUnknown: known && error.certainty === 'unknown',
      remedy: known ? remedyOf(error) : '',
    },
  });
}
