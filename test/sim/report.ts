/** What one run did and found. Plain data: it travels between processes. */
export interface Report<Counts> {
  readonly seed: number;
  readonly traceHash: string;
  readonly events: number;
  readonly virtualSeconds: number;
  readonly violation: { readonly rule: string; readonly message: string } | null;
  readonly counts: Counts;
}

/** Of a run of consensus cores. */
export type RunReport = Report<RunCounts>;

export interface RunCounts {
  elections: number;
  crashRestarts: number;
  snapshotInstalls: number;
  /** Durable entries that were replaced. */
  entriesTruncated: number;
  proposalsAccepted: number;
  proposalsAcknowledged: number;
  proposalsLost: number;
  reads: number;
  readsRefused: number;
  messages: number;
  transfers: number;
  hints: number;
  configurations: number;
}

export function noCounts(): RunCounts {
  return {
    elections: 0,
    crashRestarts: 0,
    snapshotInstalls: 0,
    entriesTruncated: 0,
    proposalsAccepted: 0,
    proposalsAcknowledged: 0,
    proposalsLost: 0,
    reads: 0,
    readsRefused: 0,
    messages: 0,
    transfers: 0,
    hints: 0,
    configurations: 0,
  };
}

export function addCounts(sum: RunCounts, more: RunCounts): void {
  for (const name of Object.keys(sum) as (keyof RunCounts)[]) sum[name] += more[name];
}
