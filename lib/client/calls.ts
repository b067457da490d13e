import type { TepuiError } from '../base/index.js';

/** Called once, with an error or the value. */
export type Settle<Value> = (error: TepuiError | null, value?: Value) => void;

export interface PendingCall<Body, Value> {
  readonly body: Body;
  readonly settle: Settle<Value>;
  readonly submittedAt: number;
  readonly deadlineAt: number;
  /** Sent on the stream in use, and not answered there yet. */
  onTheWay: boolean;
  /** Sendings that no answer came to: each may still take effect. Surely not done only at 0. */
  unresolved: number;
}

/** The calls of one session that are not settled, and the sequence numbers they have. */
export class CallTable<Body, Value> {
  private waiting: Set<PendingCall<Body, Value>> = new Set();
  /** By sequence, ascending. A call has a number from its first sending on and keeps it. */
  private readonly numbered: Map<number, PendingCall<Body, Value>> = new Map();
  private next = 1;
  private onTheWayCount = 0;

  get size(): number {
    return this.waiting.size + this.numbered.size;
  }

  get waitingCount(): number {
    return this.waiting.size;
  }

  get numberedCount(): number {
    return this.numbered.size;
  }

  get onTheWay(): number {
    return this.onTheWayCount;
  }

  /** Whether the session has nothing open: no number that still matters. */
  get isIdle(): boolean {
    return this.numbered.size === 0;
  }

  /** Every number below it is settled. */
  get watermark(): number {
    for (const sequence of this.numbered.keys()) return sequence;
    return this.next;
  }

  entries(): IterableIterator<[number, PendingCall<Body, Value>]> {
    return this.numbered.entries();
  }

  get(sequence: number): PendingCall<Body, Value> | undefined {
    return this.numbered.get(sequence);
  }

  add(call: PendingCall<Body, Value>): void {
    this.waiting.add(call);
  }

  /** Gives the first waiting call a number. */
  numberNext(): readonly [number, PendingCall<Body, Value>] | undefined {
    for (const call of this.waiting) {
      this.waiting.delete(call);
      const sequence = this.next++;
      this.numbered.set(sequence, call);
      return [sequence, call];
    }
    return undefined;
  }

  /** A number that no call of this table gets. */
  skipNumber(): number {
    return this.next++;
  }

  sent(call: PendingCall<Body, Value>): void {
    call.onTheWay = true;
    call.unresolved++;
    this.onTheWayCount++;
  }

  /** The answer to the latest sending came, and it says that this sending has done nothing. */
  resolved(call: PendingCall<Body, Value>): void {
    if (!call.onTheWay) return;
    call.onTheWay = false;
    call.unresolved--;
    this.onTheWayCount--;
  }

  /** The latest sending is over, but what it did is not known. */
  leftOpen(call: PendingCall<Body, Value>): void {
    if (!call.onTheWay) return;
    call.onTheWay = false;
    this.onTheWayCount--;
  }

  /** The stream broke: no answer comes to anything that is on the way. */
  streamBroke(): void {
    for (const call of this.numbered.values()) call.onTheWay = false;
    this.onTheWayCount = 0;
  }

  remove(sequence: number): void {
    const call = this.numbered.get(sequence);
    if (call?.onTheWay === true) this.onTheWayCount--;
    this.numbered.delete(sequence);
  }

  /** Starts the numbers of a new session; `carried` calls go first in it. */
  renumber(carried: readonly PendingCall<Body, Value>[]): void {
    this.next = 1;
    if (carried.length > 0) this.waiting = new Set([...carried, ...this.waiting]);
  }

  /** Removes every call whose deadline has passed. */
  takeOverdue(now: number): PendingCall<Body, Value>[] {
    const overdue: PendingCall<Body, Value>[] = [];
    for (const [sequence, call] of this.numbered) {
      if (call.deadlineAt > now) continue;
      this.remove(sequence);
      overdue.push(call);
    }
    for (const call of this.waiting) {
      if (call.deadlineAt > now) continue;
      this.waiting.delete(call);
      overdue.push(call);
    }
    return overdue;
  }
}
