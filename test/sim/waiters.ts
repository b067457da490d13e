import type { LogIndex, Term } from '../../lib/raft/types.js';

interface Proposal {
  readonly id: number;
  readonly term: Term;
}

interface Read {
  readonly floor: LogIndex;
  /** The index to wait for, null until the core names one. */
  index: LogIndex | null;
}

export interface WaiterEvents {
  acknowledged(id: number, index: LogIndex): void;
  lost(id: number, index: LogIndex, term: Term): void;
  readDone(floor: LogIndex, index: LogIndex): void;
  readRefused(context: number): void;
}

/** Calls that wait at one process. They end with it: their outcome is unknown then. */
export class Waiters {
  private readonly proposals = new Map<LogIndex, Proposal[]>();
  private readonly reads = new Map<number, Read>();
  private readonly events: WaiterEvents;

  constructor(events: WaiterEvents) {
    this.events = events;
  }

  proposed(id: number, index: LogIndex, term: Term): void {
    const there = this.proposals.get(index);
    if (there === undefined) this.proposals.set(index, [{ id, term }]);
    else there.push({ id, term });
  }

  reading(context: number, floor: LogIndex): void {
    this.reads.set(context, { floor, index: null });
  }

  /** The core's answer; `applied` is where the machine stands. Answers to forgotten reads are ignored. */
  answered(context: number, index: LogIndex, applied: LogIndex): void {
    const read = this.reads.get(context);
    if (read === undefined) return;
    if (index < 0) {
      this.reads.delete(context);
      this.events.readRefused(context);
      return;
    }
    read.index = index;
    this.serveReads(applied);
  }

  /** An entry took effect: whoever waited for its index learns whether it was theirs. */
  applied(index: LogIndex, term: Term): void {
    for (const { id, term: expected } of this.proposals.get(index) ?? []) {
      if (expected === term) this.events.acknowledged(id, index);
      else this.events.lost(id, index, expected);
    }
    this.proposals.delete(index);
    if (this.reads.size > 0) this.serveReads(index);
  }

  /** A snapshot jumped over indexes: what waited for them never learns. */
  skipped(to: LogIndex): void {
    for (const index of this.proposals.keys()) if (index <= to) this.proposals.delete(index);
    this.serveReads(to);
  }

  clear(): void {
    this.proposals.clear();
    this.reads.clear();
  }

  private serveReads(applied: LogIndex): void {
    for (const [context, read] of this.reads) {
      if (read.index === null || read.index > applied) continue;
      this.reads.delete(context);
      this.events.readDone(read.floor, applied);
    }
  }
}
