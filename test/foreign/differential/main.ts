import { Command } from 'commander';
import { compare } from './run.js';
import { startZooKeeper, type Server } from './zookeeper-server.js';

interface Flags {
  readonly seed: string;
  readonly requests: string;
  readonly reference?: string;
  readonly tested?: string;
}

const program = new Command('test:differential')
  .description(
    'Sends the same requests to Debian’s ZooKeeper and to Tepui, and compares every answer and event.',
  )
  .option('--seed <n>', 'of the requests', '1')
  .option('--requests <n>', 'how many', '100000')
  .option('--reference <address>', 'a ZooKeeper that runs already, with nothing in it')
  .option('--tested <address>', 'what is compared with it; default: a second ZooKeeper');

const flags = program.parse().opts<Flags>();
const started: Server[] = [];
let failed = false;
try {
  const server = async (address: string | undefined): Promise<string> => {
    if (address !== undefined) return address;
    const one = await startZooKeeper();
    started.push(one);
    return one.address;
  };
  const reference = await server(flags.reference);
  const tested = await server(flags.tested);
  const result = await compare(Number(flags.seed), Number(flags.requests), { reference, tested }, (sent) =>
    console.log(`${sent} requests`),
  );
  const { difference } = result;
  if (difference === null)
    console.log(`seed ${flags.seed}: ${result.requests} requests, ${result.lines} lines, no difference`);
  else {
    failed = true;
    console.log(
      `seed ${flags.seed}: a difference in step ${difference.step}, after ${result.requests} requests`,
    );
    console.log(difference.what);
    const width = Math.max(difference.reference.length, difference.tested.length);
    for (let i = 0; i < width; i++) {
      const [a, b] = [difference.reference[i] ?? '(nothing)', difference.tested[i] ?? '(nothing)'];
      console.log(a === b ? `    ${a}` : `  - ${a}\n  + ${b}`);
    }
  }
} finally {
  for (const one of started) await one.stop();
}
process.exitCode = failed ? 1 : 0;
