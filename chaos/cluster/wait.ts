import { setTimeout as pause } from 'node:timers/promises';
import type { FairClock } from './fair-clock.js';

const POLL_MS = 20;
/** However starved the machine is, nothing is waited for longer than so many times its limit. */
const MOST_PATIENCE = 10;

/**
 * Waits for what only other processes can bring about, and so must be looked at; throws after `limitMs` by the
 * clock, or when aborted.
 */
export async function waitFor<T>(
  clock: Pick<FairClock, 'nowMs' | 'starvedMs'>,
  what: string,
  limitMs: number,
  look: () => T | null | Promise<T | null>,
  signal?: AbortSignal,
): Promise<T> {
  const untilMs = clock.nowMs() + limitMs;
  const starvedMs = clock.starvedMs;
  const endMs = performance.now() + MOST_PATIENCE * limitMs;
  for (;;) {
    const found = await look();
    if (found !== null) return found;
    if (signal?.aborted === true) throw new Error(`interrupted: ${what}`);
    if (clock.nowMs() > untilMs || performance.now() > endMs) {
      const besides = Math.round(clock.starvedMs - starvedMs);
      throw new Error(
        `not within ${limitMs} ms: ${what} (besides ${besides} ms for which processes waited for a processor)`,
      );
    }
    await pause(POLL_MS);
  }
}
