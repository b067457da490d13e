export type { AgentStatus, StopMode } from './agent.js';
export { lifelineFd, watchLifeline, type Lifeline } from './lifeline.js';
export type { MasterConnector } from './link.js';
export type { AgentLimits, AgentOptions, AgentTiming } from './options.js';
export { runAgentProcess } from './run-process.js';
export type { AgentSetup } from './setup.js';
