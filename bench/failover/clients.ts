import { performance } from 'node:perf_hooks';
import { Tree } from '../../lib/client/index.js';

export interface Acknowledgement {
  readonly client: number;
  readonly sentMs: number;
  readonly ackedMs: number;
  readonly term: number;
}

export interface Client {
  readonly number: number;
  /** The only member it talks to. */
  readonly address: string;
}

/**
 * Closed-loop clients: each sends its next write when the last one is answered, to one member only, so that
 * "connected to the victim" is a fact and not a guess.
 */
export class Clients {
  readonly list: readonly Client[];
  readonly acknowledged: Acknowledgement[] = [];
  private readonly trees: readonly Tree[];
  private readonly listeners = new Set<(ack: Acknowledgement) => void>();
  private stopped = false;

  constructor(count: number, addresses: readonly string[]) {
    this.list = Array.from({ length: count }, (_, number) => {
      return { number, address: addresses[number % addresses.length]! };
    });
    this.trees = this.list.map(({ address }) => new Tree({ addresses: [address], callTimeoutMs: 60_000 }));
  }

  async start(): Promise<void> {
    await this.trees[0]!.create('/failover').catch(() => undefined);
    await Promise.all(
      this.list.map(({ number }) => this.trees[number]!.create(path(number)).catch(() => undefined)),
    );
    for (const client of this.list) void this.loop(client);
  }

  stop(): void {
    this.stopped = true;
    for (const tree of this.trees) void tree.close();
  }

  listen(listener: (ack: Acknowledgement) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** The longest time each of the clients went without an acknowledgement within [fromMs, toMs]. */
  longestGaps(numbers: readonly number[], fromMs: number, toMs: number): number[] {
    return numbers.map((number) => {
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
    });
  }

  forget(): void {
    this.acknowledged.length = 0;
  }

  private async loop({ number }: Client): Promise<void> {
    const data = new Uint8Array(100);
    while (!this.stopped) {
      const sentMs = performance.now();
      try {
        const { term } = await this.trees[number]!.set(path(number), data);
        const ack = { client: number, sentMs, ackedMs: performance.now(), term };
        this.acknowledged.push(ack);
        for (const listener of this.listeners) listener(ack);
      } catch {
        // Refused or unknown: the next one is another write. A pause keeps a dead member from spinning this loop.
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
    }
  }
}

function path(number: number): string {
  return `/failover/c${number}`;
}
