import type { NodeId } from '../base/index.js';
import { comparePoints, type LogPoint } from '../storage/index.js';

/**
 * What a restarted member must learn before it takes part: how far, to its peers' knowledge, it had once
 * acknowledged the log. It waits for a majority of the configuration (itself included), because any entry it
 * helped to commit was acknowledged to a leader of which that majority may know.
 */
export class AcknowledgedGate {
  private readonly voters: ReadonlySet<NodeId>;
  private readonly self: NodeId;
  private readonly answered = new Set<NodeId>();
  private highest: LogPoint = { term: 0, index: 0 };

  constructor(self: NodeId, voters: readonly NodeId[]) {
    this.self = self;
    this.voters = new Set(voters);
    if (this.voters.has(self)) this.answered.add(self);
  }

  /** A peer said how far it knows us to have acknowledged. */
  heard(peer: NodeId, point: LogPoint): void {
    if (comparePoints(point, this.highest) > 0) this.highest = point;
    if (this.voters.has(peer)) this.answered.add(peer);
  }

  /** Whether enough members have answered. A member outside the configuration has promised nothing to count. */
  get open(): boolean {
    return !this.voters.has(this.self) || this.answered.size > this.voters.size / 2;
  }

  /** The highest point that peers know us to have acknowledged. */
  get promised(): LogPoint {
    return this.highest;
  }
}
