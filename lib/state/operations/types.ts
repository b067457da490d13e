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

/** What one member found its copy of the machine to be. */
export interface MemberDigest {
  readonly node: NodeId;
  /** 16 hexadecimal digits. */
  readonly digest: string;
}

/** The members' copies differ and no value has a majority. Until it is cleared, writes are refused (DIVERGED). */
export interface AlarmRaise {
  readonly kind: 'alarm-raise';
  /** Of the checkpoint that is split. */
  readonly index: number;
  /** In order of node ids, each once. */
  readonly digests: readonly MemberDigest[];
}

/** A later checkpoint has a majority for one value. */
export interface AlarmClear {
  readonly kind: 'alarm-clear';
  /** Of that checkpoint: an alarm about it, or about one after it, stays. */
  readonly index: number;
}

export type OperationCommand = Checkpoint | CheckpointDigest | AlarmRaise | AlarmClear;

/** Stands in the group's record until it is cleared, through restarts, snapshots and changes of leaders. */
export interface AlarmView {
  /** Of the newest checkpoint that is split. */
  readonly index: number;
  readonly digests: readonly MemberDigest[];
  /** Since when writes are refused. */
  readonly sinceRevision: number;
}

export interface CheckpointView {
  readonly index: number;
  /** In order of node ids. */
  readonly digests: readonly MemberDigest[];
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
