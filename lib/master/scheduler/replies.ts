import { CATALOGUE, TepuiError, type ErrorCode } from '../../base/index.js';
import type { Outcome } from '../../replica/types.js';
import type { CommandResult } from '../../state/index.js';
import { refusalOf, type SchedulerReply } from '../../wire/index.js';

/** How a request ended, before its sequence is put on it. */
export type Answer = Accepted | Refused;

export interface Accepted {
  readonly kind: 'accepted';
  readonly index: number;
}

export interface Refused {
  readonly kind: 'refused';
  readonly code: ErrorCode;
  readonly message: string;
  readonly outcomeUnknown: boolean;
}

export type Answered = (answer: Answer) => void;

export function accepted(index: number): Accepted {
  return { kind: 'accepted', index };
}

/** The catalogue says whether a code means "surely not done". */
export function refused(code: ErrorCode, message: string): Refused {
  return { kind: 'refused', code, message, outcomeUnknown: CATALOGUE[code].certainty === 'unknown' };
}

export function unknownOutcome(message: string): Refused {
  return refused('OUTCOME_UNKNOWN', message);
}

/** What a request that threw is answered with. Anything but a coded error is a defect and thrown on. */
export function refusedBy(error: unknown): Answer {
  if (!(error instanceof TepuiError)) throw error;
  return { kind: 'refused', ...refusalOf(error), code: error.code };
}

export function answerOfResult(result: CommandResult): Answer {
  return result.ok ? accepted(result.revision) : refused(result.code, result.message);
}

export function answerOfOutcome(outcome: Outcome): Answer {
  switch (outcome.kind) {
    case 'applied':
      return answerOfResult(outcome.result);
    case 'refused':
      return refused(outcome.code, outcome.message);
    case 'unknown':
      return unknownOutcome(outcome.message);
  }
}

export function replyOf(sequence: number, answer: Answer): SchedulerReply {
  if (answer.kind === 'accepted') return { kind: 'accepted', sequence, index: answer.index };
  const { code, message, outcomeUnknown } = answer;
  return { kind: 'refused', sequence, refusal: { code, message, outcomeUnknown } };
}
