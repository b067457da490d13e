import { performance } from 'node:perf_hooks';
import type { Group, GroupClient, Member } from './group.js';
import { pause } from './support/time.js';

export interface Acknowledgement {
  readonly client: number;
  readonly sentMs: number;
  readonly ackedMs: number;
  readonly term: number;
}

/** A pause after a failed write keeps a dead member from spinning its clients. */
const AFTER_FAILURE_MS = 2;

/**
 * Closed-loop clients: each sends its next write when the last one is answered, to one member only, so that
 * "connected to the victim" is a fact and not a guess.
 */
export class Clients {
  /** The only member that each of them talks to. */
  readonly members: readonly Member[];
  private acknowledged: Acknowledgement[] = [];
  private readonly clients: readonly GroupClient[];
  private readonly listeners = new Set<(ack: Acknowledgement) => void>();
  private stopped = false;

  constructor(count: number, group: Group) {
    this.members = Array.from({ length: count }, (_, number) => {
      return group.members[number % group.members.length]!;
    });
    this.clients = this.members.map(({ address }, number) => group.client(address, number));
  }

  async start(): Promise<void> {
    for (const client of this.clients) await client.open();
    for (const number of this.clients.keys()) void this.loop(number);
  }

  stop(): void {
    this.stopped = true;
    for (const client of this.clients) client.close();
  }

  listen(listener: (ack: Acknowledgement) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** The latest term under which a write was acknowledged. */
  get term(): number {
    return Math.max(...this.acknowledged.map(({ term }) => term));
  }

  /** The clients that had a write acknowledged which they sent after `sinceMs`. */
  servedSince(sinceMs: number): Set<number> {
    return new Set(this.acknowledged.filter(({ sentMs }) => sentMs > sinceMs).map(({ client }) => client));
  }

  /** The longest time any of the clients went without an acknowledgement within [fromMs, toMs]. */
  longestGap(numbers: readonly number[], fromMs: number, toMs: number): number {
    return Math.max(...numbers.map((number) => this.gapOf(number, fromMs, toMs)));
  }

  forget(): void {
    this.acknowledged = [];
  }

  private gapOf(number: number, fromMs: number, toMs: number): number {
    const times = this.acknowledged
      .filter(({ client, ackedMs }) => client === number && ackedMs >= fromMs && ackedMs <= toMs)
      .map(({ ackedMs }) => ackedMs);
    let longest = 0;
    let last = fromMs;
    for (const time of [...times, toMs]) {
      longest = Math.max(longest, time - last);
      last = time;
    }
    return longest;
  }

  private async loop(number: number): Promise<void> {
    while (!this.stopped) {
      const sentMs = performance.now();
      try {
        const term = await this.clients[number]!.write();
        const ack = { client: number, sentMs, ackedMs: performance.now(), term };
        this.acknowledged.push(ack);
        for (const listener of this.listeners) listener(ack);
      } catch {
        await pause(AFTER_FAILURE_MS);
      }
    }
  }
}
