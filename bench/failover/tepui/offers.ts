import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Framework } from '../../../lib/client/index.js';
import { untilSome } from '../support/time.js';

/**
 * A framework that takes no offer: it only notes when offers arrive (wall time, as the masters log theirs). It
 * speaks to one master, which is not the one that will be lost: what is measured is how soon the next leader
 * offers, and not how soon a client notices that its own master is silent.
 */
export class OfferWatch {
  private readonly arrivedMs: number[] = [];
  private readonly framework: Framework;

  constructor(address: string) {
    this.framework = new Framework({
      addresses: [address],
      name: 'failover-bench',
      failoverTimeoutMs: 60_000,
      handlers: { offers: () => void this.arrivedMs.push(Date.now()) },
    });
  }

  /** Resolves when it holds an offer: the next one can only be of another leader. */
  async start(limitMs: number): Promise<void> {
    await this.framework.start();
    await this.firstSince(0, limitMs);
  }

  async stop(): Promise<void> {
    await this.framework.teardown().catch(() => undefined);
    await this.framework.close();
  }

  /**
   * Milliseconds from the election of `leader` after `sinceMs` to the first offer that followed; null: none within
   * `limitMs`, which is then the group's doing.
   */
  async afterElection(dir: string, leader: string, sinceMs: number, limitMs: number): Promise<number | null> {
    const electedMs = electionOf(path.join(dir, leader, 'log.jsonl'), sinceMs);
    if (electedMs === null) throw new Error(`the log of ${leader} tells of no election since the fault`);
    const offeredMs = await this.firstSince(electedMs, limitMs).catch(() => null);
    return offeredMs === null ? null : offeredMs - electedMs;
  }

  private firstSince(sinceMs: number, limitMs: number): Promise<number> {
    return untilSome('an offer to the framework', limitMs, () => {
      return Promise.resolve(this.arrivedMs.find((time) => time >= sinceMs) ?? null);
    });
  }
}

function electionOf(file: string, sinceMs: number): number | null {
  const lines = readFileSync(file, 'utf8').trim().split('\n');
  const elected = lines
    .map((line) => JSON.parse(line) as { time: number; view?: { kind: string } })
    .find(({ time, view }) => time >= sinceMs && view?.kind === 'elected');
  return elected?.time ?? null;
}
