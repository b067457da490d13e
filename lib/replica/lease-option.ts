import { isJoint, type Configuration, type ProposeResult } from '../raft/index.js';

/** Between two attempts to bring the group to what is asked for. */
const RETRY_MS = 1000;

export interface LeaseOptionHost {
  /** What the configuration of this process asks for; null: whatever the group has. */
  readonly wantedMs: number | null;
  readonly nowMs: () => number;
  /** The configuration in force and whether it is committed; null unless this member leads and is complete. */
  readonly led: () => { readonly configuration: Configuration; readonly committed: boolean } | null;
  readonly set: (leaseMs: number) => ProposeResult;
}

/**
 * Leases belong to the group and are kept in its log. Who leads brings them to what its own process was configured
 * with, so masters should all be told the same; a difference costs a change of the configuration at each change of
 * leaders, and nothing else.
 */
export class LeaseOption {
  private readonly host: LeaseOptionHost;
  private triedMs = -Infinity;

  constructor(host: LeaseOptionHost) {
    this.host = host;
  }

  tick(): void {
    const { wantedMs, nowMs, led, set } = this.host;
    if (wantedMs === null || nowMs() - this.triedMs < RETRY_MS) return;
    const group = led();
    if (group === null || !group.committed || isJoint(group.configuration)) return;
    if (group.configuration.leaseMs === wantedMs) return;
    this.triedMs = nowMs();
    set(wantedMs);
  }
}
