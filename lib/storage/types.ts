import type { ClusterId, MemberId, NodeId, SnapshotChunk } from '../base/index.js';
import type {
  Configuration,
  HardState,
  LogIndex,
  LogReader,
  Persist,
  SnapshotMeta,
  Term,
} from '../raft/types.js';

// ---------------------------------------------------------------------------------------------------------
// The narrow key-value port. Real: classic-level (`level.ts`). Twin: `memory.ts`. One contract suite runs both.

export type KvOperation =
  | { readonly type: 'put'; readonly key: Uint8Array; readonly value: Uint8Array }
  | { readonly type: 'delete'; readonly key: Uint8Array };

export interface KvRange {
  /** First key, inclusive. */
  readonly from: Uint8Array;
  /** Upper bound, exclusive. */
  readonly to: Uint8Array;
  readonly reverse?: boolean;
}

export interface KvSnapshot {
  get(key: Uint8Array): Uint8Array | undefined;
  /** Up to `limit` entries of the range, in order; call again from the last key for more. */
  read(range: KvRange, limit: number, maxBytes: number): Promise<[Uint8Array, Uint8Array][]>;
  close(): Promise<void>;
}

/** An ordered store of bytes. Any failed write or sync is final: the caller ends the process. */
export interface Kv {
  /** Synchronous point read, undefined when absent. */
  get(key: Uint8Array): Uint8Array | undefined;
  /** Entries of the range in key order, in slices. */
  read(range: KvRange, limit: number, maxBytes: number): Promise<[Uint8Array, Uint8Array][]>;
  /**
   * Takes the operations in slices, each when it is ready for it; what one holds is copied before the next is asked
   * for. Atomic and synced: once it resolves the operations survive power loss. One batch in flight (asserted).
   */
  write(operations: Iterable<KvOperation>): Promise<void>;
  snapshot(): KvSnapshot;
  /** Asks the store to reclaim deleted ranges; never needed for correctness. */
  compact(range: KvRange): Promise<void>;
  /** Said once all of it was read without a complaint: the process did not end of it. */
  trust(): Promise<void>;
  close(): Promise<void>;
}

// ---------------------------------------------------------------------------------------------------------
// Identity of a data folder (identity.json, plus what consensus keeps inside raft/).

export interface Identity {
  readonly format: number;
  readonly memberId: MemberId;
  /** 16 hexadecimal digits drawn when the folder was made. */
  readonly instance: string;
  /** Null until the group has formed. */
  readonly clusterId: ClusterId | null;
  /**
   * Set when this folder replaced one whose term or vote was lost: it only ever joins that cluster again and
   * does not count as empty when a group asks its members whether they are new.
   */
  readonly formerCluster: ClusterId | null;
  /**
   * Which life of the cluster the folder belongs to: 0 as it was founded, the time of the last recovery or restore
   * (wall clock, ms) afterwards. Members of different generations never speak with each other.
   */
  readonly generation: number;
  readonly nodeId: NodeId;
  /** Raised and synced at each start. */
  readonly boot: number;
}

// ---------------------------------------------------------------------------------------------------------
// The log.

/** Raft's order: term first, then index. */
export interface LogPoint {
  readonly term: Term;
  readonly index: LogIndex;
}

/**
 * What the start found. A folder whose term or vote is lost has no log at all: a new instance took its place
 * (`DataFolder.renewed` says why).
 */
export type LogHealth =
  | { readonly kind: 'intact' }
  /** Term and vote are good, entries are missing or bad: the member is `recovering` (never votes or counts). */
  | {
      readonly kind: 'log-damaged';
      /** Where the log ends now. */
      readonly found: LogPoint;
      /** Where it had ended once. */
      readonly promised: LogPoint;
      readonly detail: string;
    };

