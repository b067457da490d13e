import { CATALOGUE, TepuiError, isErrorCode, type ErrorCode } from '../base/index.js';
import { bool, oneOf, struct, text, type Codec, type FieldCodec } from './struct.js';

/** `LINEARIZABLE` reflects every write acknowledged before the read began; `LOCAL` may be old. */
export type ReadConsistency = 'LINEARIZABLE' | 'LOCAL';

export const readConsistency: FieldCodec<ReadConsistency> = oneOf(['LINEARIZABLE', 'LOCAL']);

/** A refusal as it travels inside a stream. `code` of another release need not be in our catalogue. */
export interface Refusal {
  readonly code: string;
  readonly message: string;
  readonly outcomeUnknown: boolean;
}

export const refusal: Codec<Refusal> = struct<Refusal>({ code: text, message: text, outcomeUnknown: bool });

export function refusalOf(error: TepuiError): Refusal {
  return { code: error.code, message: error.message, outcomeUnknown: error.certainty === 'unknown' };
}

/**
 * The error that a refusal stands for. A code that this release does not know, or knows to be certain while
 * the sender says it is not, becomes OUTCOME_UNKNOWN or, when surely nothing changed, UNSUPPORTED.
 */
export function errorOf(refused: Refusal): TepuiError {
  const { code, message, outcomeUnknown } = refused;
  if (isErrorCode(code) && (!outcomeUnknown || CATALOGUE[code].certainty === 'unknown')) {
    return new TepuiError(code, message);
  }
  const stated: ErrorCode = outcomeUnknown ? 'OUTCOME_UNKNOWN' : 'UNSUPPORTED';
  return new TepuiError(stated, `${code}: ${message}`, { fields: { code } });
}
