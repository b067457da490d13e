import type { NodeId } from '../../base/index.js';
import type { RaftStatus } from '../../raft/index.js';

interface Sight {
  active: boolean;
  /** When it was last active, or when the watch began. */
  activeMs: number;
  /** Since when it has kept up with the log; null: it does not. */
  keptUpSinceMs: number | null;
  /** When it was lost, the latest few times. */
  losses: number[];
  up: boolean;
  behind: number;
}

const LOSSES_KEPT = 32;

/** What a leader has seen of each node since it leads: soft state, begun anew with each term of office. */
export class Watch {
  private readonly sights = new Map<NodeId, Sight>();
  private self: NodeId | null = null;
  private nowMs = 0;

  /** Called on each tick while this member leads. */
  observe({ id, peers, lastIndex }: RaftStatus, nowMs: number, nearEntries: number): void {
    this.self = id;
    this.nowMs = nowMs;
    for (const peer of peers) {
      const sight = this.sight(peer.id);
      if (sight.active && !peer.recentlyActive) sight.losses = [...sight.losses, nowMs].slice(-LOSSES_KEPT);
      sight.active = peer.recentlyActive;
      if (sight.active) sight.activeMs = nowMs;
      const caughtUp = sight.active && peer.catchUp === 'caught-up';
      sight.keptUpSinceMs = caughtUp ? (sight.keptUpSinceMs ?? nowMs) : null;
      sight.behind = Math.max(0, lastIndex - peer.match);
      // To a new leader everybody seems active at first: only who has acknowledged something to it surely is there.
      sight.up = sight.active && peer.state !== 'snapshot' && peer.match > 0 && sight.behind <= nearEntries;
    }
    for (const node of this.sights.keys()) {
      if (!peers.some((peer) => peer.id === node)) this.sights.delete(node);
    }
  }

  clear(): void {
    this.sights.clear();
    this.self = null;
  }

  isActive(node: NodeId): boolean {
    return node === this.self || (this.sights.get(node)?.active ?? false);
  }

  isUp(node: NodeId): boolean {
    return node === this.self || (this.sights.get(node)?.up ?? false);
  }

  behind(node: NodeId): number {
    return this.sights.get(node)?.behind ?? 0;
  }

  silentMs(node: NodeId): number {
    const sight = this.sights.get(node);
    return sight === undefined || node === this.self ? 0 : this.nowMs - sight.activeMs;
  }

  keptUpMs(node: NodeId): number | null {
    const since = this.sights.get(node)?.keptUpSinceMs ?? null;
    return since === null ? null : this.nowMs - since;
  }

  lossesWithin(node: NodeId, ms: number): number {
    const losses = this.sights.get(node)?.losses ?? [];
    return losses.filter((atMs) => this.nowMs - atMs <= ms).length;
  }

  private sight(node: NodeId): Sight {
    let sight = this.sights.get(node);
    if (sight === undefined) {
      sight = { active: false, activeMs: this.nowMs, keptUpSinceMs: null, losses: [], up: false, behind: 0 };
      this.sights.set(node, sight);
    }
    return sight;
  }
}
