import { memberOf, type Clock, type Logger, type MemberId, type NodeId, type Timers } from '../base/index.js';
import { encodeCutMeta, type StateSnapshot, type StateStore } from '../storage/index.js';
import type { Transport } from '../transport/types.js';
import { SNAPSHOT_VERSION } from '../wire/peer.js';
import type { ReplicaLimits } from './limits.js';
import { paced } from './paced.js';
import type { PaceHost } from './throttle.js';

export interface SnapshotSenderHost {
  readonly self: NodeId;
  readonly release: string;
  readonly transport: Transport;
  readonly store: () => StateStore;
  readonly logBytes: () => number;
  readonly term: () => number;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly limits: Pick<ReplicaLimits, 'catchUpMs' | 'transferRate' | 'logTailBytes' | 'replayBytes'>;
  /** How far a peer's log reaches, and whether that is near the end of ours; null when we do not lead. */
  readonly progress: (peer: NodeId) => { readonly match: number; readonly near: boolean } | null;
  /** Whether the member's process answers with that very folder: a state is for nobody else. */
  readonly reaches: (peer: NodeId) => boolean;
  readonly sent: (peer: NodeId) => void;
  readonly failed: (peer: NodeId) => void;
  readonly logger: Logger;
}

/** Sends the state to peers that the log can no longer serve, one transfer per peer. */
export class SnapshotSender {
  private readonly host: SnapshotSenderHost;
  private readonly active = new Map<MemberId, StateSnapshot>();
  /** Peers that have the state and not yet the log after it. */
  private readonly following = new Map<NodeId, { readonly index: number; readonly untilMs: number }>();

  constructor(host: SnapshotSenderHost) {
    this.host = host;
  }

  /**
   * Log entries above this index are needed by those who are being sent the state, or who have it and catch up;
   * null when there is nobody. Without it a busy group would compact the log away from them again and again.
   */
  pinnedIndex(): number | null {
    let lowest = Infinity;
    for (const { meta } of this.active.values()) lowest = Math.min(lowest, meta.index);
    for (const [peer, { index, untilMs }] of this.following) {
      const progress = this.host.progress(peer);
      if (progress === null || progress.near || this.host.clock.monotonicMs() >= untilMs)
        this.following.delete(peer);
      else lowest = Math.min(lowest, Math.max(index, progress.match));
    }
    return lowest === Infinity ? null : lowest;
  }

  send(peer: NodeId): void {
    const member = memberOf(peer);
    const store = this.host.store();
    if (this.active.has(member)) return;
    if (store.meta === null || !this.host.reaches(peer)) return this.host.failed(peer);
    const snapshot = store.openSnapshot();
    this.active.set(member, snapshot);
    void this.transfer(peer, snapshot);
  }

  /** In a hurry once the log kept for the transfer has come a quarter of the way to where proposals are refused. */
  private pace(): PaceHost {
    const { limits, clock, timers, store, logBytes } = this.host;
    return {
      bytesPerSecond: limits.transferRate,
      hurry: () => logBytes() > limits.logTailBytes + limits.replayBytes / 4,
      clock,
      timers,
      logSyncs: () => store().logSyncs,
    };
  }

  private async transfer(peer: NodeId, snapshot: StateSnapshot): Promise<void> {
    const member = memberOf(peer);
    const { self: from, transport, logger } = this.host;
    const start = {
      snapshotId: snapshot.id,
      from,
      term: this.host.term(),
      meta: encodeCutMeta(snapshot.meta),
      version: SNAPSHOT_VERSION,
      release: this.host.release,
    };
    logger.info({ peer, snapshot: snapshot.id, index: snapshot.meta.index }, 'snapshot transfer begins');
    let sent = false;
    try {
      await transport.sendSnapshot(member, start, (offset) => paced(snapshot.chunks(offset), this.pace()));
      sent = true;
    } catch (error) {
      logger.warn({ peer, snapshot: snapshot.id, err: error }, 'snapshot transfer broke; it is tried again');
    }
    const untilMs = this.host.clock.monotonicMs() + this.host.limits.catchUpMs;
    if (sent) this.following.set(peer, { index: snapshot.meta.index, untilMs });
    this.active.delete(member);
    await snapshot.close();
    if (sent) this.host.sent(peer);
    else this.host.failed(peer);
  }
}
