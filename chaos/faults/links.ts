import type { Cluster } from '../cluster/cluster.js';
import { CONFIRM_LIMIT_MS, type Fault } from './fault.js';
import type { Link } from './network.js';
import type { Undo } from './proxy.js';

export class Cut implements Fault {
  readonly victims: readonly string[];
  private readonly cluster: Cluster;
  private readonly links: readonly Link[];
  private blockedBefore = 0;
  private undo: readonly Undo[] = [];

  constructor(cluster: Cluster, victim: string, links: readonly Link[]) {
    this.cluster = cluster;
    this.victims = [victim];
    this.links = links;
  }

  inject(): Promise<void> {
    this.blockedBefore = this.blocked();
    this.undo = this.links.map((link) => this.cluster.network.link(link).cut());
    return Promise.resolve();
  }

  /** Only what a cut held back shows that it cut anything. */
  async heal(): Promise<string> {
    const bytes = await this.cluster
      .waitFor('a cut link blocks something', CONFIRM_LIMIT_MS, () => {
        return this.blocked() - this.blockedBefore || null;
      })
      .finally(() => {
        for (const undo of this.undo) undo();
      });
    return `${bytes} bytes were held back`;
  }

  private blocked(): number {
    return sum(this.links.map((link) => this.cluster.network.link(link).counters.bytesBlocked));
  }
}

/** Connections break at once, and new ones too, until it heals. */
export class Reset implements Fault {
  readonly victims: readonly string[];
  private readonly cluster: Cluster;
  private readonly links: readonly Link[];
  private before = 0;
  private undo: readonly Undo[] = [];

  constructor(cluster: Cluster, victim: string, links: readonly Link[]) {
    this.cluster = cluster;
    this.victims = [victim];
    this.links = links;
  }

  async inject(): Promise<void> {
    this.before = this.broken();
    const proxies = this.links.map((link) => this.cluster.network.link(link));
    this.undo = proxies.map((proxy) => proxy.refuse());
    for (const proxy of proxies) proxy.reset();
    await this.cluster.waitFor('a connection is reset or refused', CONFIRM_LIMIT_MS, () => {
      return this.broken() > this.before ? true : null;
    });
  }

  heal(): Promise<string> {
    for (const undo of this.undo) undo();
    return Promise.resolve(`${this.broken() - this.before} connections were reset or refused`);
  }

  private broken(): number {
    return sum(
      this.links.map((link) => {
        const { connectionsRefused, connectionsReset } = this.cluster.network.link(link).counters;
        return connectionsRefused + connectionsReset;
      }),
    );
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}
