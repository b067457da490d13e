import { setTimeout as pause } from 'node:timers/promises';

const POLL_MS = 5;

/**
 * Waits until `condition` gives something other than false, undefined or an exception, and returns it. Fails
 * with the last exception, or with `what`, when that has not happened by the deadline. For what other processes
 * do; inside one process await the event itself.
 */
export async function eventually<T>(
  condition: () => T | false | undefined | Promise<T | false | undefined>,
  deadlineMs: number,
  what = condition.toString(),
): Promise<T> {
  const startedMs = performance.now();
  for (;;) {
    let failure: unknown;
    try {
      const value = await condition();
      if (value !== false && value !== undefined) return value;
    } catch (error) {
      failure = error;
    }
    if (performance.now() - startedMs > deadlineMs) {
      throw new Error(`not within ${deadlineMs} ms: ${what}`, { cause: failure });
    }
    await pause(POLL_MS);
  }
}
