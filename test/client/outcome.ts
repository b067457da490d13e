import { TepuiError } from '../../lib/client/index.js';

export interface Outcome<T> {
  readonly kind: 'done' | 'failed';
  readonly value?: T;
  readonly error?: TepuiError;
}

/** What became of a call, without an unhandled rejection meanwhile. */
export async function outcomeOf<T>(call: Promise<T>): Promise<Outcome<T>> {
  try {
    return { kind: 'done', value: await call };
  } catch (error) {
    if (error instanceof TepuiError) return { kind: 'failed', error };
    throw error;
  }
}
