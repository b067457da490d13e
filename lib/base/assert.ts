/** Thrown when the program contradicts itself. Never caught to carry on: the process ends (exit code 6). */
export class InvariantError extends Error {
  override readonly name = 'InvariantError';
}

/** Checks an invariant. Stays on in production; messages carry the numbers and a guess at the cause. */
export function assert(condition: boolean, message: string | (() => string)): asserts condition {
  if (!condition) throw new InvariantError(typeof message === 'string' ? message : message());
}

/** Returns `value`, or throws when it is absent: for lookups that an invariant promises to succeed. */
export function must<T>(value: T | undefined | null, message: string | (() => string)): T {
  assert(value !== undefined && value !== null, message);
  return value;
}

/** Marks a branch that exhaustive typing rules out. */
export function unreachable(value: never, what: string): never {
  throw new InvariantError(`unreachable ${what}: ${String(value)}`);
}
