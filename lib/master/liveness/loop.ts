import { memberOf, type AgentId, type FrameworkId, type MemberId } from '../../base/index.js';
import type { PlainCommand, StateEvent } from '../../state/index.js';
import { proposeCommand, type MasterContext } from '../context.js';
import { dispatchEvents, type EventHandlers } from '../events.js';
import type { LeaderLoop } from '../leader-loop.js';
import { Deadlines } from '../time/deadlines.js';
import { CoordinationDeadlines } from './coordination-deadlines.js';
import { decodeReport } from './report-codec.js';
import { SessionDeadlines } from './session-deadlines.js';
import type { LivenessLimits } from './types.js';

/**
 * The leader's deadlines for agents, framework streams and client sessions. They are soft: a new leader starts
 * all of them anew at full length. Only their ends are proposed, each naming what it was judged by
 * (attachment, subscription, last use), so that one that comes too late has no effect.
 */
export class LivenessLoop implements LeaderLoop {
  private readonly context: MasterContext;
  private readonly limits: LivenessLimits;
  private readonly nowMs: () => number;
  private readonly agents: Deadlines<AgentId>;
  private readonly frameworks: Deadlines<FrameworkId>;
  private readonly sessions: SessionDeadlines;
  private readonly coordination: CoordinationDeadlines;
  private readonly handlers: EventHandlers = {
    'agent-registered': ({ agentId }) => this.watchAgent(agentId, this.nowMs()),
    'agent-unreachable': ({ agentId }) => this.agents.delete(agentId),
    'agent-removed': ({ agentId }) => this.agents.delete(agentId),
    'framework-subscribed': ({ frameworkId }) => this.watchFramework(frameworkId, this.nowMs()),
    'framework-disconnected': ({ frameworkId }) => this.frameworks.delete(frameworkId),
    'framework-tearing-down': ({ frameworkId }) => this.frameworks.delete(frameworkId),
    'session-opened': ({ session }) => this.sessions.opened(session, this.nowMs()),
    'session-ended': ({ session }) => this.sessions.ended(session),
    'coordination-opened': ({ session }) => this.coordination.used(session, this.nowMs()),
    'coordination-attached': ({ session }) => this.coordination.used(session, this.nowMs()),
    'coordination-ended': ({ session }) => this.coordination.ended(session),
  };
  /** Subjects of expiries that are proposed and have not ended. */
  private inFlight: Set<string> = new Set();
  private term: number | null = null;

  constructor(context: MasterContext, limits: LivenessLimits, nowMs: () => number) {
    this.context = context;
    this.limits = limits;
    this.nowMs = nowMs;
    this.agents = new Deadlines(limits.sweepMs);
    this.frameworks = new Deadlines(limits.sweepMs);
    const machine = () => this.context.replica.machine;
    this.sessions = new SessionDeadlines(limits.sweepMs, () => machine().sessions);
    this.coordination = new CoordinationDeadlines(limits.sweepMs, () => machine().coordination);
  }

  start(term: number): void {
    this.term = term;
    this.inFlight = new Set();
    const now = this.nowMs();
    const { machine } = this.context.replica;
    for (const agent of machine.agents.list()) this.watchAgent(agent.agentId, now);
    for (const framework of machine.frameworks.list()) this.watchFramework(framework.frameworkId, now);
    this.sessions.start(now);
    this.coordination.start(now);
  }

  stop(): void {
    this.term = null;
    this.agents.clear();
    this.frameworks.clear();
    this.sessions.stop();
    this.coordination.stop();
  }

  /** A member's report arrived. Throws `MalformedError`. */
  report(from: MemberId, body: Uint8Array): void {
    if (this.term === null) return;
    const report = decodeReport(body);
    const now = this.nowMs();
    for (const id of report.agents) if (this.agents.has(id)) this.watchAgent(id, now);
    for (const id of report.frameworks) {
      const status = this.context.replica.machine.frameworks.get(id)?.status;
      if (status?.kind === 'connected' && memberOf(status.connection.member) === from) {
        this.watchFramework(id, now);
      }
    }
    for (const id of report.sessions) {
      this.sessions.used(id, now);
      this.coordination.used(id, now);
    }
  }

  applied(events: readonly StateEvent[]): void {
    if (this.term === null) return;
    dispatchEvents(events, this.handlers);
  }

  /** Proposes the expiry of whatever was silent for too long. */
  tick(nowMs: number): void {
    if (this.term === null) return;
    for (const id of this.agents.expired(nowMs)) this.expireAgent(id, nowMs);
    for (const id of this.frameworks.expired(nowMs)) this.expireFramework(id, nowMs);
    for (const { session, usedRevision } of this.sessions.expired(nowMs)) {
      const command = { kind: 'session-expire', session, usedRevision } as const;
      this.propose(session, command, () => this.sessions.retry(session, nowMs + this.limits.retryMs));
    }
    for (const { session, attachment } of this.coordination.expired(nowMs)) {
      const command = { kind: 'coordination-expire', session, attachment } as const;
      this.propose(session, command, () => this.coordination.retry(session, nowMs + this.limits.retryMs));
    }
  }

  /** Arms the full length, if the agent is one that can be lost: an open stream alone proves nothing. */
  private watchAgent(agentId: AgentId, nowMs: number): void {
    const kind = this.context.replica.machine.agents.get(agentId)?.status.kind;
    if (kind === 'connected' || kind === 'disconnected') {
      this.agents.set(agentId, nowMs + this.limits.agentTimeoutMs);
    } else this.agents.delete(agentId);
  }

  private watchFramework(frameworkId: FrameworkId, nowMs: number): void {
    const kind = this.context.replica.machine.frameworks.get(frameworkId)?.status.kind;
    if (kind === 'connected') this.frameworks.set(frameworkId, nowMs + this.limits.frameworkTimeoutMs);
    else this.frameworks.delete(frameworkId);
  }

  private expireAgent(agentId: AgentId, nowMs: number): void {
    const agent = this.context.replica.machine.agents.get(agentId);
    if (agent === null || (agent.status.kind !== 'connected' && agent.status.kind !== 'disconnected')) return;
    const { attachment } = agent;
    const silentMs = this.limits.agentTimeoutMs;
    this.context.logger.warn({ agentId, hostname: agent.hostname, silentMs }, 'agent is silent: unreachable');
    this.propose(agentId, { kind: 'agent-unreachable', agentId, attachment }, () => {
      if (this.context.replica.machine.agents.get(agentId)?.attachment !== attachment) return;
      this.agents.set(agentId, nowMs + this.limits.retryMs);
    });
  }

  private expireFramework(frameworkId: FrameworkId, nowMs: number): void {
    const framework = this.context.replica.machine.frameworks.get(frameworkId);
    if (framework?.status.kind !== 'connected') return;
    const { subscription } = framework;
    this.propose(frameworkId, { kind: 'framework-disconnect', frameworkId, subscription }, () => {
      if (this.context.replica.machine.frameworks.get(frameworkId)?.subscription !== subscription) return;
      this.frameworks.set(frameworkId, nowMs + this.limits.retryMs);
    });
  }

  /** `again` re-arms the deadline when the proposal came to nothing, or when too many are under way. */
  private propose(subject: string, command: PlainCommand, again: () => void): void {
    const { term, inFlight } = this;
    if (inFlight.has(subject) || inFlight.size >= this.limits.expiriesInFlight) return again();
    inFlight.add(subject);
    proposeCommand(this.context, command, (outcome) => {
      inFlight.delete(subject);
      if (outcome.kind !== 'applied' && this.term === term) again();
    });
  }
}
