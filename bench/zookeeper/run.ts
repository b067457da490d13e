import { measureTree } from './large-tree.js';
import type { LoadGenerator } from './load-process.js';
import {
  STEADY_ROWS,
  TAIL_ROWS,
  TAKEOVER_ROWS,
  TREE_ROWS,
  figuresFrom,
  type Row,
  type TakeoverFigures,
  type TreeFigures,
} from './rows.js';
import { SIDES, level, makeSide, type Side, type SideName } from './side.js';
import { Steady, type Pace } from './steady.js';
import type { Line } from './table.js';
import { killLeader, prepare, summary, type Round } from './takeover.js';

export interface Wishes {
  /** Names of rows. */
  readonly rows: ReadonlySet<string>;
  readonly sides: readonly SideName[];
  readonly pace: Pace;
  readonly kills: number;
}

/** Measures rows in their order, on servers that it starts for each part of the table and ends after it. */
export class Run {
  private readonly load: LoadGenerator;
  private readonly wishes: Wishes;
  private readonly progress: (text: string) => void;
  private readonly running = new Set<Side>();

  constructor(load: LoadGenerator, wishes: Wishes, progress: (text: string) => void) {
    this.load = load;
    this.wishes = wishes;
    this.progress = progress;
  }

  async lines(): Promise<Line[]> {
    return [...(await this.steady()), ...(await this.tree()), ...(await this.takeover())];
  }

  /** Ends every server that runs. */
  async stop(): Promise<void> {
    const sides = [...this.running];
    this.running.clear();
    await Promise.all(sides.map(({ group }) => group.stop()));
  }

  private async steady(): Promise<Line[]> {
    const closed = this.wished(STEADY_ROWS);
    const tails = this.wished(TAIL_ROWS);
    if (closed.length + tails.length === 0) return [];
    const steady = new Steady(
      this.load,
      await this.start(this.wishes.sides),
      this.wishes.pace,
      this.progress,
    );
    await steady.warmUp();
    const lines: Line[] = [];
    for (const row of closed) lines.push(await steady.closed(row));
    for (const row of tails) {
      const line = await steady.tail(row);
      if (line === null) this.progress(`${row.name}: left out; measure ZooKeeper too, or give --rate`);
      else lines.push(line);
    }
    await this.stop();
    return lines;
  }

  /** One side after the other: two large trees at once would not tell what one needs. */
  private async tree(): Promise<Line[]> {
    const rows = this.wished(TREE_ROWS);
    if (rows.length === 0) return [];
    const wished = (...names: string[]) => rows.some(({ name }) => names.includes(name));
    const wishes = {
      all: rows.some(({ name }) => name !== 'tree-memory'),
      sets: wished('tree-sets', 'tree-stall'),
      restart: wished('tree-restart'),
    };
    const found = new Map<string, TreeFigures>();
    for (const name of this.wishes.sides) {
      const [side] = await this.start([name]);
      const { seconds } = this.wishes.pace;
      found.set(name, await measureTree(this.load, side!, wishes, seconds, this.progress));
      await this.stop();
    }
    return rows.map((row) => lineOf(row, found, row.figure));
  }

  private async takeover(): Promise<Line[]> {
    const rows = this.wished(TAKEOVER_ROWS);
    const { kills, sides, pace } = this.wishes;
    if (rows.length === 0 || kills === 0) return [];
    const started = await this.start(sides);
    for (const side of started) await prepare(this.load, side, pace.warmUpSeconds / 2);
    const rounds = new Map(sides.map((name) => [name, [] as Round[]]));
    for (let i = 1; i <= kills; i++) {
      for (const side of started) {
        const round = await killLeader(this.load, side);
        rounds.get(side.name)!.push(round);
        const { gapMs, closed, lost } = round;
        this.progress(
          `kill ${i}/${kills} ${side.name}: ${gapMs} ms, ${closed} closed, ${lost} sessions lost`,
        );
      }
    }
    await this.stop();
    const found = new Map<string, TakeoverFigures>([...rounds].map(([name, all]) => [name, summary(all)]));
    return rows.map((row) => lineOf(row, found, row.figure));
  }

  private wished<T extends Row>(rows: readonly T[]): T[] {
    return rows.filter(({ name }) => this.wishes.rows.has(name));
  }

  private async start(names: readonly SideName[]): Promise<Side[]> {
    const sides = SIDES.filter((name) => names.includes(name)).map(makeSide);
    for (const side of sides) {
      this.running.add(side);
      await side.group.start();
      await level(side);
    }
    return sides;
  }
}

function lineOf<T>(row: Row, found: ReadonlyMap<string, T>, figure: (one: T) => number | null): Line {
  const { name, title, unit, target } = row;
  return { name, title, unit, target, figures: figuresFrom(found, figure), notes: [] };
}
