import type { ClusterId } from '../../lib/base/index.js';
import { encodeRecords, type Machine, type RestoreCommand, type StateRecord } from '../../lib/state/index.js';

/** A snapshot as it is staged: its facts, and all its records. */
export interface StagedSnapshot {
  readonly begin: Omit<Extract<RestoreCommand, { kind: 'restore-begin' }>, 'kind' | 'restore' | 'anyCluster'>;
  readonly records: readonly StateRecord[];
}

/** The whole of a machine that wrote no cut yet, at the last entry it applied. */
export function snapshotOf(machine: Machine): StagedSnapshot {
  const cut = machine.beginCut(machine.appliedIndex, machine.appliedTerm);
  while (!cut.encodeSlice(1000));
  const { index, revision, digest, records } = cut;
  const clusterId: ClusterId = machine.cluster.clusterId!;
  const facts = { file: 'ab'.repeat(32), clusterId, createdAtMs: 1, index, revision, digest };
  return { begin: { ...facts, records: records.length }, records: Array.from(records) };
}

/** The steps up to the settling, in order. */
export function stagingSteps(
  { begin, records }: StagedSnapshot,
  restore: string,
  recordsPerChunk: number,
): RestoreCommand[] {
  const steps: RestoreCommand[] = [{ kind: 'restore-begin', restore, anyCluster: true, ...begin }];
  for (let at = 0; at < records.length; at += recordsPerChunk) {
    const chunk = encodeRecords(records.slice(at, at + recordsPerChunk));
    steps.push({ kind: 'restore-chunk', restore, number: at / recordsPerChunk, records: chunk });
  }
  return steps;
}
