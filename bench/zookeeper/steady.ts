import type { LoadGenerator, LoadOptions, LoadResult } from './load-process.js';
import { FILLS, STEADY_ROWS, figuresFrom, type LoadRow } from './rows.js';
import { addresses, level, type Side, type SideName } from './side.js';
import type { Line } from './table.js';

/** Before each measurement, so that what the last one left to do is done. */
const RAMP_SECONDS = 1;
/** A side that answers less of an open loop's rate than this is told of. */
const KEEPING_UP = 0.97;

export interface Pace {
  readonly seconds: number;
  readonly rounds: number;
  readonly warmUpSeconds: number;
  /** Requests per second for the rows at ZooKeeper's rate, where ZooKeeper is not measured. */
  readonly rate: number | null;
}

type Results = ReadonlyMap<SideName, readonly LoadResult[]>;

/** Sides that run side by side and are measured by turns, so that a slow minute of the machine meets both. */
export class Steady {
  private readonly load: LoadGenerator;
  private readonly sides: readonly Side[];
  private readonly pace: Pace;
  private readonly progress: (text: string) => void;
  /** What ZooKeeper reached in each of STEADY_ROWS, requests per second. */
  private readonly reached = new Map<string, number>();

  constructor(load: LoadGenerator, sides: readonly Side[], pace: Pace, progress: (text: string) => void) {
    this.load = load;
    this.sides = sides;
    this.pace = pace;
    this.progress = progress;
  }

  /** Makes the nodes, and runs every kind of load until the compilers of both sides have seen it. */
  async warmUp(): Promise<void> {
    const loads = STEADY_ROWS.filter(({ at }) => at === null).map(({ load }) => load);
    const seconds = this.pace.warmUpSeconds / loads.length;
    for (const side of this.sides) {
      for (const fill of FILLS) await this.load.run(addresses(side), fill);
      if (seconds === 0) continue;
      this.progress(`${side.name}: ${this.pace.warmUpSeconds} s of load to warm up`);
      for (const load of loads) await this.load.run(addresses(side), { ...load, seconds });
    }
  }

  /** A row of STEADY_ROWS: every connection asks again as soon as it is answered. */
  async closed(row: LoadRow): Promise<Line> {
    const results = await this.byTurns(row, row.load, this.sides, this.pace.rounds);
    const zookeeper = results.get('zookeeper');
    if (zookeeper !== undefined)
      this.reached.set(
        row.name,
        mean(zookeeper, ({ ops_s }) => ops_s),
      );
    return this.line(row, results, []);
  }

  /** A row of TAIL_ROWS: both sides are asked at ZooKeeper's rate; null when nobody knows it. */
  async tail(row: LoadRow): Promise<Line | null> {
    const rate = Math.round(this.pace.rate ?? (await this.rateOf(row)));
    if (rate === 0) return null;
    const results = await this.byTurns(row, { ...row.load, rate }, this.sides, this.pace.rounds);
    const slow = [...results].map(([side, all]) => [side, mean(all, ({ ops_s }) => ops_s)] as const);
    const notes = slow
      .filter(([, ops]) => ops < rate * KEEPING_UP)
      .map(([side, ops]) => `${side}: answered only ${Math.round(ops)} of ${rate} /s`);
    return this.line(row, results, notes);
  }

  /** 0: there is no ZooKeeper to ask. */
  private async rateOf(row: LoadRow): Promise<number> {
    const closed = STEADY_ROWS.find(({ name }) => `p99-${name}` === row.name)!;
    const zookeeper = this.sides.filter(({ name }) => name === 'zookeeper');
    if (!this.reached.has(closed.name) && zookeeper.length > 0) {
      const results = await this.byTurns(closed, closed.load, zookeeper, 1);
      this.reached.set(
        closed.name,
        mean(results.get('zookeeper')!, ({ ops_s }) => ops_s),
      );
    }
    return this.reached.get(closed.name) ?? 0;
  }

  private line({ name, title, unit, target, figure }: LoadRow, results: Results, notes: string[]): Line {
    const figures = figuresFrom(results, (all) => mean(all, figure));
    return { name, title, unit, figures, target, notes: [...notes, ...doubts(results)] };
  }

  private async byTurns(
    row: LoadRow,
    load: LoadOptions,
    sides: readonly Side[],
    rounds: number,
  ): Promise<Results> {
    const results = new Map(sides.map((side) => [side.name, [] as LoadResult[]]));
    for (let round = 1; round <= rounds; round++) {
      for (const side of sides) {
        const options = { ...load, seconds: this.pace.seconds, ramp: RAMP_SECONDS };
        const result = await this.load.run(await hostsFor(row, side), options);
        results.get(side.name)!.push(result);
        this.progress(`${row.name} ${round}/${rounds} ${side.name}: ${told(result)}`);
      }
    }
    return results;
  }
}

async function hostsFor({ at }: LoadRow, side: Side): Promise<string[]> {
  if (at === null) return addresses(side);
  const leader = await level(side);
  const leads = ({ id }: { readonly id: string }) => id === leader.id;
  const chosen = side.servers().find((server) => leads(server) === (at === 'leader'))!;
  return [chosen.address];
}

function told({ ops_s, p50_us, p99_us }: LoadResult): string {
  return `${ops_s} /s, p50 ${p50_us / 1000} ms, p99 ${p99_us / 1000} ms`;
}

function mean(all: readonly LoadResult[], figure: (result: LoadResult) => number): number {
  return all.reduce((sum, one) => sum + figure(one), 0) / all.length;
}

/** What nobody should overlook who reads the figures. */
export function doubts(results: ReadonlyMap<string, readonly LoadResult[]>): string[] {
  return [...results].flatMap(([side, all]) => {
    const sum = (count: (one: LoadResult) => number) => all.reduce((total, one) => total + count(one), 0);
    const counts: [number, string][] = [
      [
        sum(({ errors }) => errors),
        `requests refused (first: ${all.find((one) => one.errors > 0)?.first_error})`,
      ],
      [sum(({ unanswered }) => unanswered), 'requests never answered'],
      [sum(({ hosts }) => hosts.reduce((total, { closed }) => total + closed, 0)), 'connections closed'],
      [sum(({ lost_sessions }) => lost_sessions), 'sessions lost'],
    ];
    return counts.filter(([count]) => count > 0).map(([count, what]) => `${side}: ${count} ${what}`);
  });
}
