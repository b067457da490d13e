/** What one run of whole nodes saw. Plain numbers: they travel between processes and are summed. */
export interface NodeCounts {
  elections: number;
  crashes: number;
  pauses: number;
  stalls: number;
  cuts: number;
  diskErrors: number;
  damages: number;
  /** Damage that the group does not promise to survive: it was taken back. */
  spared: number;
  healed: number;
  selfEnded: number;
  snapshotInstalls: number;
  entries: number;
  launches: number;
  ends: number;
  acknowledged: number;
  refused: number;
  lost: number;
  unknown: number;
  reads: number;
  localReads: number;
  messages: number;
  broken: number;
  duplicates: number;
  skippedBatches: number;
  expired: number;
  changes: number;
  changesRefused: number;
  changesUnknown: number;
  sessionReplies: number;
  sessionEvents: number;
}

export function noNodeCounts(): NodeCounts {
  return {
    elections: 0,
    crashes: 0,
    pauses: 0,
    stalls: 0,
    cuts: 0,
    diskErrors: 0,
    damages: 0,
    spared: 0,
    healed: 0,
    selfEnded: 0,
    snapshotInstalls: 0,
    entries: 0,
    launches: 0,
    ends: 0,
    acknowledged: 0,
    refused: 0,
    lost: 0,
    unknown: 0,
    reads: 0,
    localReads: 0,
    messages: 0,
    broken: 0,
    duplicates: 0,
    skippedBatches: 0,
    expired: 0,
    changes: 0,
    changesRefused: 0,
    changesUnknown: 0,
    sessionReplies: 0,
    sessionEvents: 0,
  };
}

export function addNodeCounts(sum: NodeCounts, more: NodeCounts): void {
  for (const name of Object.keys(sum) as (keyof NodeCounts)[]) sum[name] += more[name];
}
