import type { LogIndex, Term } from '../../lib/raft/types.js';
import { check } from './violation.js';

type Fate = 'open' | 'acknowledged' | 'lost';

interface Operation {
  /** Every index above this was free when the client called. */
  readonly floor: LogIndex;
  fate: Fate;
}

/**
 * What clients saw, judged against the one sequence of applied operations. Writes are linearizable when each
 * takes effect once, at an index above everything that had been answered before it was called; reads when they
 * show at least that much (S21, S25, S30).
 */
export class History {
  proposed = 0;
  accepted = 0;
  acknowledged = 0;
  lost = 0;
  reads = 0;
  /** Highest index that any finished call has shown to its client. */
  private shown: LogIndex = 0;
  private readonly operations = new Map<number, Operation>();
  /** Operation → the index at which the group applied it. */
  private readonly applied = new Map<number, LogIndex>();

  /** A client calls; returns the number its proposal carries. */
  call(): number {
    const id = ++this.proposed;
    this.operations.set(id, { floor: this.shown, fate: 'open' });
    return id;
  }

  /** The group applied operation `id` at `index`: reported once per index, by whoever applied it first. */
  takesEffect(id: number, index: LogIndex): void {
    const earlier = this.applied.get(id);
    check(earlier === undefined, 'once', () => `operation ${id} applied at ${earlier} and at ${index}`);
    const operation = this.operations.get(id);
    check(operation !== undefined, 'phantom', () => `operation ${id} at ${index} was never proposed`);
    check(operation!.fate !== 'lost', 'false-loss', () => `operation ${id} at ${index} was reported lost`);
    check(
      index > operation!.floor,
      'write-order',
      () => `operation ${id} took effect at ${index}, but ${operation!.floor} was shown before its call`,
    );
    this.applied.set(id, index);
  }

  /** The client is told that its operation took effect at `index`. */
  acknowledge(id: number, index: LogIndex): void {
    const at = this.applied.get(id);
    check(at === index, 'ack', () => `operation ${id} acknowledged at ${index}, applied at ${at ?? 'none'}`);
    this.operations.get(id)!.fate = 'acknowledged';
    this.acknowledged++;
    this.shown = Math.max(this.shown, index);
  }

  /** The client is told that its operation surely will not take effect. */
  reportLost(id: number, index: LogIndex, term: Term): void {
    const at = this.applied.get(id);
    check(
      at === undefined,
      'false-loss',
      () => `operation ${id} (${term}/${index}) lost, but applied at ${at}`,
    );
    this.operations.get(id)!.fate = 'lost';
    this.lost++;
  }

  /** A read begins; the returned floor goes back into `readDone`. */
  readCalled(): LogIndex {
    return this.shown;
  }

  /** A read called at `floor` was answered from the state at `index`. */
  readDone(floor: LogIndex, index: LogIndex): void {
    check(index >= floor, 'S21', () => `stale read: served at ${index}, ${floor} was shown before its call`);
    this.reads++;
    this.shown = Math.max(this.shown, index);
  }
}
