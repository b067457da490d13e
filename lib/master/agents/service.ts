import {
  type AgentId,
  type ClusterId,
  type ErrorCode,
  type NodeId,
  type TimerHandle,
} from '../../base/index.js';
import type { Outcome } from '../../replica/index.js';
import { isTerminal, type StateEvent, type TaskView } from '../../state/index.js';
import {
  asTepuiError,
  mesosCodecs,
  type AgentMessage,
  type RegisterAgent,
  type StatusUpdate,
} from '../../wire/index.js';
import { proposeCommand, type MasterContext } from '../context.js';
import { dispatchEvents, type EventHandlers } from '../events.js';
import type { LivenessReporter } from '../liveness/index.js';
import type { StreamNumbers } from '../numbers.js';
import { firstAgentId, registerCommand, updateCommand } from './commands.js';
import { compareReport } from './differences.js';
import { LostTasks } from './lost-tasks.js';
import { AgentStream } from './stream.js';
import type { AgentConnection, AgentServiceLimits, AgentSink } from './types.js';

/**
 * Serves the agents' streams of this member, from what this member has applied: launches and kills are told
 * when their entry is applied, updates are answered when they are. `DESIGN.md` beside this file has the why.
 */
export class AgentService {
  private readonly context: MasterContext;
  private readonly limits: AgentServiceLimits;
  private readonly numbers: StreamNumbers;
  private readonly liveness: LivenessReporter;
  private readonly all = new Set<AgentStream>();
  private readonly attached = new Map<AgentId, AgentStream>();
  private readonly lost: LostTasks;
  private timer: TimerHandle | null = null;
  /** Since when a sign of life waits to be acknowledged by a leader; null while none does. */
  private unheardSinceMs: number | null = null;
  private stopListening: (() => void) | null = null;
  private readonly handlers: EventHandlers = {
    'task-launched': ({ agentId, frameworkId, taskId }) => {
      const task = this.machine.tasks.get(frameworkId, taskId);
      const stream = this.attached.get(agentId);
      if (task === null || stream === undefined || task.agentId !== agentId) return;
      // Ended by the same entry: the agent is told nothing of a task that nobody waits for.
      if (!isTerminal(task.state)) this.launch(stream, task);
    },
    'kill-requested': ({ agentId, frameworkId, taskId, graceMs, revision }) => {
      const grace = graceMs < 0 ? null : graceMs;
      this.attached.get(agentId)?.write({ kind: 'kill', frameworkId, taskId, graceMs: grace, revision });
    },
    'agent-registered': ({ agentId }) => this.reviewAttachment(agentId),
    'agent-unreachable': ({ agentId }) => this.reviewAttachment(agentId),
    'agent-removed': ({ agentId }) => this.reviewAttachment(agentId),
  };

  constructor(
    context: MasterContext,
    limits: AgentServiceLimits,
    numbers: StreamNumbers,
    liveness: LivenessReporter,
  ) {
    this.context = context;
    this.limits = limits;
    this.numbers = numbers;
    this.liveness = liveness;
    this.lost = new LostTasks(context, limits.retryMs);
  }

  start(): void {
    this.stopListening = this.context.replica.listen({
      applied: (events) => this.applied(events),
      reset: () => this.dismissAll('NO_LEADER', 'this member received the state anew'),
      livenessAcknowledged: (sentAtMs) => {
        if (this.unheardSinceMs !== null && this.unheardSinceMs <= sentAtMs) this.unheardSinceMs = null;
      },
    });
    this.beat();
  }

  stop(): void {
    this.timer?.cancel();
    this.stopListening?.();
    this.dismissAll('SHUTTING_DOWN', 'this master is stopping');
  }

  connect(sink: AgentSink): AgentConnection {
    const now = this.context.clock.monotonicMs();
    const stream = new AgentStream(this.numbers.next(), now, sink, this.limits);
    if (this.all.size >= this.limits.streams) {
      sink.refuse('OVERLOADED', `${this.all.size} agents are connected to this master`);
      stream.become({ kind: 'closed' });
    } else this.all.add(stream);
    return {
      message: (message) => this.message(stream, message),
      closed: () => this.closed(stream),
    };
  }

  // -------------------------------------------------------------------------------------------------------

  private get machine(): MasterContext['replica']['machine'] {
    return this.context.replica.machine;
  }

