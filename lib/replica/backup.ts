import { TepuiError, type Clock, type SnapshotChunk, type Timers } from '../base/index.js';
import type { Identity, StateSnapshot, StateStore } from '../storage/index.js';
import { archiveBytes, archiveHeader, type ArchiveHeader } from '../storage/archive/index.js';
import type { ReplicaLimits } from './limits.js';
import { paced } from './paced.js';
import type { Replica } from './types.js';

export interface BackupHost {
  readonly replica: Pick<Replica, 'read' | 'listen' | 'status'>;
  readonly identity: () => Identity;
  readonly store: () => StateStore;
  readonly release: string;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly limits: Pick<ReplicaLimits, 'transferRate'>;
}

/** One snapshot of the group, pinned: its bytes are those of a snapshot file, whatever happens meanwhile. */
export interface Backup {
  readonly header: ArchiveHeader;
  bytes(): AsyncIterable<Uint8Array>;
  /** To be called in any case: a pinned state keeps deleted records on the disk. */
  close(): Promise<void>;
}

export interface BackupOptions {
  /** Also what was acknowledged just before; else what this member has, which needs no leader. */
  readonly linearizable: boolean;
}

/** Backups at once: each reads the whole state from the disk. */
const MOST = 2;
/** Cuts are written every half second; a slow disk takes its time. */
const CUT_LIMIT_MS = 30_000;

/** Backups of a running member: read from its newest cut as the ones for lagging members are, beside its loop. */
export class BackupSource {
  private readonly host: BackupHost;
  private open = 0;

  constructor(host: BackupHost) {
    this.host = host;
  }

  /**
   * Rejects with NO_LEADER when there is no group, or nobody to confirm that the state is new enough; OVERLOADED when
   * backups are under way already, or no cut gets written.
   */
  async begin({ linearizable }: BackupOptions): Promise<Backup> {
    if (this.open >= MOST) throw new TepuiError('OVERLOADED', `${MOST} backups are being read here already`);
    this.open++;
    try {
      if (linearizable) await this.fresh();
      return this.pin();
    } catch (error) {
      this.open--;
      throw error;
    }
  }

  private async fresh(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.host.replica.read((refusal) => {
        if (refusal === null) resolve();
        else reject(new TepuiError(refusal.code, refusal.message));
      });
    });
    await this.cutAt(this.host.replica.status().appliedIndex);
  }

  /** Resolves once a cut at or above `index` is durable. */
  private cutAt(index: number): Promise<void> {
    if ((this.host.store().meta?.index ?? 0) >= index) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const limit = this.host.timers.after(CUT_LIMIT_MS, () => {
        remove();
        const message = `no cut of the state reached entry ${index} within ${CUT_LIMIT_MS / 1000} s`;
        reject(new TepuiError('OVERLOADED', message));
      });
      const remove = this.host.replica.listen({
        cut: (at) => {
          if (at < index) return;
          limit.cancel();
          remove();
          resolve();
        },
      });
    });
  }

  private pin(): Backup {
    const { clusterId, memberId: member, generation } = this.host.identity();
    const store = this.host.store();
    if (clusterId === null || store.meta === null) {
      const { trouble } = this.host.replica.status();
      throw new TepuiError(
        'NO_LEADER',
        `${member} has no state to back up: ${trouble ?? 'none was cut yet'}`,
      );
    }
    const createdAtMs = Math.floor(this.host.clock.wallMs());
    const origin = { clusterId, generation, member, release: this.host.release, createdAtMs };
    const { clock, timers, limits } = this.host;
    const pace = {
      bytesPerSecond: limits.transferRate,
      hurry: () => false,
      clock,
      timers,
      logSyncs: () => store.logSyncs,
    };
    const snapshot = store.openSnapshot();
    const chunks = (offset: number): AsyncIterable<SnapshotChunk> => paced(snapshot.chunks(offset), pace);
    return {
      header: archiveHeader(origin, snapshot.meta),
      bytes: () => archiveBytes(origin, { meta: snapshot.meta, chunks }),
      close: () => this.release(snapshot),
    };
  }

  private async release(snapshot: StateSnapshot): Promise<void> {
    this.open--;
    await snapshot.close();
  }
}
