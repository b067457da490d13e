import { appendFileSync } from 'node:fs';
import Mocha from 'mocha';

/** One test of a run as the runner named it, from the outermost suite inwards, and whether it was skipped. */
export interface RanTest {
  readonly titles: readonly string[];
  readonly skipped: boolean;
}

/** One name for a test wherever people write it. */
export function nameOf(titles: readonly string[]): string {
  return titles.join(' › ');
}

const { EVENT_TEST_END, EVENT_TEST_PENDING } = Mocha.Runner.constants;

/**
 * Appends a JSON line per test to the file: what really ran, and what was skipped in whatever way (`skip`, no
 * body, a hook that skips). At once, so that a run that crashes has reported what it did.
 */
export function recordTests(runner: Mocha.Runner, file: string): void {
  const record = (test: Mocha.Test, skipped: boolean): void => {
    const line: RanTest = { titles: test.titlePath(), skipped };
    appendFileSync(file, `${JSON.stringify(line)}\n`);
  };
  runner.on(EVENT_TEST_PENDING, (test) => record(test, true));
  // Follows a skipped test, too.
  runner.on(EVENT_TEST_END, (test) => {
    if (!test.isPending()) record(test, false);
  });
}
