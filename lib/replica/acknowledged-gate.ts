import type { NodeId } from '../base/index.js';
import type { Configuration } from '../raft/types.js';
import { comparePoints, type LogPoint } from '../storage/index.js';

/**
 * What a restarted member must learn before it takes part: how far, to its peers' knowledge, it had once
 * acknowledged the log. It waits for a majority of the configuration (of both halves while joint), itself
 * included, because any entry it helped to commit was acknowledged to a leader of which that majority may know.
 */
export class AcknowledgedGate {
  private readonly halves: readonly (readonly NodeId[])[];
  private readonly answered = new Set<NodeId>();
  private highest: LogPoint = { term: 0, index: 0 };

  constructor(self: NodeId, { voters, outgoing }: Configuration) {
    // A member outside the configuration has promised nothing that counts.
    this.halves = [voters, outgoing].filter((half) => half.includes(self));
    this.answered.add(self);
  }

  /** A peer said how far it knows us to have acknowledged. */
  heard(peer: NodeId, point: LogPoint): void {
    this.learned(point);
    this.answered.add(peer);
  }

  learned(point: LogPoint): void {
    if (comparePoints(point, this.highest) > 0) this.highest = point;
  }

  /** Whether enough members have answered. */
  get open(): boolean {
    return this.halves.every(
      (half) => half.filter((node) => this.answered.has(node)).length > half.length / 2,
    );
  }

  /** The highest point that this member is known to have acknowledged. */
  get promised(): LogPoint {
    return this.highest;
  }
}
