import { performance } from 'node:perf_hooks';

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Asks until the answer is not null, at most `limitMs`; then an error that says what was waited for. */
export async function untilSome<T>(what: string, limitMs: number, ask: () => Promise<T | null>): Promise<T> {
  const until = performance.now() + limitMs;
  do {
    const answer = await ask();
    if (answer !== null) return answer;
    await pause(20);
  } while (performance.now() < until);
  throw new Error(`${what}: not within ${limitMs} ms`);
}
