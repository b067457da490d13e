export type { OfferExplanation } from './allocator/explain.js';
export type { MasterContext } from './context.js';
export { MASTER_LIMITS, type MasterLimits } from './limits.js';
export { createMaster, type Master, type MasterOptions } from './master.js';
export type { VerdictListener } from './checkpoints/checkpoints.js';
export { encodeReport, type LivenessReporter, type LivenessSink } from './liveness/index.js';
export type { SchedulerConnection, SchedulerService, SchedulerSink } from './scheduler/types.js';
