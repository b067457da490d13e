import { Command } from 'commander';
import { spawn } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { MUTANTS, type Mutant } from './mutants.js';

/** A planted fault must be found within this many seeds. */
const BUDGET = 500;

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
  const file = path.join(folder, 'dist', mutant.file);
  const text = await readFile(file, 'utf8');
  const pieces = text.split(mutant.find);
  if (pieces.length !== 2) {
    await rm(folder, { recursive: true });
    throw new Error(
      `mutant ${mutant.name}: its text occurs ${pieces.length - 1} times in ${mutant.file}, not once. ` +
        'The code has changed: rewrite the mutant in test/sim/mutants.ts.',
    );
  }
  await writeFile(file, pieces.join(mutant.replace));
  return folder;
}

/** Runs the simulator from the copy, seed by seed, until it fails or the budget is used up. */
async function hunt(mutant: Mutant, outcomesOnly: boolean): Promise<Outcome> {
  const begun = performance.now();
  const folder = await plant(mutant);
  try {
    const output = await simulate(path.join(folder, 'dist/test/sim/main.js'), outcomesOnly);
    return { mutant, found: firstFailure(mutant, output), seconds: (performance.now() - begun) / 1000 };
  } finally {
    await rm(folder, { recursive: true });
  }
}

function simulate(main: string, outcomesOnly: boolean): Promise<string> {
  return new Promise((resolve, reject) => {
    const args = [main, '--level', 'core', '--from', '1', '--seeds', `${BUDGET}`, '--jobs', '1', '--json'];
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
  if (found === null) console.log(`${name} SURVIVED ${BUDGET} seeds  ${time}  ${mutant.about}`);
  else console.log(`${name} seed ${String(found.seeds).padStart(3)} ${time}  ${found.message}`);
}

interface Flags {
  readonly only?: readonly string[];
  readonly outcomesOnly?: true;
  readonly jobs: number;
}

async function main(): Promise<boolean> {
  const command = new Command('sim:mutants')
    .description('Plants known faults in copies of the build; the simulator must find each of them.')
    .option('--only <name...>', 'these mutants only')
    .option('--outcomes-only', 'judge only states, answers to clients and progress')
    .option('--jobs <n>', 'mutants hunted at a time', Number, 2);
  const { only, outcomesOnly, jobs } = command.parse().opts<Flags>();
  const queue = MUTANTS.filter(({ name }) => only === undefined || only.includes(name));
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
