import { loadavg } from 'node:os';
import { Command, InvalidArgumentError, Option } from 'commander';
import { RIVALS } from '../failover/rivals.js';
import { report } from '../support/report.js';
import { round } from '../support/statistics.js';
import { LoadGenerator } from './load-process.js';
import { ROW_NAMES, rowsMeant } from './rows.js';
import { Run } from './run.js';
import { SIDES, type SideName } from './side.js';
import { judge, tableOf } from './table.js';

/** As a shell reports a process that a signal ended: 128 and the number of the signal. */
const INTERRUPTED = { SIGINT: 130, SIGTERM: 143 } as const;

interface Options {
  readonly rows: readonly string[];
  readonly side?: SideName;
  readonly seconds: number;
  readonly rounds: number;
  readonly warmUp: number;
  readonly kills: number;
  readonly rate?: number;
  readonly json: boolean;
}

function progress(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** What must be installed and is not, with the remedy. */
function missing(side: SideName | undefined): string[] {
  const rival = RIVALS.get('zookeeper')!;
  const server = side === 'tepui' ? null : rival.missing();
  const compiler = 'no command gcc, which the load generator needs; on Debian: apt-get install gcc libc6-dev';
  return [
    ...(server === null ? [] : [`${server}; on Debian: ${rival.install}; or one side alone: --side tepui`]),
    ...(load.compilerIsThere() ? [] : [compiler]),
  ];
}

function rowNames(text: string): string[] {
  return text.split(',').flatMap((word) => {
    const names = rowsMeant(word);
    if (names.length > 0) return names;
    throw new InvalidArgumentError(`${word}: known are ${ROW_NAMES.join(',')}`);
  });
}

function number(text: string): number {
  if (!/^\d{1,7}(\.\d+)?$/.test(text)) throw new InvalidArgumentError('a number from 0 to 9999999 is needed');
  return Number(text);
}

const options = new Command('bench:zookeeper')
  .description("Tepui's masters beside Debian's ZooKeeper: the same clients, the same load, by turns")
  .option('--rows <names>', 'only these, or those that begin so: p99,one,tree,kill', rowNames, ROW_NAMES)
  .addOption(new Option('--side <name>', 'only this one').choices(SIDES))
  .option('--seconds <n>', 'of each measurement', number, 5)
  .option('--rounds <n>', 'measurements of each row and side', number, 2)
  .option('--warm-up <n>', 'seconds of load on each side before the first measurement', number, 18)
  .option('--kills <n>', 'leaders killed on each side', number, 5)
  .option('--rate <n>', "requests per second for the rows of p99 (default: ZooKeeper's own)", number)
  .option('--json', 'one JSON line', false)
  .parse()
  .opts<Options>();

const load = new LoadGenerator();
const wrong = missing(options.side);
if (wrong.length > 0) {
  for (const line of wrong) progress(`bench:zookeeper: ${line}`);
  load.stop();
  process.exit(2);
}
const { seconds, rounds, warmUp, rate } = options;
const run = new Run(
  load,
  {
    rows: new Set(options.rows),
    sides: options.side === undefined ? SIDES : [options.side],
    pace: { seconds, rounds, warmUpSeconds: warmUp, rate: rate ?? null },
    kills: options.kills,
  },
  progress,
);
async function stop(): Promise<void> {
  load.stop();
  await run.stop();
}
let interrupted = false;
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    interrupted = true;
    void stop().finally(() => process.exit(INTERRUPTED[signal]));
  });
}
try {
  load.compile();
  const [others] = loadavg();
  const lines = (await run.lines()).map(judge);
  const alone = `load average before this run: ${round(others!)}`;
  report([alone, ...tableOf(lines)], { load_average_before: others, rows: lines }, options.json);
} catch (error) {
  // What an interrupted measurement says of its servers is true and of no interest.
  if (!interrupted) throw error;
} finally {
  await stop();
}
