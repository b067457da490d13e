import type { AgentId, FrameworkId, SessionId } from '../../base/index.js';

/** Where a member's services say what they heard of. Repetitions between two reports cost nothing. */
export interface LivenessSink {
  /** The agent behind a stream of this member sent something, a heartbeat at least. */
  agentAlive(agentId: AgentId): void;
  /** This member holds the framework's stream. */
  frameworkAlive(frameworkId: FrameworkId): void;
  /** The session's client asked something that leaves no trace in the log. */
  sessionAlive(session: SessionId): void;
}

/** Member side: gathers what is alive behind this member and tells the leader every few hundred milliseconds. */
export interface LivenessReporter extends LivenessSink {
  start(): void;
  stop(): void;
  /** Asked just before each report: for what is alive as long as it exists, such as an open stream. */
  addSource(source: (sink: LivenessSink) => void): () => void;
}

/** What one report says. */
export interface LivenessReport {
  readonly agents: readonly AgentId[];
  readonly frameworks: readonly FrameworkId[];
  readonly sessions: readonly SessionId[];
}

export interface LivenessLimits {
  /** Between two reports of a member. */
  readonly reportMs: number;
  /** An agent that was not heard for this long is unreachable, whether its stream is open or not. */
  readonly agentTimeoutMs: number;
  /** A framework's stream that its member did not report for this long is taken for ended. */
  readonly frameworkTimeoutMs: number;
  /** How often the leader looks for passed deadlines. */
  readonly sweepMs: number;
  /** A longer silence of this process's own clock is a pause: deadlines move, leadership is verified. */
  readonly pauseMs: number;
  /** An expiry whose proposal came to nothing is proposed again after this long. */
  readonly retryMs: number;
  /** Expiries proposed and not yet committed, at most. */
  readonly expiriesInFlight: number;
}

export const LIVENESS_LIMITS: LivenessLimits = {
  reportMs: 300,
  agentTimeoutMs: 15_000,
  frameworkTimeoutMs: 5_000,
  sweepMs: 50,
  pauseMs: 200,
  retryMs: 500,
  expiriesInFlight: 1_000,
};
