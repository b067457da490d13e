import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { EXIT } from '../lib/cli/index.js';
import { smallDisksFault } from './cluster/small-disks.js';
import { canLimitFiles } from './faults/full-disk.js';
import {
  FAULT_KINDS,
  ON_SMALL_DISKS,
  SIZES,
  defaultKinds,
  drawPlan,
  possibleKinds,
  type FaultKind,
} from './faults/plan.js';
import { describeRun, passed } from './report.js';
import { run } from './run.js';
import { WORKLOADS, type WorkloadName } from './workloads/names.js';

interface Options {
  readonly seconds: number;
  readonly seed: number;
  readonly masters: number;
  readonly faults?: readonly FaultKind[];
  readonly workloads?: readonly WorkloadName[];
  readonly smallDisks: boolean;
  readonly keep: boolean;
  readonly json: boolean;
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 0 && value < 2 ** 32) return value;
  throw new InvalidArgumentError('a whole number is wanted');
}

function clusterSize(text: string): number {
  const size = SIZES.find((one) => String(one) === text);
  if (size === undefined) throw new InvalidArgumentError(`${SIZES.join(' or ')} is wanted`);
  return size;
}

function listOf<T extends string>(known: readonly T[]): (text: string) => T[] {
  return (text) =>
    text.split(',').map((name) => {
      const one = known.find((each) => each === name);
      if (one === undefined) throw new InvalidArgumentError(`there are: ${known.join(', ')}`);
      return one;
    });
}

function readOptions(): Options {
  return new Command('chaos')
    .description('Breaks a cluster of real processes under load, and judges what its clients saw')
    .addOption(new Option('--seconds <n>', 'how long faults go on').default(60).argParser(wholeNumber))
    .addOption(
      new Option('--seed <n>', 'draws the plan; the same seed draws the same')
        .default(Date.now() % 1_000_000, 'of the clock')
        .argParser(wholeNumber),
    )
    .addOption(
      new Option('--masters <n>', 'of five, two may be hurt at once').default(3).argParser(clusterSize),
    )
    .addOption(
      new Option('--faults <kinds>', 'only these, separated by commas').argParser(listOf(FAULT_KINDS)),
    )
    .addOption(
      new Option('--workloads <names>', 'only these, separated by commas').argParser(listOf(WORKLOADS)),
    )
    .option(
      '--small-disks',
      'disks that can be filled; by root in a mount namespace: npm run chaos:root',
      false,
    )
    .option('--keep', 'keep the folder of the run also when nothing was found', false)
    .option('--json', 'one JSON line last', false)
    .exitOverride()
    .parse()
    .opts<Options>();
}

/** What is wrong with the flags together, or null. */
function faultOf({ faults, smallDisks }: Options): string | null {
  if (smallDisks) return smallDisksFault();
  const filling = faults?.filter((kind) => ON_SMALL_DISKS.includes(kind)) ?? [];
  return filling.length === 0 ? null : `${filling.join(', ')}: only with --small-disks`;
}

async function main(options: Options): Promise<number> {
  const { seconds, seed, masters, faults, workloads, smallDisks, keep, json } = options;
  const { kinds, leftOut } = possibleKinds(faults ?? defaultKinds(smallDisks), canLimitFiles);
  const missing =
    leftOut.length === 0 ? null : `${leftOut.join(', ')}: there is no prlimit (util-linux) here`;
  const wrong = faultOf(options) ?? (faults === undefined ? null : missing);
  if (wrong !== null) {
    process.stderr.write(`chaos: ${wrong}\n`);
    return EXIT.usage;
  }
  const dir = realpathSync(mkdtempSync(path.join(tmpdir(), 'tepui-chaos-')));
  const interrupt = new AbortController();
  const stop = () => interrupt.abort();
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  const progress = (line: string) => process.stderr.write(`chaos: ${line}\n`);
  const only = faults === undefined ? '' : ` --faults ${faults.join(',')}`;
  const size = masters === 3 ? '' : ` --masters ${masters}`;
  const load = workloads === undefined ? '' : ` --workloads ${workloads.join(',')}`;
  const again = `npm run chaos${smallDisks ? ':root' : ''} -- --seconds ${seconds} --seed ${seed}${size}${only}${load}`;
  progress(again);
  if (missing !== null) progress(`left out: ${missing}`);
  const plan = drawPlan(seed, seconds, kinds, masters);
  let good = false;
  try {
    const result = await run({
      plan,
      workloads: workloads ?? WORKLOADS,
      dir,
      smallDisks,
      signal: interrupt.signal,
      progress,
    });
    if (result === null) return EXIT.interrupted;
    writeFileSync(path.join(dir, 'result.json'), `${JSON.stringify(result, null, 2)}\n`);
    good = passed(result);
    const lines = json ? [JSON.stringify({ ok: good, ...result })] : describeRun(result);
    for (const line of lines) process.stdout.write(`${line}\n`);
    return good ? EXIT.done : EXIT.endedBadly;
  } finally {
    const discard = (good && !keep) || interrupt.signal.aborted;
    if (discard) rmSync(dir, { recursive: true, force: true });
    else progress(`everything is in ${dir}${good ? '' : `; again: ${again}`}`);
  }
}

try {
  process.exitCode = await main(readOptions());
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? EXIT.done : EXIT.usage;
  else {
    process.stderr.write(
      `chaos: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
    );
    process.exitCode = EXIT.endedBadly;
  }
}
