import { type LoadGenerator, type LoadOptions, type LoadResult } from './load-process.js';
import { FILLS, RATE_ROWS, type LoadRow } from './rows.js';
import { addresses, type Side, type SideName } from './side.js';
import type { Line } from './table.js';

/** Before each measurement, so that what the last one left to do is done. */
const RAMP_SECONDS = 1;

export interface Pace {
  readonly seconds: number;
  readonly rounds: number;
  readonly warmUpSeconds: number;
}

/** Sides that run side by side and are measured by turns, so that a slow minute of the machine meets both. */
export class Measurement {
  private readonly load: LoadGenerator;
  private readonly sides: readonly Side[];
  private readonly pace: Pace;
  private readonly progress: (text: string) => void;

  constructor(load: LoadGenerator, sides: readonly Side[], pace: Pace, progress: (text: string) => void) {
    this.load = load;
    this.sides = sides;
    this.pace = pace;
    this.progress = progress;
  }

  /** Makes the nodes, and runs every kind of load until the compilers of both sides have seen it. */
  async warmUp(): Promise<void> {
    for (const side of this.sides) {
      for (const fill of FILLS) await this.load.run(addresses(side), fill);
      const seconds = this.pace.warmUpSeconds / RATE_ROWS.length;
      if (seconds === 0) continue;
      this.progress(`${side.name}: ${this.pace.warmUpSeconds} s of load to warm up`);
      for (const { load } of RATE_ROWS) await this.load.run(addresses(side), { ...load, seconds });
    }
  }

  async rate(row: LoadRow): Promise<Line> {
    const results = await this.byTurns(row.name, row.load, ({ ops_s }) => `${ops_s} /s`);
    const figures = figuresOf(results, ({ ops_s }) => ops_s);
    const { name, title, target } = row;
    return { name, title, unit: '/s', figures, target, notes: doubts(results) };
  }

  private async byTurns(
    name: string,
    load: LoadOptions,
    told: (result: LoadResult) => string,
  ): Promise<ReadonlyMap<SideName, readonly LoadResult[]>> {
    const results = new Map(this.sides.map((side) => [side.name, [] as LoadResult[]]));
    for (let round = 1; round <= this.pace.rounds; round++) {
      for (const side of this.sides) {
        const options = { ...load, seconds: this.pace.seconds, ramp: RAMP_SECONDS };
        const result = await this.load.run(addresses(side), options);
        results.get(side.name)!.push(result);
        this.progress(`${name} ${round}/${this.pace.rounds} ${side.name}: ${told(result)}`);
      }
    }
    return results;
  }
}

/** The mean of the rounds, by side. */
function figuresOf(
  results: ReadonlyMap<SideName, readonly LoadResult[]>,
  figure: (result: LoadResult) => number,
): Partial<Record<SideName, number>> {
  const mean = (all: readonly LoadResult[]) => all.reduce((sum, one) => sum + figure(one), 0) / all.length;
  return Object.fromEntries([...results].map(([side, all]) => [side, mean(all)]));
}

/** What nobody should overlook who reads the figures. */
export function doubts(results: ReadonlyMap<SideName, readonly LoadResult[]>): string[] {
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
