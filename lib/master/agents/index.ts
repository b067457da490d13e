export { AgentService } from './service.js';
export {
  AGENT_SERVICE_LIMITS,
  type AgentConnection,
  type AgentServiceLimits,
  type AgentSink,
} from './types.js';
