import type { ErrorCode, TepuiError } from '../base/index.js';

/**
 * Refusals after which the same request may be sent again with the same sequence: the group was not ready, or
 * the member lost sight of what became of it. A session makes the repetition harmless.
 */
const REPEATABLE: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'NO_LEADER',
  'NOT_LEADER',
  'OVERLOADED',
  'DIVERGED',
  'TRANSFERRING',
  'SHUTTING_DOWN',
  'UNREACHABLE',
  'SESSION_LIMIT',
  'OUTCOME_UNKNOWN',
  'DEADLINE',
]);

export function isRepeatable(error: TepuiError): boolean {
  return REPEATABLE.has(error.code);
}

/** The group was asked and has no leader to offer, or no room: the connection to this member is fine. */
const ANSWERS: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'NO_LEADER',
  'NOT_LEADER',
  'OVERLOADED',
  'DIVERGED',
  'TRANSFERRING',
  'SESSION_EXPIRED',
  'SESSION_LIMIT',
]);

/** Whether the member behind the connection answered, so that the connection is worth keeping. */
export function memberAnswered(error: TepuiError): boolean {
  return ANSWERS.has(error.code);
}

/** "4.2 s", "350 ms": durations as people read them. */
export function duration(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}
