import type { ClusterId } from '../base/index.js';
import {
  bare,
  bool,
  branded,
  bytes,
  embedded,
  int32,
  nested,
  repeated,
  struct,
  text,
  uint64,
  type Codec,
} from './struct.js';

/** What a snapshot file says of itself. */
export interface WireSnapshotFacts {
  /** SHA-256 of the file, 64 hexadecimal digits. */
  readonly file: string;
  readonly clusterId: ClusterId;
  readonly createdAtMs: number;
  readonly index: number;
  readonly revision: number;
  /** Of the state: 16 hexadecimal digits. */
  readonly digest: string;
  readonly records: number;
}

export interface Restored {
  readonly restore: string;
  readonly snapshot: WireSnapshotFacts;
  readonly restoredAtMs: number;
  readonly formerRevision: number;
  readonly history: number;
}

export interface SnapshotRecord {
  readonly table: number;
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

export type RestoreStep =
  | { readonly kind: 'begin'; readonly snapshot: WireSnapshotFacts; readonly anyCluster: boolean }
  | { readonly kind: 'chunk'; readonly number: number; readonly records: readonly SnapshotRecord[] }
  | { readonly kind: 'settle'; readonly value: boolean }
  | { readonly kind: 'commit'; readonly value: boolean }
  | { readonly kind: 'abandon'; readonly value: boolean };

export interface RestoreRequest {
  readonly restore: string;
  readonly step: RestoreStep;
}

export interface RestoreReply {
  readonly index: number;
  readonly changed: boolean;
}

const snapshotFacts: Codec<WireSnapshotFacts> = struct<WireSnapshotFacts>({
  file: text,
  clusterId: branded(),
  createdAtMs: uint64,
  index: uint64,
  revision: uint64,
  digest: text,
  records: uint64,
});

export const restored: Codec<Restored> = struct<Restored>({
  restore: text,
  snapshot: nested(snapshotFacts),
  restoredAtMs: uint64,
  formerRevision: uint64,
  history: uint64,
});

export const restoreRequest: Codec<RestoreRequest> = struct<RestoreRequest>({
  restore: text,
  step: embedded<RestoreStep>({
    begin: nested(
      struct<Omit<Extract<RestoreStep, { kind: 'begin' }>, 'kind'>>({
        snapshot: nested(snapshotFacts),
        anyCluster: bool,
      }),
    ),
    chunk: nested(
      struct<Omit<Extract<RestoreStep, { kind: 'chunk' }>, 'kind'>>({
        number: uint64,
        records: repeated(struct<SnapshotRecord>({ table: int32, key: bytes, value: bytes })),
      }),
    ),
    settle: bare(bool),
    commit: bare(bool),
    abandon: bare(bool),
  }),
});