/** `lib/storage/raft-log.ts`: the durable log of one member, on a `Kv` and a witness file. */
export interface RaftLog extends LogReader {
  readonly health: LogHealth;
  readonly hardState: HardState;
  /** The configuration in force at the end of the durable log. */
  readonly configuration: Configuration;
  /** Highest (term, index) each other member is known to have acknowledged, as this folder remembers it. */
  acknowledgedBy(peer: NodeId): LogPoint;
  /**
   * Writes one `Persist` and, in the same synced batch, `acknowledged` (what peers are newly known to hold).
   * Term and vote are synced to the witness before the promise resolves. `installed` comes from
   * `SnapshotReceiver.finish()` and is given exactly when the batch has a snapshot: its folder becomes current.
   * One call at a time.
   */
  append(
    batch: Persist,
    acknowledged: ReadonlyMap<NodeId, LogPoint>,
    installed: InstalledState | null,
  ): Promise<void>;
  /** Chain hash of the entry at `index`: equal on two members only if their logs up to there are equal. */
  chainAt(index: LogIndex): Uint8Array | null;
  /** Drops entries up to and including `point.index`, in slices; the base becomes `point`. Ends early at `close`. */
  compact(point: SnapshotMeta): Promise<void>;
  /** Bytes of entry data kept. */
  sizeBytes(): number;
  /** Ends `log-damaged`: the host saw the log reach a commit index reported after this start. Synced. */
  markRecovered(): Promise<void>;
  /** A small value the host keeps beside the log (boot numbers of peers, a halted index), or null. */
  note(name: string): Uint8Array | null;
  /** Writes a note (null deletes it) in a synced batch of its own, queued behind appends. */
  writeNote(name: string, value: Uint8Array | null): Promise<void>;
  close(): Promise<void>;
}

/** A received state that is complete and synced, and becomes current with the batch that names it. */
export interface InstalledState {
  /** `state-<n>`. */
  readonly folder: string;
  /** The log's chain hash at the snapshot's index. */
  readonly chain: Uint8Array;
}

// ---------------------------------------------------------------------------------------------------------
// The state.

/** What a cut of the machine is stamped with. All of it is written in the same batch as the records. */
export interface CutMeta {
  readonly index: LogIndex;
  readonly term: Term;
  readonly revision: number;
  readonly configuration: Configuration;
  /** 16 hexadecimal digits: sum of the record hashes. */
  readonly digest: string;
  /** The log's chain hash at `index`. */
  readonly chain: Uint8Array;
}

/** One record of the machine: a table number and a key within it. */
export interface StateRecord {
  readonly table: number;
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

export interface StateDeletion {
  readonly table: number;
  readonly key: Uint8Array;
}

/** Synced batches of the log since it was opened, and how long the last of them took. */
export interface LogSyncs {
  readonly count: number;
  readonly lastMs: number;
}

/** `lib/storage/state-store.ts`: the durable records of the machine at one index, in the folder in force. */
export interface StateStore {
  /** Null when the folder is empty: the machine starts from nothing. */
  readonly meta: CutMeta | null;
  /** What the log beside it feels of the disk. */
  readonly logSyncs: LogSyncs;
  /** All records in key order, in slices; ends with an empty slice. Every record's checksum is verified. */
  load(maxBytes: number): AsyncIterable<StateRecord[]>;
  /**
   * One synced batch: afterwards the folder holds exactly the state at `meta.index`. One cut at a time. `whole`: the
   * records are all there are, and whatever else the folder holds goes.
   */
  writeCut(
    meta: CutMeta,
    records: Iterable<StateRecord>,
    deletions: readonly StateDeletion[],
    whole?: boolean,
  ): Promise<void>;
  /** Pins the present contents for a transfer. */
  openSnapshot(): StateSnapshot;
  close(): Promise<void>;
}

/** Present contents under an explicit LevelDB snapshot; iterating it never blocks `writeCut`. */
export interface StateSnapshot {
  readonly meta: CutMeta;
  /** 16 hexadecimal digits; the same for every read of this snapshot. */
  readonly id: string;
  /**
   * Chunks from `offset` (0-based chunk number) on, each at most 256 KiB of encoded records with a CRC-32C,
   * the last one carrying the digest over the whole. Deterministic: chunk n is the same at every reading.
   */
  chunks(offset: number): AsyncIterable<SnapshotChunk>;
  close(): Promise<void>;
}

/** Builds `state-<n>/` from chunks; it becomes current only through `RaftLog.append(…, installed)`. */
export interface SnapshotReceiver {
  readonly id: string;
  readonly meta: CutMeta;
  /** Number of the next chunk wanted: where a broken transfer resumes. */
  readonly next: number;
  add(chunk: SnapshotChunk): Promise<void>;
  /** Verifies count and digest and syncs; returns what `append` needs to make the folder current. */
  finish(): Promise<InstalledState>;
  /** Deletes what was built. */
  abandon(): Promise<void>;
}
