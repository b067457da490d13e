import { Command, Option } from 'commander';
import { spawn } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { CORE_MUTANTS, type Edit, type Mutant } from './mutants.js';
import { NODE_MUTANTS } from './node/mutants.js';
import type { Level } from './repeat.js';

const MUTANTS = [...CORE_MUTANTS, ...NODE_MUTANTS];

/** A planted fault must be found within this many seeds. */
const BUDGET: Readonly<Record<Level, number>> = { core: 500, node: 400 };

const DIST = fileURLToPath(new URL('../../', import.meta.url));

interface Outcome {
  readonly mutant: Mutant;
  /** Null when it survived. */
  readonly found: { readonly seeds: number; readonly rule: string; readonly message: string } | null;
  readonly seconds: number;
}

/** Copies the parts of the build that the simulator runs on, and plants the fault in the copy. */
async function plant(mutant: Mutant): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'tepui-mutant-'));
  for (const part of ['lib', 'test/sim']) {
    await cp(path.join(DIST, part), path.join(folder, 'dist', part), { recursive: true });
  }
  for (const shared of ['node_modules', 'protos']) {
    await symlink(path.join(DIST, '..', shared), path.join(folder, shared), 'junction');
  }
  await writeFile(path.join(folder, 'package.json'), '{ "type": "module" }\n');
  try {
    for (const edit of [mutant, ...(mutant.also ?? [])]) await change(folder, mutant.name, edit);
  } catch (error) {
    await rm(folder, { recursive: true });
    throw error;
  }
  return folder;
}

async function change(folder: string, name: string, { file, find, replace }: Edit): Promise<void> {
  const place = path.join(folder, 'dist', file);
  const pieces = (await readFile(place, 'utf8')).split(find);
  if (pieces.length !== 2) {
    throw new Error(
      `mutant ${name}: its text occurs ${pieces.length - 1} times in ${file}, not once. ` +
        'The code has changed: rewrite the mutant.',
    );
  }
  await writeFile(place, pieces.join(replace));
}

/** Runs the simulator from the copy, seed by seed, until it fails or the budget is used up. */
async function hunt(mutant: Mutant, outcomesOnly: boolean): Promise<Outcome> {
  const begun = performance.now();
  const folder = await plant(mutant);
  try {
    const main = path.join(folder, 'dist/test/sim/main.js');
    const output = await simulate(main, mutant.level, outcomesOnly);
    return { mutant, found: firstFailure(mutant, output), seconds: (performance.now() - begun) / 1000 };
  } finally {
    await rm(folder, { recursive: true });
  }
}

function simulate(main: string, level: Level, outcomesOnly: boolean): Promise<string> {
  return new Promise((resolve, reject) => {
    const seeds = `${BUDGET[level]}`;
    const args = [main, '--level', level, '--from', '1', '--seeds', seeds, '--jobs', '1', '--json'];
    if (outcomesOnly) args.push('--outcomes-only');
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'ignore'] });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.on('error', reject);
    child.on('close', () => resolve(output));
  });
}

interface Summary {
  readonly seeds: number;
  readonly failures: readonly { readonly rule: string; readonly message: string }[];
}

function firstFailure(mutant: Mutant, output: string): Outcome['found'] {
  const last = output.trimEnd().split('\n').at(-1) ?? '';
  if (!last.startsWith('{')) throw new Error(`mutant ${mutant.name}: the simulator did not run to its end`);
  const { seeds, failures } = JSON.parse(last) as Summary;
  const [failure] = failures;
  if (failure === undefined) return null;
  const { rule, message } = failure;
  return { seeds, rule, message: message.split('\n')[0]! };
}

function tell({ mutant, found, seconds }: Outcome): void {
  const name = mutant.name.padEnd(30);
  const time = `${seconds.toFixed(1)} s`.padStart(7);
  if (found === null) console.log(`${name} SURVIVED ${BUDGET[mutant.level]} seeds  ${time}  ${mutant.about}`);
  else console.log(`${name} seed ${String(found.seeds).padStart(3)} ${time}  ${found.message}`);
}

interface Flags {
  readonly only?: readonly string[];
  readonly level?: Level;
  readonly outcomesOnly?: true;
  readonly jobs: number;
}

async function main(): Promise<boolean> {
  const command = new Command('sim:mutants')
    .description('Plants known faults in copies of the build; the simulator must find each of them.')
    .option('--only <name...>', 'these mutants only')
    .addOption(new Option('--level <level>', 'the faults of one level only').choices(['node', 'core']))
    .option('--outcomes-only', 'cores: judge only states, answers to clients and progress')
    .option('--jobs <n>', 'mutants hunted at a time', Number, 2);
  const { only, level, outcomesOnly, jobs } = command.parse().opts<Flags>();
  const queue = MUTANTS.filter(
    (mutant) =>
      (only === undefined || only.includes(mutant.name)) && (level === undefined || mutant.level === level),
  );
  if (queue.length === 0) throw new Error(`no mutant is called ${only?.join(' or ')}`);
  const outcomes: Outcome[] = [];
  const work = async (): Promise<void> => {
    for (let mutant = queue.shift(); mutant !== undefined; mutant = queue.shift()) {
      const outcome = await hunt(mutant, outcomesOnly === true);
      tell(outcome);
      outcomes.push(outcome);
    }
  };
  await Promise.all(Array.from({ length: jobs }, work));
  const survivors = outcomes.filter(({ found }) => found === null).map(({ mutant }) => mutant.name);
  console.log(`${outcomes.length - survivors.length} of ${outcomes.length} planted faults found`);
  if (survivors.length > 0) console.error(`survived: ${survivors.join(', ')}`);
  return survivors.length === 0;
}

process.exitCode = (await main()) ? 0 : 1;