  private get node(): NodeId {
    return this.context.replica.status().self.nodeId;
  }

  private applied(events: readonly StateEvent[]): void {
    if (this.attached.size > 0) dispatchEvents(events, this.handlers);
  }

  private message(stream: AgentStream, message: AgentMessage): void {
    const { state } = stream;
    if (state.kind === 'closed') return;
    if (message.kind === 'register') {
      if (state.kind === 'new') this.register(stream, message);
      else stream.refuse('INVALID_ARGUMENT', 'a stream registers once');
      return;
    }
    if (state.kind !== 'attached') {
      // Heartbeats may overtake the answer to the registration; updates wait for it.
      if (message.kind === 'update')
        stream.refuse('INVALID_ARGUMENT', 'the first message must be a registration');
      return;
    }
    this.alive(state.agentId);
    if (message.kind === 'update') this.update(stream, state.agentId, state.attachment, message);
  }

  private register(stream: AgentStream, request: RegisterAgent): void {
    stream.become({ kind: 'registering' });
    // What the agent acted upon must be applied here, or it would be told to begin what it has ended.
    this.context.replica.waitRevision(request.knownRevision, (reached) => {
      if (stream.state.kind !== 'registering') return;
      if (reached) this.propose(stream, request);
      else stream.refuse('NO_LEADER', `this member has not reached revision ${request.knownRevision} yet`);
    });
  }

  private propose(stream: AgentStream, request: RegisterAgent): void {
    const { clusterId } = this.context.replica.status();
    if (request.clusterId !== null && request.clusterId !== clusterId) {
      stream.refuse(
        'FOREIGN_CLUSTER',
        `the agent belongs to group ${request.clusterId}; this is ${clusterId}`,
      );
      return;
    }
    const alarm = this.machine.alarmFault();
    if (alarm !== null) return stream.refuse(alarm.code, alarm.message);
    const again = request.agentId !== null;
    const agentId = request.agentId ?? firstAgentId(request, this.machine, this.context.random);
    const connection = { member: this.node, stream: stream.number };
    try {
      const command = registerCommand(request, agentId, connection, again);
      proposeCommand(this.context, command, (outcome) => this.registered(stream, request, outcome));
    } catch (error) {
      const { code, message } = asTepuiError(error);
      stream.refuse(code, message);
    }
  }

  private registered(stream: AgentStream, request: RegisterAgent, outcome: Outcome): void {
    if (outcome.kind !== 'applied') {
      stream.refuse(outcome.kind === 'refused' ? outcome.code : 'NO_LEADER', outcome.message);
      return;
    }
    const { result } = outcome;
    if (!result.ok || result.value.kind !== 'agent') {
      if (!result.ok) stream.refuse(result.code, result.message);
      return;
    }
    const { agentId, attachment } = result.value;
    if (stream.state.kind === 'closed') return this.disconnect(agentId, attachment);
    const former = this.attached.get(agentId);
    stream.become({ kind: 'attached', agentId, attachment });
    this.attached.set(agentId, stream);
    former?.refuse('STALE_CONNECTION', 'a newer stream of this agent took its place');
    // The entry may hold more than the registration, and what it left is what counts.
    if (!this.reviewAttachment(agentId)) return;
    this.alive(agentId);
    this.welcome(stream, agentId, request);
  }

  /** The first messages of a stream: who the agent is, and what differs between its report and the machine. */
  private welcome(stream: AgentStream, agentId: AgentId, request: RegisterAgent): void {
    const { machine } = this;
    const { unknown, committed, launches, kills, lost } = compareReport(machine, agentId, request.tasks);
    stream.write({
      kind: 'registered',
      agentId,
      clusterId: this.context.replica.status().clusterId as ClusterId,
      revision: machine.revision,
      heartbeatMs: this.limits.heartbeatMs,
      timeoutMs: this.limits.agentTimeoutMs,
      unknownTasks: unknown,
    });
    for (const update of committed)
      stream.write({ kind: 'updateCommitted', ...update, revision: machine.revision });
    for (const task of launches) this.launch(stream, task);
    for (const { frameworkId, taskId, kill } of kills) {
      const graceMs = kill!.graceMs < 0 ? null : kill!.graceMs;
      stream.write({ kind: 'kill', frameworkId, taskId, graceMs, revision: kill!.revision });
    }
    for (const task of lost) this.lost.report(task, () => this.attached.get(agentId) === stream);
  }

