import { Agent } from './agent.js';
import { withConnector, type AgentSetup } from './setup.js';

export { Agent, type AgentStatus, type StopMode } from './agent.js';
export { LIFELINE_VARIABLE, lifelineFd, watchLifeline, type Lifeline } from './lifeline.js';
export type { MasterConnector } from './link.js';
export {
  AGENT_LIMITS,
  AGENT_TIMING,
  type AgentLimits,
  type AgentOptions,
  type AgentTiming,
} from './options.js';
export { runAgentProcess } from './run-process.js';
export type { AgentSetup } from './setup.js';

/** An agent that has not begun to do anything; see `Agent.start`. Throws TLS. */
export function createAgent(setup: AgentSetup): Agent {
  return new Agent(withConnector(setup));
}
