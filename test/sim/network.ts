import { chance, type Random } from '../../lib/base/index.js';
import type { NetworkOptions } from './options.js';
import { MS, type Schedule } from './schedule.js';

export interface NetworkCounts {
  sent: number;
  lost: number;
  duplicated: number;
  delivered: number;
}

/** An exponential delay with the given mean, in microseconds, cut at ten times the mean. */
export function exponentialUs(random: Random, meanMs: number): number {
  const u = (random.uint32() + 1) / 0x1_0000_0001;
  return Math.min(10, -Math.log(u)) * meanMs * MS;
}

/**
 * Directed links between numbered nodes. Each message is lost, delayed and duplicated by itself, so order is
 * kept only where the options ask for it. Cuts are counted per link: overlapping partitions heal one by one.
 */
export class SimNetwork<M> {
  readonly counts: NetworkCounts = { sent: 0, lost: 0, duplicated: 0, delivered: 0 };
  /** Raised for a while to make one link slow; 1 is normal. */
  readonly slow: number[];
  private readonly size: number;
  private readonly cuts: number[];
  private readonly lastArrival: number[];
  private readonly schedule: Schedule;
  private readonly random: Random;
  private readonly deliver: (from: number, to: number, message: M) => void;
  private options: NetworkOptions;

  constructor(
    size: number,
    schedule: Schedule,
    random: Random,
    options: NetworkOptions,
    deliver: (from: number, to: number, message: M) => void,
  ) {
    this.size = size;
    this.schedule = schedule;
    this.random = random;
    this.options = options;
    this.deliver = deliver;
    this.cuts = Array.from({ length: size * size }, () => 0);
    this.slow = Array.from({ length: size * size }, () => 1);
    this.lastArrival = Array.from({ length: size * size }, () => 0);
  }

  /** Sends one message; returns false when it was lost. What is on the way when a cut begins still arrives. */
  send(from: number, to: number, message: M): boolean {
    this.counts.sent++;
    if (this.isCut(from, to) || chance(this.random, this.options.loss)) {
      this.counts.lost++;
      return false;
    }
    this.plan(from, to, message);
    if (chance(this.random, this.options.duplicate)) {
      this.counts.duplicated++;
      this.plan(from, to, message);
    }
    return true;
  }

  cut(from: number, to: number): void {
    this.cuts[from * this.size + to]! += 1;
  }

  mend(from: number, to: number): void {
    const link = from * this.size + to;
    this.cuts[link] = Math.max(0, this.cuts[link]! - 1);
  }

  isCut(from: number, to: number): boolean {
    return this.cuts[from * this.size + to]! > 0;
  }

  /** Both ways open: what a stream needs. */
  connected(a: number, b: number): boolean {
    return !this.isCut(a, b) && !this.isCut(b, a);
  }

  /** Ends every cut, loss and long delay: what is left to do is bounded by work, not by waiting. */
  heal(): void {
    this.cuts.fill(0);
    this.slow.fill(1);
    this.lastArrival.fill(0);
    this.options = { ...this.options, minMs: 0.1, meanMs: 0.5, loss: 0, duplicate: 0 };
  }

  private plan(from: number, to: number, message: M): void {
    const link = from * this.size + to;
    const { minMs, meanMs, ordered } = this.options;
    let at =
      this.schedule.now + Math.round((minMs * MS + exponentialUs(this.random, meanMs)) * this.slow[link]!);
    if (ordered) {
      at = Math.max(at, this.lastArrival[link]!);
      this.lastArrival[link] = at;
    }
    this.schedule.after(at - this.schedule.now, () => {
      this.counts.delivered++;
      this.deliver(from, to, message);
    });
  }
}
