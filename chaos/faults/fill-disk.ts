import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { EXIT } from '../../lib/cli/index.js';
import { TepuiError, Tree } from '../../lib/client/index.js';
import type { Cluster } from '../cluster/cluster.js';
import { freeBytes } from '../cluster/small-disks.js';
import { RESTART_LIMIT_MS, type Fault } from './fault.js';

const MIB = 1 << 20;
/** Little enough for growth to be refused, and far more than the member can need meanwhile. */
const LITTLE_BYTES = 100 * MIB;
/** Space is measured every 5 s, and told to the group soon after. */
const TOLD_LIMIT_MS = 30_000;
const CALL_TIMEOUT_MS = 3_000;

/**
 * Something else fills the disk of one master. When `little` is left, the group refuses growth. When nothing is, a
 * write fails, and the master ends itself; it must start on the full disk.
 */
export class FillDisk implements Fault {
  readonly victims: readonly string[];
  private readonly cluster: Cluster;
  private readonly victim: string;
  private readonly little: boolean;
  private readonly filler: string;
  /** Of the fault, so that what it makes has names of its own. */
  private readonly number: number;
  private probes = 0;

  constructor(cluster: Cluster, victim: string, little: boolean, number: number) {
    this.number = number;
    this.cluster = cluster;
    this.victim = victim;
    this.victims = [victim];
    this.little = little;
    this.filler = path.join(cluster.folder(victim), 'filler');
  }

  async inject(): Promise<void> {
    const { cluster, victim } = this;
    if (this.little) {
      this.fill(LITTLE_BYTES);
      return this.untilGrowthIs('GROWTH_REFUSED');
    }
    cluster.expectEnd(victim, EXIT.storage);
    await this.cluster.waitFor(`${victim} meets the end of its disk`, TOLD_LIMIT_MS, () => {
      this.fill(0);
      return cluster.pid(victim) === null ? true : null;
    });
  }

  async heal(): Promise<string> {
    const { cluster, victim } = this;
    if (!this.little) {
      cluster.startAgain(victim);
      // On the full disk: it gives up its reserve, and serves.
      await cluster.awaitServing(RESTART_LIMIT_MS, undefined, [victim]).finally(() => this.makeRoom());
    }
    this.makeRoom();
    return this.little
      ? 'growth was refused'
      : `nothing was left: exit ${EXIT.storage}; it started on the full disk`;
  }

  async over(): Promise<string> {
    await this.untilGrowthIs(null);
    return 'the group grows again';
  }

  close(): void {
    this.makeRoom();
    this.cluster.unsupervise(this.victim);
  }

  private makeRoom(): void {
    rmSync(this.filler, { force: true });
  }

  /** Writes until `leaveBytes` are free. */
  private fill(leaveBytes: number): void {
    const folder = this.cluster.folder(this.victim);
    const block = Buffer.alloc(MIB, 7);
    for (let excess = freeBytes(folder) - leaveBytes; excess > 0; excess = freeBytes(folder) - leaveBytes) {
      try {
        writeFileSync(this.filler, block.subarray(0, Math.min(MIB, excess)), { flag: 'a' });
      } catch (error) {
        // The master took the rest.
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
      }
    }
  }

  /** Until making a node is answered so; null: it is made. */
  private async untilGrowthIs(wanted: string | null): Promise<void> {
    const tree = new Tree({ addresses: this.cluster.addresses, callTimeoutMs: CALL_TIMEOUT_MS });
    try {
      await this.cluster.waitFor(`growth is ${wanted ?? 'accepted'}`, TOLD_LIMIT_MS, async () => {
        const code = await codeOf(tree.create(`/room-${this.number}-${this.probes++}`));
        return code === wanted ? true : null;
      });
    } finally {
      await tree.close();
    }
  }
}

async function codeOf(call: Promise<unknown>): Promise<string | null> {
  return call.then(
    () => null,
    (error: unknown) => (error instanceof TepuiError ? error.code : 'INTERNAL'),
  );
}
