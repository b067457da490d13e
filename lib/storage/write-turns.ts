import { assert } from '../base/index.js';

/**
 * Keeps exactly one batch in flight per database. Urgent work (an append) goes before background work (slices
 * of a compaction, notes), whichever came first; within a kind, first come, first served. The background queue
 * is bounded by its callers: one compaction and the few notes of a host.
 */
export class WriteTurns {
  private busy = false;
  private readonly urgent: (() => void)[] = [];
  private readonly background: (() => void)[] = [];

  async run<T>(kind: 'urgent' | 'background', work: () => Promise<T>): Promise<T> {
    if (this.busy) {
      const queue = kind === 'urgent' ? this.urgent : this.background;
      assert(queue.length < 64, () => `${queue.length} ${kind} writes wait for one database`);
      await new Promise<void>((resolve) => queue.push(resolve));
    }
    this.busy = true;
    try {
      return await work();
    } finally {
      this.pass();
    }
  }

  /** Hands the turn on directly: `busy` stays true, so nobody slips in between. */
  private pass(): void {
    const next = this.urgent.shift() ?? this.background.shift();
    if (next === undefined) this.busy = false;
    else next();
  }
}
