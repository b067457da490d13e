/** The group's clockwork. tickMs ≤ heartbeatMs, and {@link HEARTBEATS_PER_ELECTION} · heartbeatMs ≤ electionMs. */
export interface Timing {
  readonly tickMs: number;
  readonly heartbeatMs: number;
  readonly electionMs: number;
  readonly agentTimeoutMs: number;
  /** Leader leases of the group, 0: none; not given: whatever it has. leaseMs ≤ electionMs. */
  readonly leaseMs?: number | undefined;
}

/** An election timeout spans at least so many heartbeats: otherwise a lost one would elect a new leader. */
export const HEARTBEATS_PER_ELECTION = 3;

/**
 * Settings of time as the core counts it. Heartbeats are rounded to more often and elections to later, so that
 * the relation between them holds in ticks too.
 */
export function ticksOf({ tickMs, heartbeatMs, electionMs }: Timing): {
  readonly heartbeatTicks: number;
  readonly electionTicks: number;
} {
  return {
    heartbeatTicks: Math.max(1, Math.floor(heartbeatMs / tickMs)),
    electionTicks: Math.ceil(electionMs / tickMs),
  };
}
