import { assert } from '../base/index.js';
import { SERVER_LIST_LIMITS, type ServerListLimits } from './cluster/server-list.js';
import { ALLOCATOR_LIMITS, type AllocatorLimits } from './allocator/allocator.js';
import { COLLECTOR_LIMITS, type CollectorLimits } from './collector/collector.js';
import { FAILOVER_LIMITS, type FailoverLimits } from './failover/failover-timers.js';
import { LIVENESS_LIMITS, type LivenessLimits } from './liveness/index.js';
import { OFFER_LIMITS, type OfferLimits } from './offers/types.js';
import { SCHEDULER_LIMITS, type SchedulerLimits } from './scheduler/types.js';
import { SWEEP_LIMITS, type SweepLimits } from './sweeps/sweeps.js';

/** Every limit and time of this room, with units in the names. */
export interface MasterLimits {
  readonly liveness: LivenessLimits;
  readonly failover: FailoverLimits;
  readonly sweeps: SweepLimits;
  readonly collector: CollectorLimits;
  readonly serverList: ServerListLimits;
  readonly allocator: AllocatorLimits;
  readonly offers: OfferLimits;
  readonly scheduler: SchedulerLimits;
  readonly checkpointIntervalMs: number;
  /** A proposal of this member about itself that came to nothing is repeated after this long. */
  readonly announceRetryMs: number;
  /** How often this member compares itself with what the group knows of it. */
  readonly announceLookMs: number;
}

export const MASTER_LIMITS: MasterLimits = {
  liveness: LIVENESS_LIMITS,
  failover: FAILOVER_LIMITS,
  sweeps: SWEEP_LIMITS,
  collector: COLLECTOR_LIMITS,
  serverList: SERVER_LIST_LIMITS,
  allocator: ALLOCATOR_LIMITS,
  offers: OFFER_LIMITS,
  scheduler: SCHEDULER_LIMITS,
  checkpointIntervalMs: 30_000,
  announceRetryMs: 500,
  announceLookMs: 1_000,
};

/** Proves the relations between the limits at start-up. */
export function checkMasterLimits(limits: MasterLimits): void {
  const { liveness, scheduler } = limits;
  assert(
    scheduler.heartbeatMs <= 5_000,
    `heartbeats every ${scheduler.heartbeatMs} ms; clients give up after 10 s`,
  );
  for (const timeoutMs of [liveness.agentTimeoutMs, liveness.frameworkTimeoutMs]) {
    assert(
      timeoutMs >= liveness.reportMs * 3,
      `a deadline of ${timeoutMs} ms needs room for three reports of ${liveness.reportMs} ms`,
    );
  }
}
