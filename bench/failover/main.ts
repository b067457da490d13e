import { Command, InvalidArgumentError } from 'commander';
import { report } from '../support/report.js';
import { percentile, round } from '../support/statistics.js';
import { Clients } from './clients.js';
import { kill9, sigstop, transfer } from './fault.js';
import type { Group } from './group.js';
import { RIVALS, objections } from './rivals.js';
import { Rounds, type Watcher } from './rounds.js';
import { untilSome } from './support/time.js';
import { TepuiGroup } from './tepui/tepui-group.js';

const CLIENTS = 8;
const START_LIMIT_MS = 60_000;
/** As a shell reports a process that a signal ended: 128 and the number of the signal. */
const INTERRUPTED = { SIGINT: 130, SIGTERM: 143 } as const;

interface Options {
  readonly kills: number;
  readonly stops: number;
  readonly transfers: number;
  readonly with: readonly string[];
  readonly etcdPatience?: number;
  readonly json: boolean;
}

/** What runs now and must be stopped, also when the bench is interrupted. */
let stopCurrent: () => Promise<void> = () => Promise.resolve();

/** Runs `measure` against a started group that serves all its clients; the group has ended when this returns. */
async function against<T>(
  group: Group,
  watcher: Watcher,
  measure: (rounds: Rounds) => Promise<T>,
): Promise<T> {
  let clients: Clients | null = null;
  let stopping: Promise<void> | null = null;
  stopCurrent = () => {
    clients?.stop();
    return (stopping ??= group.stop());
  };
  try {
    await group.start();
    await untilSome(`${group.name}: a leader`, START_LIMIT_MS, () => group.leader());
    clients = new Clients(CLIENTS, group);
    await clients.start();
    return await measure(new Rounds(group, clients, watcher));
  } finally {
    await stopCurrent();
  }
}

async function measureTepui({ kills, stops, transfers }: Options) {
  const group = new TepuiGroup();
  const watcher: Watcher = {
    progress,
    expecting: (leader) => group.watchOffers(leader),
    recovered: async (sinceMs) => {
      await group.noteFirstOffer(sinceMs);
      progress(`tepui first offer after the election: ${round(group.firstOfferMs.at(-1)!)} ms`);
    },
  };
  return against(group, watcher, async (rounds) => ({
    kill9: await rounds.run(kill9(group), kills),
    sigstop: await rounds.run(sigstop(group), stops),
    transfer: await rounds.run(transfer(group), transfers),
    first_offer_p50_ms: round(percentile(group.firstOfferMs, 50)),
    first_offer_max_ms: round(Math.max(...group.firstOfferMs)),
    /** Lost leaders after which no offer came for 20 s. */
    first_offer_missing: group.firstOfferMs.filter((ms) => ms === Number.POSITIVE_INFINITY).length,
  }));
}

async function measureRival(name: string, { kills, stops, etcdPatience }: Options) {
  const group = RIVALS.get(name)!.make({ etcdPatienceMs: etcdPatience ?? null });
  return against(group, { progress }, async (rounds) => ({
    kill9: await rounds.run(kill9(group), kills),
    sigstop: await rounds.run(sigstop(group), stops),
  }));
}

function progress(text: string): void {
  process.stderr.write(`${text}\n`);
}

function lines(result: object, prefix: string = ''): string[] {
  return Object.entries(result).flatMap(([name, value]: [string, unknown]) => {
    const isGroup = typeof value === 'object' && value !== null && 'kill9' in value;
    return isGroup ? lines(value, `${name} `) : [`${prefix}${name}: ${JSON.stringify(value)}`];
  });
}

function count(text: string): number {
  if (!/^\d{1,5}$/.test(text)) throw new InvalidArgumentError('a whole number from 0 to 99999 is needed');
  return Number(text);
}

const options = new Command('bench:failover')
  .description('How long writes stop when the leader is killed, stopped, or hands over')
  .option('--kills <n>', 'rounds of kill -9', count, 20)
  .option('--stops <n>', 'rounds of SIGSTOP', count, 10)
  .option('--transfers <n>', 'planned transfers (of Tepui only)', count, 20)
  .option('--with <names>', `also measure ${[...RIVALS.keys()].join(',')}`, (names) => names.split(','), [])
  .option('--etcd-patience <ms>', 'how long etcd clients wait for one write (default: 200 to 300)', count)
  .option('--json', 'one JSON line', false)
  .parse()
  .opts<Options>();

const wrong = objections(options.with);
if (wrong.length > 0) {
  for (const line of wrong) progress(`bench:failover: ${line}`);
  process.exit(2);
}
let interrupted = false;
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    interrupted = true;
    void stopCurrent().finally(() => process.exit(INTERRUPTED[signal]));
  });
}
try {
  // One group after the other: none of them takes time from another.
  const tepui = await measureTepui(options);
  const rivals: Record<string, object> = {};
  for (const name of options.with) rivals[name] = await measureRival(name, options);
  const result = { ...tepui, ...rivals };
  report(lines(result), result, options.json);
} catch (error) {
  // What an interrupted round says of its group is true and of no interest.
  if (!interrupted) throw error;
}