  /**
   * Whether the stream that is served here as the agent's is the one that the machine has; ended if it is not.
   * Asks for the present state: an event of an entry may be followed by others of the same entry.
   */
  private reviewAttachment(agentId: AgentId): boolean {
    const stream = this.attached.get(agentId);
    if (stream === undefined) return false;
    const status = this.machine.agents.get(agentId)?.status;
    if (status?.kind === 'connected') {
      const { member, stream: number } = status.connection;
      if (member === this.node && number === stream.number) return true;
      stream.refuse('STALE_CONNECTION', 'a newer stream of this agent took its place');
    } else if (status === undefined || status.kind === 'removed') {
      stream.refuse('AGENT_REMOVED', `${agentId} was removed from the group`);
    } else stream.refuse('STALE_CONNECTION', 'the agent was taken for lost: register again');
    return false;
  }

  private launch(stream: AgentStream, { frameworkId, spec, launchedRevision }: TaskView): void {
    const task = mesosCodecs.taskInfo.decode(spec);
    stream.write({ kind: 'launch', frameworkId, task, revision: launchedRevision });
  }

  private update(stream: AgentStream, agentId: AgentId, attachment: number, update: StatusUpdate): void {
    const command = updateCommand(update, agentId, attachment);
    // It stays with the agent, which sends it again: an entry of the log for each time would gain nothing.
    if (this.machine.alarm !== null) return;
    if (!stream.beginUpdate()) return;
    proposeCommand(this.context, command, (outcome) => {
      stream.finishUpdate();
      // Not appended, or unknown, or not now: the agent sends it again.
      if (outcome.kind !== 'applied') return;
      const { result } = outcome;
      if (!result.ok && (result.code === 'OVERLOADED' || result.code === 'DIVERGED')) return;
      if (result.ok || result.code === 'UNKNOWN_TASK') {
        const { frameworkId, taskId, sequence } = update;
        stream.write({ kind: 'updateCommitted', frameworkId, taskId, sequence, revision: result.revision });
      } else stream.refuse(result.code, result.message);
    });
  }

  private beat(): void {
    const { heartbeatMs, leaderSilenceMs } = this.limits;
    this.timer = this.context.timers.after(heartbeatMs, () => this.beat());
    const now = this.context.clock.monotonicMs();
    const silentMs = this.unheardSinceMs === null ? 0 : now - this.unheardSinceMs;
    if (silentMs > leaderSilenceMs) {
      if (this.all.size > 0)
        this.dismissAll('NO_LEADER', `no leader heard for ${Math.round(silentMs)} ms here`);
      return;
    }
    const { revision } = this.machine;
    for (const stream of this.attached.values()) stream.write({ kind: 'heartbeat', revision });
    for (const stream of Array.from(this.all)) this.dismissMute(stream, now);
  }

  private alive(agentId: AgentId): void {
    this.unheardSinceMs ??= this.context.clock.monotonicMs();
    this.liveness.agentAlive(agentId);
  }

  /** A stream that never registers takes the place of an agent. */
  private dismissMute(stream: AgentStream, now: number): void {
    const { registerMs } = this.limits;
    if (stream.state.kind !== 'new' || now - stream.openedMs <= registerMs) return;
    stream.refuse('INVALID_ARGUMENT', `no registration within ${registerMs} ms`);
  }

  private dismissAll(code: ErrorCode, message: string): void {
    for (const stream of Array.from(this.all)) stream.refuse(code, message);
  }

  /** The stream ended, whoever ended it. */
  private closed(stream: AgentStream): void {
    const { state } = stream;
    stream.become({ kind: 'closed' });
    this.all.delete(stream);
    if (state.kind !== 'attached') return;
    if (this.attached.get(state.agentId) === stream) this.attached.delete(state.agentId);
    this.disconnect(state.agentId, state.attachment);
  }

  /** Without effect when the agent is attached anew already. Lost, the agent's silence says the same later. */
  private disconnect(agentId: AgentId, attachment: number): void {
    proposeCommand(this.context, { kind: 'agent-disconnect', agentId, attachment }, () => undefined);
  }
}
