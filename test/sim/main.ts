import { Command, InvalidArgumentError } from 'commander';
import { availableParallelism } from 'node:os';
import { performance } from 'node:perf_hooks';
import { Batch } from './batch.js';
import { runSeeds } from './pool.js';
import type { RunReport } from './report.js';
import { runSeed } from './run.js';
import { summary, summaryJson } from './summary.js';

interface Flags {
  readonly seeds: number;
  readonly from: number;
  readonly seed?: number;
  readonly trace?: true;
  readonly jobs: number;
  readonly keepGoing?: true;
  readonly outcomesOnly?: true;
  readonly json?: true;
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
    .description('Runs seeded in-process clusters of consensus cores under faults and checks every step.')
    .option('--seeds <n>', 'number of seeds', count(1, 1e7), 2000)
    .option('--from <seed>', 'first seed', seed, 1)
    .option('--seed <seed>', 'run this seed only', seed)
    .option('--trace', 'with --seed: print one line per event')
    .option('--jobs <n>', 'worker processes', count(1, 64), Math.min(2, availableParallelism()))
    .option('--keep-going', 'do not stop at the first failure')
    .option('--outcomes-only', 'judge only states, answers to clients and progress')
    .option('--json', 'print the summary as one JSON object on the last line');
}

function printFailure(report: RunReport): void {
  const { rule, message } = report.violation!;
  console.error(
    `seed ${report.seed} failed at ${report.virtualSeconds.toFixed(3)} s, rule ${rule}: ${message}`,
  );
  console.error(`  replay: npm run sim -- --seed ${report.seed} --trace`);
}

/** One seed, told in full. */
function single(seed: number, trace: boolean, outcomesOnly: boolean): boolean {
  const lines: string[] = [];
  const flush = (): void => {
    if (lines.length > 0) process.stdout.write(lines.join('\n') + '\n');
    lines.length = 0;
  };
  const print = (line: string): void => {
    if (lines.push(line) === 1000) flush();
  };
  const report = runSeed(trace ? { seed, outcomesOnly, print } : { seed, outcomesOnly });
  flush();
  console.log(JSON.stringify(report));
  if (report.violation !== null) printFailure(report);
  return report.violation === null;
}

async function batch(flags: Flags): Promise<boolean> {
  const sum = new Batch();
  const begun = performance.now();
  await runSeeds({
    from: flags.from,
    seeds: flags.seeds,
    jobs: flags.jobs,
    outcomesOnly: flags.outcomesOnly === true,
    onResult: ({ report, repeated }) => {
      const failures = sum.failures.length;
      sum.add(report);
      if (repeated) sum.repeated++;
      if (sum.failures.length > failures) printFailure(sum.failures.at(-1)!);
      return flags.keepGoing === true || sum.failures.length === 0;
    },
  });
  const realSeconds = (performance.now() - begun) / 1000;
  const shortfalls = sum.failures.length === 0 ? sum.shortfalls() : [];
  console.log(summary(sum, realSeconds));
  for (const line of shortfalls) console.error(`the batch saw too little: ${line}`);
  if (flags.json) console.log(JSON.stringify(summaryJson(sum, realSeconds, shortfalls)));
  return sum.failures.length === 0 && shortfalls.length === 0;
}

const flags = command().parse().opts<Flags>();
const good =
  flags.seed === undefined
    ? await batch(flags)
    : single(flags.seed, flags.trace === true, flags.outcomesOnly === true);
process.exitCode = good ? 0 : 1;
