export { encodeReport } from './report-codec.js';
export { BatchingReporter, type ReporterHost } from './reporter.js';
export {
  LIVENESS_LIMITS,
  type LivenessLimits,
  type LivenessReport,
  type LivenessReporter,
  type LivenessSink,
} from './types.js';
export { LivenessLoop } from './loop.js';
