import type { AgentId, FrameworkId, SessionId, TimerHandle, Timers } from '../../base/index.js';
import { encodeReport } from './report-codec.js';
import type { LivenessLimits, LivenessReporter, LivenessSink } from './types.js';

export interface ReporterHost {
  readonly timers: Timers;
  readonly limits: LivenessLimits;
  readonly send: (body: Uint8Array) => void;
}

/**
 * One report per interval with each id at most once. A report that is lost costs nothing but its interval:
 * who is still alive will be in the next ones.
 */
export class BatchingReporter implements LivenessReporter {
  private readonly host: ReporterHost;
  private readonly agents: Set<AgentId> = new Set();
  private readonly frameworks: Set<FrameworkId> = new Set();
  private readonly sessions: Set<SessionId> = new Set();
  private readonly sources: Set<(sink: LivenessSink) => void> = new Set();
  private timer: TimerHandle | null = null;

  constructor(host: ReporterHost) {
    this.host = host;
  }

  start(): void {
    this.timer ??= this.host.timers.after(this.host.limits.reportMs, () => this.report());
  }

  stop(): void {
    this.timer?.cancel();
    this.timer = null;
  }

  agentAlive(agentId: AgentId): void {
    this.agents.add(agentId);
  }

  frameworkAlive(frameworkId: FrameworkId): void {
    this.frameworks.add(frameworkId);
  }

  sessionAlive(session: SessionId): void {
    this.sessions.add(session);
  }

  addSource(source: (sink: LivenessSink) => void): () => void {
    this.sources.add(source);
    return () => void this.sources.delete(source);
  }

  private report(): void {
    this.timer = null;
    this.start();
    for (const source of this.sources) source(this);
    const { agents, frameworks, sessions } = this;
    if (agents.size + frameworks.size + sessions.size === 0) return;
    this.host.send(
      encodeReport({ agents: [...agents], frameworks: [...frameworks], sessions: [...sessions] }),
    );
    agents.clear();
    frameworks.clear();
    sessions.clear();
  }
}
