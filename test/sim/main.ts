import { Command, InvalidArgumentError, Option } from 'commander';
import { availableParallelism } from 'node:os';
import { performance } from 'node:perf_hooks';
import { Batch } from './batch.js';
import { NodeBatch } from './node/batch.js';
import { runNodeSeed, type NodeReport } from './node/run.js';
import { PARTS, flagsOf, type Part, type Reduction } from './node/reduction.js';
import { shrink } from './node/shrink.js';
import { runSeeds } from './pool.js';
import type { Level } from './repeat.js';
import type { Report, RunReport } from './report.js';
import { runSeed } from './run.js';
import { summary, summaryJson } from './summary.js';
import type { Tally } from './tally.js';

interface Flags {
  readonly level: Level;
  readonly seeds?: number;
  readonly from: number;
  readonly seed?: number;
  readonly trace?: true;
  readonly jobs: number;
  readonly keepGoing?: true;
  readonly twice?: true;
  readonly outcomesOnly?: true;
  readonly json?: true;
  readonly without?: readonly Part[];
  readonly faultSeconds?: number;
  readonly clients?: number;
}

function count(low: number, high: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!Number.isInteger(value) || value < low || value > high) {
      throw new InvalidArgumentError(`A whole number from ${low} to ${high} is wanted.`);
    }
    return value;
  };
}

function command(): Command {
  const seed = count(0, 2 ** 32 - 1);
  return new Command('sim')
    .description('Runs seeded in-process groups under faults and checks every step.')
    .addOption(
      new Option('--level <level>', 'whole masters, or consensus cores alone')
        .choices(['node', 'core'])
        .default('node'),
    )
    .option('--seeds <n>', 'number of seeds (default: 500 of nodes, 2000 of cores)', count(1, 1e7))
    .option('--from <seed>', 'first seed', seed, 1)
    .option('--seed <seed>', 'run this seed only', seed)
    .option('--trace', 'with --seed: print one line per event')
    .addOption(
      new Option('--without <part...>', 'nodes, with --seed: leave these parts of the run out').choices(
        PARTS,
      ),
    )
    .option('--fault-seconds <n>', 'nodes, with --seed: faults strike for so long', count(0, 1000))
    .option('--clients <n>', 'nodes, with --seed: at most so many clients', count(1, 100))
    .option('--jobs <n>', 'worker processes', count(1, 64), Math.min(2, availableParallelism()))
    .option('--keep-going', 'do not stop at the first failure')
    .option('--twice', 'run every seed twice and compare the traces')
    .option('--outcomes-only', 'cores: judge only states, answers to clients and progress')
    .option('--json', 'print the summary as one JSON object on the last line');
}

const SEEDS: Readonly<Record<Level, number>> = { core: 2000, node: 500 };

function printFailure(report: Report<unknown>, level: Level): void {
  const { rule, message } = report.violation!;
  console.error(
    `seed ${report.seed} failed at ${report.virtualSeconds.toFixed(3)} s, rule ${rule}: ${message}`,
  );
  const flag = level === 'core' ? '--level core ' : '';
  console.error(`  replay: npm run sim -- ${flag}--seed ${report.seed} --trace`);
}

/** One seed, told in full. */
async function single(seed: number, flags: Flags): Promise<boolean> {
  const { level, trace, outcomesOnly } = flags;
  const lines: string[] = [];
  const flush = (): void => {
    if (lines.length > 0) process.stdout.write(lines.join('\n') + '\n');
    lines.length = 0;
  };
  const print = (line: string): void => {
    if (lines.push(line) === 1000) flush();
  };
  const told = trace === true ? { print } : {};
  const report: Report<unknown> =
    level === 'core'
      ? runSeed({ seed, outcomesOnly: outcomesOnly === true, ...told })
      : await runNodeSeed({ seed, reduction: reductionOf(flags), ...told });
  flush();
  console.log(JSON.stringify(report));
  if (report.violation !== null) printFailure(report, level);
  return report.violation === null;
}

function reductionOf({ without = [], faultSeconds, clients }: Flags): Reduction {
  return {
    without,
    ...(faultSeconds === undefined ? {} : { faultSeconds }),
    ...(clients === undefined ? {} : { clients }),
  };
}

/** Looks for a shorter run that fails in the same way, and says how to see it. */
async function shorten({ seed, violation }: Report<unknown>): Promise<void> {
  const shrunk = await shrink(seed, violation!.rule);
  if (shrunk === null) return;
  const { reduction, report, runs } = shrunk;
  const seconds = report.virtualSeconds.toFixed(3);
  console.error(`  the same rule is broken at ${seconds} s with less (${runs} runs):`);
  console.error(`  npm run sim -- --seed ${seed} ${flagsOf(reduction)} --trace`);
}

async function batch<R>(sum: Tally<R>, flags: Flags): Promise<boolean> {
  const { level } = flags;
  const begun = performance.now();
  await runSeeds({
    from: flags.from,
    seeds: flags.seeds ?? SEEDS[level],
    jobs: flags.jobs,
    settings: { level, outcomesOnly: flags.outcomesOnly === true, twice: flags.twice === true },
    onResult: ({ report, repeated }) => {
      const failures = sum.failures.length;
      sum.add(report as R);
      if (repeated) sum.repeated++;
      if (sum.failures.length > failures) printFailure(sum.failures.at(-1)!, level);
      return flags.keepGoing === true || sum.failures.length === 0;
    },
  });
  const realSeconds = (performance.now() - begun) / 1000;
  const [first] = sum.failures;
  if (level === 'node' && first !== undefined && flags.json !== true) await shorten(first);
  const shortfalls = sum.failures.length === 0 ? sum.shortfalls() : [];
  console.log(summary(sum, realSeconds));
  for (const line of shortfalls) console.error(`the batch saw too little: ${line}`);
  if (flags.json) console.log(JSON.stringify(summaryJson(sum, realSeconds, shortfalls)));
  return sum.failures.length === 0 && shortfalls.length === 0;
}

function batches(flags: Flags): Promise<boolean> {
  if (flags.level === 'core') return batch<RunReport>(new Batch(), flags);
  return batch<NodeReport>(new NodeBatch(), flags);
}

const flags = command().parse().opts<Flags>();
const good = flags.seed === undefined ? await batches(flags) : await single(flags.seed, flags);
process.exitCode = good ? 0 : 1;
