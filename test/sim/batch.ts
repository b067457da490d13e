import { addCounts, noCounts, type RunCounts, type RunReport } from './report.js';
import type { Tally } from './tally.js';

interface Demand {
  readonly what: string;
  readonly atLeast: number;
  readonly of: (batch: Batch) => number;
}

/** What a batch of `FULL_BATCH` seeds must have seen; smaller ones in proportion. */
const FULL_BATCH = 2000;
const DEMANDS: readonly Demand[] = [
  { what: 'elections', atLeast: 2000, of: (batch) => batch.counts.elections },
  { what: 'crash-restarts', atLeast: 1000, of: (batch) => batch.counts.crashRestarts },
  { what: 'snapshot installs', atLeast: 200, of: (batch) => batch.counts.snapshotInstalls },
  { what: 'seeds with log truncation', atLeast: 100, of: (batch) => batch.seedsWithTruncation },
];

/** What every single run must reach. */
const MIN_VIRTUAL_SECONDS = 30;
const MIN_PROPOSALS = 200;

/** The sum over the runs of a batch, and whether it is worth anything. */
export class Batch implements Tally<RunReport> {
  readonly counts: RunCounts = noCounts();
  seeds = 0;
  seedsWithTruncation = 0;
  events = 0;
  virtualSeconds = 0;
  /** Seeds that were run twice to compare their traces. */
  repeated = 0;
  readonly failures: RunReport[] = [];

  add(report: RunReport): void {
    this.seeds++;
    this.events += report.events;
    this.virtualSeconds += report.virtualSeconds;
    addCounts(this.counts, report.counts);
    if (report.counts.entriesTruncated > 0) this.seedsWithTruncation++;
    const failure = report.violation === null ? tooSmall(report) : report;
    if (failure !== null) this.failures.push(failure);
  }

  shortfalls(): string[] {
    return DEMANDS.flatMap(({ what, atLeast, of }) => {
      const wanted = Math.ceil((atLeast * this.seeds) / FULL_BATCH);
      const seen = of(this);
      return seen >= wanted
        ? []
        : [`${what}: ${seen} seen, at least ${wanted} wanted in ${this.seeds} seeds`];
    });
  }

  rows(): [string, string][] {
    const { counts } = this;
    return [
      ['messages delivered', `${counts.messages}`],
      ['elections', `${counts.elections}`],
      ['crash-restarts', `${counts.crashRestarts}`],
      ['snapshot installs', `${counts.snapshotInstalls}`],
      ['log truncations', `${this.seedsWithTruncation} seeds, ${counts.entriesTruncated} durable entries`],
      [
        'proposals',
        `${counts.proposalsAccepted} accepted, ${counts.proposalsAcknowledged} acknowledged, ${counts.proposalsLost} lost`,
      ],
      ['reads', `${counts.reads} served, ${counts.readsRefused} refused`],
      [
        'other',
        `${counts.transfers} transfers, ${counts.hints} hints, ${counts.configurations} configurations`,
      ],
    ];
  }

  json(): object {
    return { seedsWithTruncation: this.seedsWithTruncation, ...this.counts };
  }
}

/** A run that ended early or idled is a failure too. */
function tooSmall(report: RunReport): RunReport | null {
  const { virtualSeconds, counts } = report;
  if (virtualSeconds >= MIN_VIRTUAL_SECONDS && counts.proposalsAccepted >= MIN_PROPOSALS) return null;
  const message = `only ${virtualSeconds} virtual seconds and ${counts.proposalsAccepted} proposals`;
  return { ...report, violation: { rule: 'too-small', message } };
}
