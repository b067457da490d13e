import { messageOf } from './failure-latch.js';

/** The code of the innermost cause. */
export function codeOf(error: unknown): string {
  let code = '';
  for (let e = error; e instanceof Error; e = e.cause) {
    const own = (e as { code?: unknown }).code;
    if (typeof own === 'string') code = own;
  }
  return code;
}

/**
 * Whether LevelDB says that its files are not what it wrote. Some of that it calls an I/O error: reading beyond the end
 * of a table that was cut short is "Invalid argument".
 */
export function isCorruption(error: unknown): boolean {
  if (codeOf(error) === 'LEVEL_CORRUPTION') return true;
  return /corruption|missing files|\.ldb: (invalid argument|no such file)/i.test(messageOf(error));
}
