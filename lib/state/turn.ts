import { assert, type ErrorCode } from '../base/index.js';
import type { StateEvent } from './events.js';
import type { MachineLimits } from './limits.js';
import type { CommandResult, ResultValue } from './results.js';

/** What one command attempt may know besides its fields and the state, and where its events go. */
export interface Turn {
  /** Of this attempt. */
  readonly revision: number;
  /** The machine's clock, not this computer's. */
  readonly nowMs: number;
  /** The Raft index of the entry. */
  readonly index: number;
  /** The Raft term of the entry. */
  readonly term: number;
  readonly limits: MachineLimits;
  readonly events: StateEvent[];
}

/** Why a command changes nothing. */
export interface Refusal {
  readonly code: ErrorCode;
  readonly message: string;
}

const NOTHING: ResultValue = { kind: 'nothing' };
const CHANGED: ResultValue = { kind: 'effect', changed: true };
const UNCHANGED: ResultValue = { kind: 'effect', changed: false };

export function done(turn: Turn, value: ResultValue = NOTHING): CommandResult {
  return { ok: true, revision: turn.revision, value };
}

export function effect(turn: Turn, changed: boolean): CommandResult {
  return done(turn, changed ? CHANGED : UNCHANGED);
}

export function refuse(turn: Turn, code: ErrorCode, message: string): CommandResult {
  return { ok: false, revision: turn.revision, code, message };
}

export function refuseWith(turn: Turn, refusal: Refusal): CommandResult {
  return refuse(turn, refusal.code, refusal.message);
}

/** The next revision: refuses to leave the range in which numbers are exact. */
export function nextRevision(revision: number): number {
  assert(revision < Number.MAX_SAFE_INTEGER - 1, () => `revision ${revision} is the last exact number`);
  return revision + 1;
}
