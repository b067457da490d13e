/**
 * Notices that this process stood still: SIGSTOP, a frozen machine, a long collection, or own work that held the
 * loop. Whoever is about to do something that a pause would make wrong looks first, whatever woke the process.
 */
export class LoopGaps {
  private readonly nowMs: () => number;
  private readonly limitMs: number;
  private readonly noticed: (gapMs: number) => void;
  private lastMs: number;
  private total = 0;
  private longest = 0;

  /** `noticed` is called once for each gap longer than `limitMs`, by the first look after it. */
  constructor(nowMs: () => number, limitMs: number, noticed: (gapMs: number) => void) {
    this.nowMs = nowMs;
    this.limitMs = limitMs;
    this.noticed = noticed;
    this.lastMs = nowMs();
  }

  /** Gaps since the start. */
  get count(): number {
    return this.total;
  }

  get longestMs(): number {
    return this.longest;
  }

  look(): void {
    const now = this.nowMs();
    const gapMs = now - this.lastMs;
    this.lastMs = now;
    if (gapMs <= this.limitMs) return;
    this.total++;
    this.longest = Math.max(this.longest, gapMs);
    this.noticed(gapMs);
  }
}
