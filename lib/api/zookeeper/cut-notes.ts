/** A state of this member as it was written. */
export interface StateDigest {
  readonly revision: number;
  /** Alike on all members: 16 hexadecimal digits. */
  readonly digest: string;
}

export interface LastCut {
  readonly revision: number;
  /** Since the Unix epoch. */
  readonly atMs: number;
}

/** Digests that are shown: ZooKeeper shows a thousand, one for every 128 writes. Checkpoints are rarer. */
const DIGESTS = 128;

/** What this member wrote of its state, for those who compare members or ask for the last snapshot. */
export class CutNotes {
  private kept: StateDigest[] = [];
  private newest: LastCut | null = null;

  get digests(): readonly StateDigest[] {
    return this.kept;
  }

  /** Null: none since this process started. */
  get last(): LastCut | null {
    return this.newest;
  }

  /** Only at checkpoints do all members write their state at the same revision. */
  wrote(revision: number, digest: string, isCheckpoint: boolean, nowMs: number): void {
    this.newest = { revision, atMs: nowMs };
    if (!isCheckpoint) return;
    this.kept.push({ revision, digest });
    if (this.kept.length > DIGESTS) this.kept.shift();
  }

  /** The state was replaced: what was written before is none of its past. */
  reset(): void {
    this.kept = [];
  }
}
