import type { ClusterId } from '../../base/index.js';

/** What a snapshot says of itself: whatever is staged under its name has to come to exactly this. */
export interface SnapshotFacts {
  /** SHA-256 of the file, 64 hexadecimal digits: how people tell which one it was. */
  readonly file: string;
  readonly clusterId: ClusterId;
  /** When it was taken, by the clock of the member that wrote it. */
  readonly createdAtMs: number;
  readonly index: number;
  readonly revision: number;
  /** Of the machine at `index`, 16 hexadecimal digits. */
  readonly digest: string;
  readonly records: number;
}

/**
 * Opens the staging area, beside the state in force. One restore at a time: another one is refused with RESTORING until
 * this one is committed, abandoned, or silent for `STAGING_SILENCE_MS`. Repeating it is harmless.
 */
export interface RestoreBegin extends SnapshotFacts {
  readonly kind: 'restore-begin';
  /** 32 hexadecimal digits, drawn by whoever restores: every step names it. */
  readonly restore: string;
  /** Also a snapshot of another cluster, else FOREIGN_CLUSTER. */
  readonly anyCluster: boolean;
}

/** The next records of the snapshot. One that was taken before is ignored, one out of order refused. */
export interface RestoreChunk {
  readonly kind: 'restore-chunk';
  readonly restore: string;
  /** 0, 1, 2, … */
  readonly number: number;
  /** `encodeRecords` */
  readonly records: Uint8Array;
}

/**
 * One step of making a staged state whole: it is verified, its relations are linked, its sessions end. The result's
 * `changed` is false when nothing is left to do and it may be committed.
 */
export interface RestoreSettle {
  readonly kind: 'restore-settle';
  readonly restore: string;
}

/** Puts the staged state in the place of the one in force. Once done, repeating it is harmless. */
export interface RestoreCommit {
  readonly kind: 'restore-commit';
  readonly restore: string;
}

/** Drops what is staged; without effect on a restore that was committed. */
export interface RestoreAbandon {
  readonly kind: 'restore-abandon';
  readonly restore: string;
}

export type RestoreCommand = RestoreBegin | RestoreChunk | RestoreSettle | RestoreCommit | RestoreAbandon;

/** What is being staged. */
export interface StagingView extends SnapshotFacts {
  readonly restore: string;
  /** Chunks taken. */
  readonly chunks: number;
  /** Records in them. */
  readonly staged: number;
  /** Settling steps done. */
  readonly steps: number;
  /** By the machine's clock: when it last got on. */
  readonly touchedMs: number;
}

/** The last restore that was committed: it began the history in force. */
export interface RestoredView extends SnapshotFacts {
  readonly restore: string;
  /** How many restores there were, this one included. */
  readonly history: number;
  /** By the machine's clock. */
  readonly restoredAtMs: number;
  /** The revision that the former history had reached. */
  readonly formerRevision: number;
  /** The entry whose end the new state is. */
  readonly atIndex: number;
}

export interface RestoresView {
  /** 0 until something was restored. Sub-batches of another history are not executed. */
  readonly history: number;
  readonly last: RestoredView | null;
  readonly staging: StagingView | null;
}
