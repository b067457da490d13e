import type { SessionId } from '../../base/index.js';
import type { CommandResult } from '../results.js';
import { effect, refuse, refuseWith, type Refusal, type Turn } from '../turn.js';
import type { SessionTable } from './table.js';
import type { InSession, SessionClose, SessionExpire, SessionOpen } from './types.js';

const ID = /^[0-9a-f]{16}$/;
/** A session that keeps so many times its limit, refusals included, is ended. */
const OVERRUN = 2;

export function applyOpen(sessions: SessionTable, turn: Turn, command: SessionOpen): CommandResult {
  const { session, timeoutMs } = command;
  const { sessionTimeoutMinMs, sessionTimeoutMaxMs, sessions: limit } = turn.limits;
  if (!ID.test(session)) return refuse(turn, 'INVALID_ARGUMENT', 'a session id is 16 hexadecimal digits');
  if (timeoutMs < sessionTimeoutMinMs || timeoutMs > sessionTimeoutMaxMs) {
    const range = `${sessionTimeoutMinMs} to ${sessionTimeoutMaxMs} ms`;
    return refuse(turn, 'INVALID_ARGUMENT', `a session timeout of ${timeoutMs} ms; allowed are ${range}`);
  }
  if (sessions.find(session) >= 0) return effect(turn, false);
  if (sessions.sessions.records >= limit) {
    return refuse(turn, 'GROWTH_REFUSED', `${limit} sessions are open, the most there may be`);
  }
  const row = sessions.open(session);
  sessions.timeoutMs.set(row, timeoutMs);
  sessions.usedRevision.set(row, turn.revision);
  sessions.acknowledgedBelow.set(row, 1);
  turn.events.push({ kind: 'session-opened', revision: turn.revision, session });
  return effect(turn, true);
}

export function applyClose(sessions: SessionTable, turn: Turn, command: SessionClose): CommandResult {
  const row = sessions.find(command.session);
  if (row < 0) return effect(turn, false);
  end(sessions, turn, command.session, row, 'closed');
  return effect(turn, true);
}

export function applyExpire(sessions: SessionTable, turn: Turn, command: SessionExpire): CommandResult {
  const row = sessions.find(command.session);
  if (row < 0 || sessions.usedRevision.get(row) !== command.usedRevision) return effect(turn, false);
  end(sessions, turn, command.session, row, 'expired');
  return effect(turn, true);
}

function end(
  sessions: SessionTable,
  turn: Turn,
  session: SessionId,
  row: number,
  cause: 'closed' | 'expired' | 'overrun',
): void {
  sessions.end(row);
  turn.events.push({ kind: 'session-ended', revision: turn.revision, session, cause });
}

/**
 * Runs `execute` unless the sequence was run before. Whatever was answered once for a sequence is its answer for
 * good, refusals included: another copy of the command may still be on its way through another member.
 *
 * While `barred` says why nothing may be written, an attempt leaves no trace at all, not even its refusal: the
 * same sequence may be tried again afterwards. What was answered before is still answered.
 */
export function applyInSession<Inner>(
  sessions: SessionTable,
  turn: Turn,
  command: InSession<Inner>,
  barred: Refusal | null,
  execute: (inner: Inner) => CommandResult,
): CommandResult {
  const { session, sequence, acknowledgedBelow } = command;
  const row = sessions.find(session);
  if (row < 0) return refuse(turn, 'SESSION_EXPIRED', `session ${session} is not open`);
  const watermark = sessions.acknowledgedBelow.get(row);
  if (sequence < watermark) {
    return refuse(turn, 'SEQUENCE_STALE', `sequence ${sequence}; all below ${watermark} were acknowledged`);
  }
  const before = sessions.result(session, row, sequence);
  if (before !== null) return before;
  if (barred !== null) return refuseWith(turn, barred);
  if (sessions.keptResults(row) >= OVERRUN * turn.limits.resultsPerSession) {
    end(sessions, turn, session, row, 'overrun');
    return refuse(turn, 'SESSION_EXPIRED', `session ${session} was ended: its client acknowledges nothing`);
  }
  sessions.usedRevision.set(row, turn.revision);
  if (acknowledgedBelow > watermark && acknowledgedBelow <= sequence) {
    sessions.acknowledgedBelow.set(row, acknowledgedBelow);
    sessions.dropBelow(row, acknowledgedBelow);
  }
  const result = fault(sessions, turn, row, command) ?? execute(command.command);
  sessions.keep(session, row, sequence, result);
  return result;
}

/** Refuses before anything is executed. */
function fault<Inner>(
  sessions: SessionTable,
  turn: Turn,
  row: number,
  command: InSession<Inner>,
): CommandResult | null {
  const { sequence, acknowledgedBelow, session } = command;
  if (acknowledgedBelow > sequence) {
    return refuse(turn, 'INVALID_ARGUMENT', `acknowledges ${acknowledgedBelow} in sequence ${sequence}`);
  }
  const kept = sessions.keptResults(row);
  const limit = turn.limits.resultsPerSession;
  if (kept < limit) return null;
  return refuse(turn, 'SESSION_LIMIT', `session ${session} keeps ${kept} answers; the limit is ${limit}`);
}
