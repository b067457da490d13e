import { assert, type NodeId } from '../base/index.js';
import type { Persist } from '../raft/types.js';
import type { InstalledState, LogPoint, RaftLog } from '../storage/types.js';

export interface PersistHost {
  readonly log: RaftLog;
  /** The write is durable; runs in a fresh turn. `installed` is what came with it. */
  readonly done: (installed: InstalledState | null) => void;
  readonly fatal: (error: unknown) => void;
}

/** Writes what consensus hands out: one synced batch at a time; what arrives meanwhile is the next batch. */
export class Persister {
  private readonly host: PersistHost;
  private busy = false;
  /** What peers are newly known to hold: rides along in the next batch, never causes one. */
  private acknowledged = new Map<NodeId, LogPoint>();

  constructor(host: PersistHost) {
    this.host = host;
  }

  noteAcknowledged(peer: NodeId, point: LogPoint): void {
    this.acknowledged.set(peer, point);
  }

  write(batch: Persist, installed: InstalledState | null): void {
    assert(!this.busy, 'consensus handed out a write while one is in flight');
    this.busy = true;
    const acknowledged = this.acknowledged;
    this.acknowledged = new Map();
    this.host.log.append(batch, acknowledged, installed).then(
      () => {
        this.busy = false;
        this.host.done(installed);
      },
      (error: unknown) => this.host.fatal(error),
    );
  }
}
