import { setTimeout as pause } from 'node:timers/promises';

const POLL_MS = 20;

/** Waits for what only other processes can bring about, and so must be looked at; throws after `limitMs` or when aborted. */
export async function waitFor<T>(
  what: string,
  limitMs: number,
  look: () => T | null | Promise<T | null>,
  signal?: AbortSignal,
): Promise<T> {
  const untilMs = performance.now() + limitMs;
  for (;;) {
    const found = await look();
    if (found !== null) return found;
    if (signal?.aborted === true) throw new Error(`interrupted: ${what}`);
    if (performance.now() > untilMs) throw new Error(`not within ${limitMs} ms: ${what}`);
    await pause(POLL_MS);
  }
}
