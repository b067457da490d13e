import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { judgeSkips } from './judge.js';
import type { RanTest } from './record.js';

/** `node dist/test/skips/skips-main.js REPORT`: exits with 1 when docs/skips.md does not allow what was skipped. */
const page = readFileSync(fileURLToPath(new URL('../../../docs/skips.md', import.meta.url)), 'utf8');
const ran = readFileSync(process.argv[2]!, 'utf8')
  .split('\n')
  .filter((line) => line !== '')
  .map((line) => JSON.parse(line) as RanTest);
const problems = judgeSkips(page, ran);
for (const problem of problems) console.error(`docs/skips.md: ${problem}`);
console.log(
  `${ran.length} tests, ${ran.filter(({ skipped }) => skipped).length} skipped, ${problems.length} problems`,
);
process.exitCode = problems.length === 0 ? 0 : 1;
