import { percentile } from '../support/statistics.js';
import type { HostResult, LoadGenerator, LoadOptions } from './load-process.js';
import type { TakeoverFigures } from './rows.js';
import { addresses, level, type Side } from './side.js';

/** Thirty clients over all servers, one set on the way each. */
const LOAD: LoadOptions = {
  op: 'set',
  connections: 30,
  window: 1,
  bytes: 100,
  root: '/bench-100',
  ramp: 1,
  seconds: 8,
};
const NODES: LoadOptions = { ...LOAD, op: 'fill', window: 10 };
/** After the ramp. */
const KILL_AFTER_MS = 1500;

export interface Round {
  /** The longest that any connection of a survivor went without a reply. */
  readonly gapMs: number;
  /** Of the survivors' connections. */
  readonly closed: number;
  /** Of all sessions, those of the victim's clients too: they go on at another server. */
  readonly lost: number;
}

/** Nodes and a little load, before rounds by turns. */
export async function prepare(load: LoadGenerator, side: Side, warmUpSeconds: number): Promise<void> {
  await load.run(addresses(side), NODES);
  if (warmUpSeconds > 0) await load.run(addresses(side), { ...LOAD, seconds: warmUpSeconds });
}

/** The leader is killed under load, and started again after it. */
export async function killLeader(load: LoadGenerator, side: Side): Promise<Round> {
  const leader = await level(side);
  const victim = side.servers().find(({ id }) => id === leader.id)!;
  const kill = () => side.group.kill(victim.id);
  let killing: NodeJS.Timeout | undefined;
  const result = await load
    .run(addresses(side), LOAD, () => (killing = setTimeout(kill, KILL_AFTER_MS)))
    .finally(() => clearTimeout(killing));
  await side.group.restart(victim.id);
  await level(side);
  return roundOf(result.hosts, victim.address, result.lost_sessions);
}

export function roundOf(hosts: readonly HostResult[], victim: string, lost: number): Round {
  const survivors = hosts.filter(({ host }) => host !== victim);
  return {
    gapMs: Math.max(...survivors.map(({ gap_ms }) => gap_ms)),
    closed: survivors.reduce((sum, { closed }) => sum + closed, 0),
    lost,
  };
}

/** The median of the gaps; the sums of what was closed and lost. */
export function summary(rounds: readonly Round[]): TakeoverFigures {
  const sum = (count: (round: Round) => number) => rounds.reduce((total, round) => total + count(round), 0);
  return {
    gapMs: percentile(
      rounds.map(({ gapMs }) => gapMs),
      50,
    ),
    closed: sum(({ closed }) => closed),
    lost: sum(({ lost }) => lost),
  };
}
