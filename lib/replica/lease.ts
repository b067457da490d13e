import type { RaftNode } from '../raft/index.js';
import { LeaseClock } from './lease-clock.js';

/** The lease of this member: consensus counts it in ticks, the clock of this process says what they are worth. */
export class Lease {
  private readonly raft: RaftNode;
  private readonly nowMs: () => number;
  private readonly clock = new LeaseClock();

  constructor(raft: RaftNode, nowMs: () => number) {
    this.raft = raft;
    this.nowMs = nowMs;
  }

  /** Length of leases in the configuration in force; 0: there are none. */
  get leaseMs(): number {
    return this.raft.view.configuration.leaseMs;
  }

  /** Whether nobody else can lead, or have answered anything, by the clock of this process. */
  get held(): boolean {
    const age = this.raft.leaseAgeTicks();
    return age !== null && this.clock.holds(age, this.leaseMs, this.nowMs());
  }

  /** To be called before consensus is given each tick. */
  ticked(): void {
    this.clock.ticked(this.nowMs());
  }
}
