import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { EXIT } from '../../lib/cli/index.js';
import type { RunResult } from '../run.js';
import { copyWith } from './copy.js';
import { PLANTED, type PlantedBug } from './planted.js';

/** Seeds that a bug may survive before it counts as not found. */
const SEEDS = 4;
/** For one run: a bug can keep the copy from ever coming to rest. A run that takes longer gives no result. */
const LIMIT_MS = 300_000;

let running: ChildProcess | null = null;
const interrupt = new AbortController();

const say = (line: string) => process.stdout.write(`${line}\n`);

/** Runs the harness of the copy, on the copy; null when it gave no result, or none in time. */
async function runCopy(
  folder: string,
  { seconds, faults, workloads }: PlantedBug,
  seed: number,
): Promise<RunResult | null> {
  const script = path.join(folder, 'dist/chaos/main.js');
  const plan = ['--seconds', `${seconds}`, '--seed', `${seed}`, '--faults', faults.join(',')];
  const args = [script, '--json', ...plan, '--workloads', workloads.join(',')];
  const child = spawn(process.execPath, args, { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] });
  running = child;
  // As Ctrl-C does: it ends all that it started.
  const late = setTimeout(() => child.kill('SIGINT'), LIMIT_MS);
  const [output] = await Promise.all([text(child.stdout), once(child, 'exit')]);
  clearTimeout(late);
  running = null;
  const last = output.trim().split('\n').at(-1) ?? '';
  return last.startsWith('{') ? (JSON.parse(last) as RunResult) : null;
}

/** The violation that gives the bug away, or why the bug counts as not found. */
type Verdict = { readonly found: string } | { readonly survived: string };

async function hunt(bug: PlantedBug): Promise<Verdict> {
  const folder = copyWith(bug);
  let results = 0;
  try {
    for (let seed = 1; seed <= SEEDS && !interrupt.signal.aborted; seed++) {
      const result = await runCopy(folder, bug, seed);
      if (result === null) continue;
      results++;
      const found = result.violations.find((violation) => bug.sign.test(violation));
      rmSync(result.folder, { recursive: true, force: true });
      if (found !== undefined) return { found: `seed ${seed}: ${found}` };
    }
    return { survived: `not found with ${SEEDS} seeds, of which ${results} gave a result` };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    interrupt.abort();
    running?.kill('SIGINT');
  });
}

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => PLANTED.every((bug) => bug.name !== name));
const bugs = PLANTED.filter(({ name }) => wanted.length === 0 || wanted.includes(name));
let found = 0;
if (unknown.length > 0) {
  const names = PLANTED.map(({ name }) => name).join(', ');
  process.stderr.write(`chaos:mutants: no planted bug ${unknown.join(', ')}; there are: ${names}\n`);
  process.exitCode = EXIT.usage;
} else {
  for (const bug of bugs) {
    const verdict = await hunt(bug);
    if (interrupt.signal.aborted) break;
    if ('found' in verdict) found++;
    say(
      'found' in verdict
        ? `found ${bug.name} with ${verdict.found}`
        : `SURVIVED ${bug.name}: ${verdict.survived}`,
    );
  }
  say(`${interrupt.signal.aborted ? 'interrupted: ' : ''}${found} of ${bugs.length} planted bugs found`);
  process.exitCode = interrupt.signal.aborted
    ? EXIT.interrupted
    : found === bugs.length
      ? EXIT.done
      : EXIT.endedBadly;
}
