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

let running: ChildProcess | null = null;
const interrupt = new AbortController();

const say = (line: string) => process.stdout.write(`${line}\n`);

/** Runs the harness of the copy, on the copy; null when it gave no result. */
async function runCopy(
  folder: string,
  { seconds, faults }: PlantedBug,
  seed: number,
): Promise<RunResult | null> {
  const script = path.join(folder, 'dist/chaos/main.js');
  const args = [
    script,
    '--json',
    '--seconds',
    `${seconds}`,
    '--seed',
    `${seed}`,
    '--faults',
    faults.join(','),
  ];
  const child = spawn(process.execPath, args, { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] });
  running = child;
  const [output] = await Promise.all([text(child.stdout), once(child, 'exit')]);
  running = null;
  const last = output.trim().split('\n').at(-1) ?? '';
  return last.startsWith('{') ? (JSON.parse(last) as RunResult) : null;
}

/** The violation that gives the bug away; null when it survived. */
async function hunt(bug: PlantedBug): Promise<string | null> {
  const folder = copyWith(bug);
  try {
    for (let seed = 1; seed <= SEEDS && !interrupt.signal.aborted; seed++) {
      const result = await runCopy(folder, bug, seed);
      if (result === null) continue;
      const found = result.violations.find((violation) => bug.sign.test(violation));
      rmSync(result.folder, { recursive: true, force: true });
      if (found !== undefined) return `seed ${seed}: ${found}`;
    }
    return null;
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

const survivors: string[] = [];
const wanted = process.argv.slice(2);
for (const bug of PLANTED.filter(({ name }) => wanted.length === 0 || wanted.includes(name))) {
  const found = await hunt(bug);
  if (interrupt.signal.aborted) break;
  say(
    found === null
      ? `SURVIVED ${bug.name}: not found with ${SEEDS} seeds`
      : `found ${bug.name} with ${found}`,
  );
  if (found === null) survivors.push(bug.name);
}
process.exitCode = interrupt.signal.aborted
  ? EXIT.interrupted
  : survivors.length === 0
    ? EXIT.done
    : EXIT.endedBadly;
