import type { NodeId } from '../../base/index.js';

/** Asks every member for a cut at exactly the index of its entry (an event). */
export interface Checkpoint {
  readonly kind: 'checkpoint';
}

/** A member's digest at the index of a checkpoint. */
export interface CheckpointDigest {
  readonly kind: 'checkpoint-digest';
  readonly node: NodeId;
  readonly index: number;
  /** 16 hexadecimal digits. */
  readonly digest: string;
}

export type OperationCommand = Checkpoint | CheckpointDigest;

export interface CheckpointView {
  readonly index: number;
  /** In order of node ids. */
  readonly digests: readonly { readonly node: NodeId; readonly digest: string }[];
}

export type DigestVerdict =
  /** Too few members have reported to tell. */
  | { readonly kind: 'open'; readonly index: number }
  /** A majority of the voters agrees; `differing` (voters and others) do not. */
  | {
      readonly kind: 'majority';
      readonly index: number;
      readonly digest: string;
      readonly differing: readonly NodeId[];
    }
  /** Every voter has reported (or too many differ) and no value has a majority. */
  | { readonly kind: 'split'; readonly index: number; readonly view: CheckpointView };

export interface CheckpointsView {
  /** The last few, oldest first. */
  list(): CheckpointView[];
  /** One verdict per kept checkpoint, oldest first. */
  verdicts(voters: readonly NodeId[]): DigestVerdict[];
}
