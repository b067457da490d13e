import { Command, InvalidArgumentError, Option } from 'commander';
import { RIVALS } from '../failover/rivals.js';
import { report } from '../support/report.js';
import { LoadGenerator } from './load-process.js';
import { Measurement } from './measure.js';
import { RATE_ROWS } from './rows.js';
import { SIDES, level, makeSide, type Side, type SideName } from './side.js';
import { judge, tableOf, type Line } from './table.js';

/** As a shell reports a process that a signal ended: 128 and the number of the signal. */
const INTERRUPTED = { SIGINT: 130, SIGTERM: 143 } as const;

interface Options {
  readonly rows?: readonly string[];
  readonly side?: SideName;
  readonly seconds: number;
  readonly rounds: number;
  readonly warmUp: number;
  readonly json: boolean;
}

const NAMES = RATE_ROWS.map(({ name }) => name);

/** What runs now. */
const running = new Set<Side>();
const load = new LoadGenerator();

async function stopAll(): Promise<void> {
  load.stop();
  await Promise.all([...running].map(({ group }) => group.stop()));
}

async function start(side: Side): Promise<void> {
  running.add(side);
  await side.group.start();
  await level(side);
}

async function measure({ rows, side, seconds, rounds, warmUp }: Options): Promise<Line[]> {
  const sides = SIDES.filter((name) => side === undefined || side === name).map(makeSide);
  for (const one of sides) await start(one);
  const measurement = new Measurement(load, sides, { seconds, rounds, warmUpSeconds: warmUp }, progress);
  await measurement.warmUp();
  const lines: Line[] = [];
  for (const row of RATE_ROWS) {
    if (rows === undefined || rows.includes(row.name)) lines.push(await measurement.rate(row));
  }
  return lines;
}

function progress(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** What must be installed and is not, with the remedy. */
function missing(side: SideName | undefined): string[] {
  const rival = RIVALS.get('zookeeper')!;
  const server = side === 'tepui' ? null : rival.missing();
  return [
    ...(server === null ? [] : [`${server}; on Debian: ${rival.install}; or measure one side: --side tepui`]),
    ...(load.compilerIsThere()
      ? []
      : ['no command gcc, which the load generator needs; on Debian: apt-get install gcc libc6-dev']),
  ];
}

function rowNames(text: string): string[] {
  const names = text.split(',');
  const unknown = names.filter((name) => !NAMES.includes(name));
  if (unknown.length > 0)
    throw new InvalidArgumentError(`${unknown.join(', ')}: known are ${NAMES.join(',')}`);
  return names;
}

function number(text: string): number {
  if (!/^\d{1,4}(\.\d+)?$/.test(text)) throw new InvalidArgumentError('a number from 0 to 9999 is needed');
  return Number(text);
}

const options = new Command('bench:zookeeper')
  .description("Tepui's masters beside Debian's ZooKeeper: the same clients, the same load, by turns")
  .option('--rows <names>', `only these of ${NAMES.join(',')}`, rowNames)
  .addOption(new Option('--side <name>', 'only this one').choices(SIDES))
  .option('--seconds <n>', 'of each measurement', number, 5)
  .option('--rounds <n>', 'measurements of each row and side', number, 2)
  .option('--warm-up <n>', 'seconds of load on each side before the first measurement', number, 16)
  .option('--json', 'one JSON line', false)
  .parse()
  .opts<Options>();

const wrong = missing(options.side);
if (wrong.length > 0) {
  for (const line of wrong) progress(`bench:zookeeper: ${line}`);
  load.stop();
  process.exit(2);
}
let interrupted = false;
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    interrupted = true;
    void stopAll().finally(() => process.exit(INTERRUPTED[signal]));
  });
}
try {
  load.compile();
  const lines = (await measure(options)).map(judge);
  report(tableOf(lines), { rows: lines }, options.json);
} catch (error) {
  // What an interrupted measurement says of its servers is true and of no interest.
  if (!interrupted) throw error;
} finally {
  await stopAll();
}
