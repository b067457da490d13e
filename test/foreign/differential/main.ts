import { openSync, writeSync } from 'node:fs';
import { Command } from 'commander';
import { compare, type Difference } from './run.js';
import { startTepui } from './tepui-group.js';
import { startZooKeeper, type Servers } from './zookeeper-server.js';

const PROGRESS_MS = 10_000;

interface Flags {
  readonly seed: string;
  readonly requests: string;
  readonly reference?: string;
  readonly tested?: string;
  readonly trace?: string;
}

const program = new Command('test:differential')
  .description('Sends the same requests to ZooKeeper and to Tepui, and compares every answer and event.')
  .option('--seed <n>', 'of the requests', '1')
  .option('--requests <n>', 'how many', '100000')
  .option('--reference <addresses>', 'of a ZooKeeper with nothing in it; default: one is started')
  .option('--tested <addresses>', 'of what is compared with it; default: three masters are started')
  .option('--trace <file>', 'every step goes there');

const flags = program.parse().opts<Flags>();
const started: Servers[] = [];
const starting: Promise<Servers>[] = [];

let stopping: Promise<void> | null = null;

/** What is on its way up is stopped once it is there. Whoever asks waits for the same end. */
function stopAll(): Promise<void> {
  stopping ??= stopEach();
  return stopping;
}

async function stopEach(): Promise<void> {
  for (const one of await Promise.allSettled(starting)) {
    if (one.status === 'fulfilled') await one.value.stop();
  }
}

async function servers(
  addresses: string | undefined,
  start: () => Promise<Servers>,
): Promise<readonly string[]> {
  if (addresses !== undefined) return addresses.split(',');
  const promise = start();
  starting.push(promise);
  const one = await promise;
  started.push(one);
  return one.addresses;
}

function show({ what, reference, tested }: Difference): void {
  console.log(what);
  const width = Math.max(reference.length, tested.length);
  for (let i = 0; i < width; i++) {
    const [a, b] = [reference[i] ?? '(nothing)', tested[i] ?? '(nothing)'];
    console.log(a === b ? `    ${a}` : `  - ${a}\n  + ${b}`);
  }
}

async function main(): Promise<boolean> {
  const seed = Number(flags.seed);
  const [reference, tested] = await Promise.all([
    servers(flags.reference, startZooKeeper),
    servers(flags.tested, startTepui),
  ]);
  const trace = flags.trace === undefined ? null : openSync(flags.trace, 'w');
  const begun = Date.now();
  let shownAt = begun;
  const result = await compare(
    seed,
    Number(flags.requests),
    { reference, tested },
    {
      progress: (sent) => {
        if (Date.now() - shownAt < PROGRESS_MS) return;
        shownAt = Date.now();
        console.log(`${sent} requests`);
      },
      step: (what, lines) => {
        if (trace !== null) writeSync(trace, `${what}\n${lines.map((line) => `    ${line}\n`).join('')}`);
      },
    },
  );
  const { difference } = result;
  const seconds = ((Date.now() - begun) / 1000).toFixed(1);
  const did = `${result.requests} requests, ${result.lines} lines compared, ${seconds} s`;
  const end = difference === null ? 'no difference' : `a difference in step ${difference.step}`;
  console.log(`seed ${seed}: ${did}: ${end}`);
  if (difference !== null) {
    show(difference);
    for (const { said } of started) if (said !== undefined) console.log(said());
  }
  return difference === null;
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => {
    void stopAll().finally(() => process.exit(1));
  });
}
try {
  process.exitCode = (await main()) ? 0 : 1;
} finally {
  await stopAll();
}
