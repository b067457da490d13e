import { TepuiError, randomHex, type Random } from '../../base/index.js';
import type { ClusterStatus, Operator, RestoreStep, WireSnapshotFacts } from '../../client/index.js';
import { readArchive } from '../../storage/archive/index.js';
import type { StateRecord } from '../../storage/index.js';
import { loadArchive, type LoadedArchive } from './load-archive.js';

export interface OnlineRestoreOptions {
  readonly operator: Operator;
  readonly file: string;
  /** Also a snapshot of another cluster. */
  readonly force: boolean;
  readonly random: Random;
  /** Everything is verified and nothing was changed; false ends it. */
  readonly confirm: (archive: LoadedArchive, status: ClusterStatus) => Promise<boolean>;
  /** From here on an interruption has to abandon the restore. */
  readonly staging: (abandon: () => Promise<void>) => void;
}

/** JSON of `snapshot restore --online`; fields may be added. */
export interface OnlineRestoredJson {
  readonly restore: string;
  readonly clusterId: string;
  readonly sha256: string;
  readonly records: number;
  /** Where the revision goes on. */
  readonly revision: number;
}

/** Encoded records that one step carries, about. */
const STEP_BYTES = 48 << 10;

/**
 * Takes a running cluster back to a snapshot file: its records are staged through the log beside the state in force, and
 * one more entry exchanges the two on every member. Null when it was not confirmed. Until that entry is proposed nothing
 * changes; OUTCOME_UNKNOWN only when no answer to it came.
 */
export async function restoreOnline(options: OnlineRestoreOptions): Promise<OnlineRestoredJson | null> {
  const { operator, file, force, random, confirm, staging } = options;
  const archive = await loadArchive(file);
  const facts = factsOf(archive);
  const status = await operator.statusOnceLed();
  const clusterId = checkCluster(facts, status, force);
  if (!(await confirm(archive, status))) return null;
  const restore = randomHex(random, 16);
  const step = (one: RestoreStep): Promise<{ readonly changed: boolean; readonly index: number }> =>
    operator.restoreStep(restore, one);
  const abandon = async (): Promise<void> => {
    await step({ kind: 'abandon', value: true }).catch(() => undefined);
  };
  staging(abandon);
  try {
    await step({ kind: 'begin', snapshot: facts, anyCluster: force });
    await stage(file, facts, step);
    while ((await step({ kind: 'settle', value: true })).changed);
  } catch (error) {
    await abandon();
    throw error;
  }
  const { index: revision } = await step({ kind: 'commit', value: true });
  return { restore, clusterId, sha256: facts.file, records: facts.records, revision };
}

function factsOf({ contents: { header, sum, records } }: LoadedArchive): WireSnapshotFacts {
  const { clusterId, createdAtMs, index, revision, digest } = header;
  return { file: sum, clusterId, createdAtMs, index, revision, digest, records };
}

function checkCluster({ clusterId }: WireSnapshotFacts, status: ClusterStatus, force: boolean): string {
  if (status.leader === null || status.clusterId === null) {
    const why = status.trouble === '' ? 'no master leads' : status.trouble;
    const remedy = 'a cluster without a quorum is restored with --dir, or recovered with tepui recover';
    throw new TepuiError(status.members.length === 0 ? 'UNREACHABLE' : 'NO_LEADER', `${why}: ${remedy}`);
  }
  if (clusterId !== status.clusterId && !force) {
    const message = `the snapshot is of cluster ${clusterId}, this is cluster ${status.clusterId}; --force-cluster restores it all the same`;
    throw new TepuiError('FOREIGN_CLUSTER', message);
  }
  return status.clusterId;
}

/** Sends all records, in pieces of bounded size. The file must still be the one that was verified. */
async function stage(
  file: string,
  facts: WireSnapshotFacts,
  step: (one: RestoreStep) => Promise<unknown>,
): Promise<void> {
  let number = 0;
  const { sum } = await readArchive(file, {
    begin: () => undefined,
    records: async (records) => {
      for (const piece of pieces(records)) await step({ kind: 'chunk', number: number++, records: piece });
    },
  });
  if (sum === facts.file) return;
  throw new TepuiError('SNAPSHOT_DAMAGED', `${file} changed while it was read`);
}

function* pieces(records: readonly StateRecord[]): Generator<StateRecord[]> {
  let piece: StateRecord[] = [];
  let bytes = 0;
  for (const record of records) {
    const size = record.key.length + record.value.length;
    if (piece.length > 0 && bytes + size > STEP_BYTES) {
      yield piece;
      [piece, bytes] = [[], 0];
    }
    piece.push(record);
    bytes += size;
  }
  if (piece.length > 0) yield piece;
}
