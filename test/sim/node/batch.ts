import type { Tally } from '../tally.js';
import { addNodeCounts, noNodeCounts, type NodeCounts } from './counts.js';
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

/** The sum over runs of whole nodes. */
export class NodeBatch implements Tally<NodeReport> {
  readonly counts: NodeCounts = noNodeCounts();
  seeds = 0;
  events = 0;
  virtualSeconds = 0;
  repeated = 0;
  readonly failures: NodeReport[] = [];

  add(report: NodeReport): void {
    this.seeds++;
    this.events += report.events;
    this.virtualSeconds += report.virtualSeconds;
    addNodeCounts(this.counts, report.counts);
    if (report.violation !== null) this.failures.push(report);
  }

  shortfalls(): string[] {
    return DEMANDS.flatMap(({ name, atLeast }) => {
      const wanted = Math.floor((atLeast * this.seeds) / FULL_BATCH / 2);
      const seen = this.counts[name];
      return seen >= wanted
        ? []
        : [`${name}: ${seen} seen, at least ${wanted} wanted in ${this.seeds} seeds`];
    });
  }

  rows(): [string, string][] {
    return Object.entries(this.counts).map(([name, count]) => [name, `${count}`]);
  }

  json(): object {
    return { ...this.counts };
  }
}
