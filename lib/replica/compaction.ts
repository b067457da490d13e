import { must } from '../base/index.js';
import type { Configuration } from '../raft/types.js';
import type { CutMeta, RaftLog } from '../storage/types.js';
import type { ReplicaLimits } from './limits.js';

export interface CompactionHost {
  readonly limits: ReplicaLimits;
  readonly log: RaftLog;
  /** Bytes of the entries applied since the start. */
  readonly appliedBytes: () => number;
  /** Entries above this index are needed by somebody who is being sent the state; null: by nobody. */
  readonly pinned: () => number | null;
  readonly configurationAt: (index: number) => Configuration;
  readonly fatal: (error: unknown) => void;
}

/** Where a cut lies: its index, and the bytes applied up to there since the start. */
interface Mark {
  readonly index: number;
  readonly bytes: number;
}

/** Drops log entries that a cut covers, but for a tail; says when the log has grown too far beyond the last cut. */
export class Compaction {
  private readonly host: CompactionHost;
  /** Cuts that began, oldest first; those below the base are forgotten. */
  private marks: Mark[] = [];
  private coveredBytes = 0;

  constructor(host: CompactionHost) {
    this.host = host;
  }

  /** A cut at `index`, the last entry applied, begins. */
  cutBegins(index: number): void {
    this.marks.push({ index, bytes: this.host.appliedBytes() });
  }

  /** The state was replaced: it covers everything before. */
  installed(): void {
    this.marks = [];
    this.coveredBytes = this.host.appliedBytes();
  }

  /** Whether proposals have to wait: too much to replay, or too much kept for a transfer. */
  get behind(): boolean {
    const { limits, log, appliedBytes, pinned } = this.host;
    if (appliedBytes() - this.coveredBytes > limits.replayBytes) return true;
    return log.sizeBytes() > limits.replayBytes + limits.logTailBytes && pinned() !== null;
  }

  /** The cut is durable. */
  covered(meta: CutMeta): void {
    const mark = this.marks.find(({ index }) => index === meta.index);
    if (mark === undefined) return;
    this.coveredBytes = mark.bytes;
    const { limits, log, fatal } = this.host;
    const index = Math.min(this.tailBegin(mark), this.host.pinned() ?? Infinity);
    if (index <= log.base().index || index < log.firstIndex()) return;
    if (index - log.firstIndex() < limits.logTailEntries / 4 && !this.tooLarge()) return;
    this.marks = this.marks.filter((one) => one.index >= index);
    const term = must(log.termAt(index), () => `no term at ${index} to compact to`);
    const configuration = this.host.configurationAt(index);
    log.compact({ index, term, configuration }).catch(fatal);
  }

  /** The tail kept below a cut is bounded in entries and in bytes. */
  private tailBegin(cut: Mark): number {
    const { logTailEntries, logTailBytes } = this.host.limits;
    const light = this.marks.find(({ bytes }) => cut.bytes - bytes <= logTailBytes) ?? cut;
    const kept = this.marks[0] === light ? 0 : light.index;
    return Math.max(cut.index - logTailEntries, kept);
  }

  private tooLarge(): boolean {
    return this.host.log.sizeBytes() > this.host.limits.logTailBytes;
  }
}
