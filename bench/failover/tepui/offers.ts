import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Framework } from '../../../lib/client/index.js';

/** A framework that takes no offer: it only notes when offers arrive (wall time, as the masters log theirs). */
export class OfferWatch {
  readonly arrivedMs: number[] = [];
  private readonly framework: Framework;

  constructor(addresses: readonly string[]) {
    this.framework = new Framework({
      addresses,
      name: 'failover-bench',
      failoverTimeoutMs: 60_000,
      handlers: { offers: () => void this.arrivedMs.push(Date.now()) },
    });
  }

  async start(): Promise<void> {
    await this.framework.start();
  }

  async stop(): Promise<void> {
    await this.framework.teardown().catch(() => undefined);
    await this.framework.close();
  }

  /** Milliseconds from the election of `leader` after `sinceMs` to the first offer that followed; null: none. */
  afterElection(dir: string, leader: string, sinceMs: number): number | null {
    const lines = readFileSync(path.join(dir, leader, 'log.jsonl'), 'utf8')
      .trim()
      .split('\n');
    const elected = lines
      .map((line) => JSON.parse(line) as { time: number; view?: { kind: string } })
      .find(({ time, view }) => time >= sinceMs && view?.kind === 'elected');
    if (elected === undefined) return null;
    const offer = this.arrivedMs.find((time) => time >= elected.time);
    return offer === undefined ? null : offer - elected.time;
  }
}
