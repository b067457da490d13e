import type { Tally } from '../tally.js';
import { addNodeCounts, noNodeCounts, type NodeCounts } from './counts.js';
import { MARKS, type Mark } from './marks.js';
import type { NodeReport } from './run.js';

/** What a batch of `FULL_BATCH` seeds must have seen; smaller ones in proportion. */
const FULL_BATCH = 500;
const DEMANDS: readonly { readonly name: keyof NodeCounts; readonly atLeast: number }[] = [
  { name: 'elections', atLeast: 2000 },
  { name: 'crashes', atLeast: 1000 },
  { name: 'pauses', atLeast: 300 },
  { name: 'stalls', atLeast: 100 },
  { name: 'cuts', atLeast: 500 },
  { name: 'snapshotInstalls', atLeast: 50 },
  { name: 'acknowledged', atLeast: 20_000 },
  { name: 'reads', atLeast: 10_000 },
  { name: 'duplicates', atLeast: 1000 },
];

/** A batch of so many seeds must have reached every marked state at least once. */
const MARKED_BATCH = 400;

/** How fast groups of one size ran. */
interface Speed {
  seeds: number;
  virtualSeconds: number;
  cpuSeconds: number;
}

/** The sum over runs of whole nodes. */
export class NodeBatch implements Tally<NodeReport> {
  readonly counts: NodeCounts = noNodeCounts();
  seeds = 0;
  events = 0;
  virtualSeconds = 0;
  repeated = 0;
  /** Seeds in which each state was reached. */
  private readonly marks = new Map<Mark, number>();
  private readonly speeds = new Map<number, Speed>();
  readonly failures: NodeReport[] = [];

  add(report: NodeReport): void {
    this.seeds++;
    this.events += report.events;
    this.virtualSeconds += report.virtualSeconds;
    addNodeCounts(this.counts, report.counts);
    if (report.violation !== null) this.failures.push(report);
    this.addSpeed(report);
    for (const mark of report.marks) this.marks.set(mark, (this.marks.get(mark) ?? 0) + 1);
  }

  private addSpeed({ members, virtualSeconds, cpuSeconds }: NodeReport): void {
    const speed = this.speeds.get(members) ?? { seeds: 0, virtualSeconds: 0, cpuSeconds: 0 };
    this.speeds.set(members, speed);
    speed.seeds++;
    speed.virtualSeconds += virtualSeconds;
    speed.cpuSeconds += cpuSeconds;
  }

  shortfalls(): string[] {
    return [...this.tooFew(), ...this.neverReached()];
  }

  private neverReached(): string[] {
    if (this.seeds < MARKED_BATCH) return [];
    return MARKS.filter((mark) => !this.marks.has(mark)).map((mark) => `never reached: ${mark}`);
  }

  private tooFew(): string[] {
    return DEMANDS.flatMap(({ name, atLeast }) => {
      const wanted = Math.floor((atLeast * this.seeds) / FULL_BATCH / 2);
      const seen = this.counts[name];
      return seen >= wanted
        ? []
        : [`${name}: ${seen} seen, at least ${wanted} wanted in ${this.seeds} seeds`];
    });
  }

  rows(): [string, string][] {
    const speeds = this.speedRows();
    const counts = Object.entries(this.counts).map(([name, count]): [string, string] => [name, `${count}`]);
    const marks = MARKS.map((mark): [string, string] => [mark, `in ${this.marks.get(mark) ?? 0} seeds`]);
    return [...speeds, ...counts, ...marks];
  }

  /** Virtual seconds per second of one processor, by size of the group. */
  private speedRows(): [string, string][] {
    const sizes = [...this.speeds].sort(([a], [b]) => a - b);
    return sizes.map(([members, { seeds, virtualSeconds, cpuSeconds }]) => {
      const speed = (virtualSeconds / cpuSeconds).toFixed(0);
      return [`speed, ${members} nodes`, `${speed} virtual s per s and core (${seeds} seeds)`];
    });
  }

  json(): object {
    return { ...this.counts, marks: Object.fromEntries(this.marks), speeds: Object.fromEntries(this.speeds) };
  }
}
