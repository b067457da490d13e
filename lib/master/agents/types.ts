import type { ErrorCode } from '../../base/index.js';
import { DEFAULT_LIMITS } from '../../state/index.js';
import type { AgentMessage, MasterMessage } from '../../wire/index.js';

/** The way back to one agent. */
export interface AgentSink {
  write(message: MasterMessage): void;
  /** Messages written and not yet sent. */
  readonly queued: number;
  /** Tells the agent why, and ends the stream. */
  refuse(code: ErrorCode, message: string): void;
}

/** What the door reports of one agent's stream. */
export interface AgentConnection {
  message(message: AgentMessage): void;
  closed(): void;
}

export interface AgentServiceLimits {
  /** Streams of this member. */
  readonly streams: number;
  /** Status updates of one stream that wait to be committed; more end the stream, and the agent resends. */
  readonly updatesInFlight: number;
  /** Messages an agent may leave unread. The first ones of a stream are up to two for each of the agent's tasks. */
  readonly unread: number;
  /** A new stream has this long to register. */
  readonly registerMs: number;
  /** A task that an agent lost is reported again after this long, when the report came to nothing. */
  readonly retryMs: number;
  /** How often an agent is to be heard, and hears from its master. */
  readonly heartbeatMs: number;
  /** An agent that was not heard for this long is unreachable. */
  readonly agentTimeoutMs: number;
  /** A member that hears no leader for this long sends its agents to another one. */
  readonly leaderSilenceMs: number;
}

export const AGENT_SERVICE_LIMITS: AgentServiceLimits = {
  streams: 20_000,
  updatesInFlight: 1_000,
  unread: 3 * DEFAULT_LIMITS.tasksPerAgent,
  registerMs: 10_000,
  retryMs: 1_000,
  heartbeatMs: 1_000,
  agentTimeoutMs: 15_000,
  leaderSilenceMs: 5_000,
};
