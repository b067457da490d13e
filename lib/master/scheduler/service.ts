import { type FrameworkId, type NodeId, type TaskId, type TimerHandle } from '../../base/index.js';
import type { LivenessReporter } from '../liveness/index.js';
import type { LeadershipView } from '../../replica/types.js';
import type { Connection, StateEvent } from '../../state/index.js';
import type { SchedulerReply, SchedulerRequest, mesos } from '../../wire/index.js';
import { proposeCommand, type MasterContext } from '../context.js';
import { dispatchEvents, type EventHandlers } from '../events.js';
import type { StreamNumbers } from '../numbers.js';
import { SchedulerCalls } from './calls.js';
import { Disconnects } from './disconnects.js';
import { FrameworkStream, type StreamHost, type Subscribed } from './framework-stream.js';
import { masterInfoOf } from './master-info.js';
import { OfferDelivery } from './offer-delivery.js';
import { answerOfOutcome, refused, refusedBy, replyOf, type Answer } from './replies.js';
import { Streams } from './streams.js';
import { subscribeCommand } from './subscribe-command.js';
import type { SchedulerConnection, SchedulerLimits, SchedulerService, SchedulerSink } from './types.js';

/** What Mesos tells the older of two schedulers. Clients match on it. */
const FAILED_OVER = 'Framework failed over';
const REMOVED = 'Framework has been removed';
const DISCONNECTED = 'Framework was taken for disconnected: its master was cut off from the group';

/**
 * Serves the frameworks' streams of this member. Who is subscribed where is in the log: a stream speaks for its
 * framework from the moment this member applies its subscription until it applies the next one.
 */
export class MemberScheduler implements SchedulerService {
  private readonly context: MasterContext;
  private readonly limits: SchedulerLimits;
  private readonly numbers: StreamNumbers;
  private readonly liveness: LivenessReporter;
  private readonly streams = new Streams();
  private readonly calls: SchedulerCalls;
  private readonly disconnects: Disconnects;
  private readonly offers: OfferDelivery;
  private readonly host: StreamHost;
  /** Streams whose updates changed in the entry that is being told. */
  private readonly touched: Set<FrameworkStream> = new Set();
  private nodeId: NodeId | null = null;
  private heartbeat: TimerHandle | null = null;
  private forgetSource: (() => void) | null = null;
  private readonly handlers: EventHandlers = {
    'framework-subscribed': (event) =>
      this.subscribed(event.frameworkId, event.subscription, event.connection),
    'framework-disconnected': ({ frameworkId }) => this.dismiss(frameworkId, DISCONNECTED),
    'framework-tearing-down': ({ frameworkId }) => {
      this.dismiss(frameworkId, this.streams.of(frameworkId)?.teardownAsked === true ? null : REMOVED);
    },
    'task-updated': ({ frameworkId, taskId }) => this.updated(frameworkId, taskId),
    'update-acknowledged': ({ frameworkId, taskId }) => this.updated(frameworkId, taskId),
    'agent-unreachable': ({ agentId }) => this.failure(agentId),
    'agent-removed': ({ agentId }) => this.failure(agentId),
  };

  constructor(
    context: MasterContext,
    limits: SchedulerLimits,
    numbers: StreamNumbers,
    liveness: LivenessReporter,
  ) {
    this.context = context;
    this.limits = limits;
    this.numbers = numbers;
    this.liveness = liveness;
    this.calls = new SchedulerCalls(context, limits);
    this.disconnects = new Disconnects(context, limits.disconnectRetryMs);
    this.offers = new OfferDelivery(context, limits.waitingNews, this.streams);
    this.host = {
      machine: () => context.replica.machine,
      nowMs: () => context.clock.monotonicMs(),
      limits,
      retired: (stream, subscribed) => this.retired(stream, subscribed),
      closed: (stream) => this.streams.delete(stream),
    };
  }

  start(): void {
    this.disconnects.start();
    this.forgetSource = this.liveness.addSource((sink) => {
      for (const frameworkId of this.streams.frameworks()) sink.frameworkAlive(frameworkId);
    });
    this.beat();
  }

  stop(): void {
    this.heartbeat?.cancel();
    this.heartbeat = null;
    this.forgetSource?.();
    this.disconnects.stop();
    for (const stream of this.streams.all()) stream.fail('SHUTTING_DOWN', 'this master is stopping');
    this.offers.clear();
    this.calls.stop();
  }

  // -------------------------------------------------------------------------------------------- from the door

  connect(sink: SchedulerSink): SchedulerConnection {
    const stream = new FrameworkStream(this.numbers.next(), sink, this.host);
    if (this.streams.size < this.limits.streams) this.streams.add(stream);
    else stream.fail('OVERLOADED', `${this.streams.size} streams are open at this master`);
    return {
      request: (request) => this.request(stream, request),
      drained: () => stream.drained(),
      ended: () => stream.finish(null),
      closed: () => stream.gone(),
    };
  }

  call(request: SchedulerRequest, done: (reply: SchedulerReply) => void): void {
    this.noteSession(request);
    const answered = (answer: Answer): void => done(replyOf(request.sequence, answer));
    const frameworkId = request.call.framework_id?.value as FrameworkId | undefined;
    if (frameworkId === undefined) answered(refused('INVALID_ARGUMENT', 'framework_id is missing'));
    else this.calls.run({ request, frameworkId, stream: this.streams.of(frameworkId), answered });
  }

  private request(stream: FrameworkStream, request: SchedulerRequest): void {
    const { state } = stream;
    if (state.kind === 'closed') return;
    this.noteSession(request);
    const { sequence, call } = request;
    if (!stream.begin()) {
      const message = `${this.limits.requestsPerStream} requests of this stream are not answered yet`;
      return stream.refuse(sequence, refused('OVERLOADED', message));
    }
    const answered = (answer: Answer): void => stream.answer(sequence, answer);
    if (call.type === 'SUBSCRIBE') return this.subscribe(stream, call, answered);
    if (state.kind !== 'subscribed') {
      return answered(refused('FRAMEWORK_DISCONNECTED', `${call.type} before SUBSCRIBED`));
    }
    const { frameworkId } = state;
    if (call.framework_id?.value !== frameworkId) {
      const message = `framework_id ${call.framework_id?.value ?? ''} on the stream of ${frameworkId}`;
      return answered(refused('INVALID_ARGUMENT', message));
    }
    this.calls.run({ request, frameworkId, stream, answered });
  }

  private noteSession({ session }: SchedulerRequest): void {
    if (session !== '') this.liveness.sessionAlive(session);
  }

  private subscribe(
    stream: FrameworkStream,
    call: Extract<mesos.Call, { readonly type: 'SUBSCRIBE' }>,
    answered: (answer: Answer) => void,
  ): void {
    if (stream.state.kind !== 'open') {
      return answered(refused('INVALID_ARGUMENT', `SUBSCRIBE on a stream that is ${stream.state.kind}`));
    }
    try {
      const connection = { member: this.node(), stream: stream.number };
      const command = subscribeCommand(call, connection, this.context.random);
      stream.subscribing(command.frameworkId);
      proposeCommand(this.context, command, (outcome) => {
        const answer = answerOfOutcome(outcome);
        if (stream.state.kind === 'closed') return;
        answered(answer);
        if (answer.kind === 'accepted') return;
        if (answer.outcomeUnknown) stream.fail('OUTCOME_UNKNOWN', answer.message);
        else stream.reopen();
      });
    } catch (error) {
      answered(refusedBy(error));
    }
  }

  private retired(stream: FrameworkStream, { frameworkId, subscription }: Subscribed): void {
    this.streams.unbind(frameworkId, stream);
    const framework = this.context.replica.machine.frameworks.get(frameworkId);
    const ended = framework?.status.kind === 'connected' && framework.subscription === subscription;
    if (ended) this.disconnects.ended(frameworkId, subscription);
  }

  // --------------------------------------------------------------------------------------------- from the log

  applied(events: readonly StateEvent[]): void {
    dispatchEvents(events, this.handlers);
    for (const stream of this.touched) stream.flush();
    this.touched.clear();
  }

  leadership(view: LeadershipView): void {
    this.offers.termChanged(view.term);
    if (view.kind === 'following' || view.kind === 'leading') this.endFormerStreams();
  }

  /** A snapshot replaced the machine: what happened in between is seen by its result. */
  reset(): void {
    this.offers.clear();
    for (const stream of this.streams.all()) this.review(stream);
    this.endFormerStreams();
  }

  pushed(topic: number, body: Uint8Array): void {
    this.offers.pushed(topic, body);
  }

  private review(stream: FrameworkStream): void {
    const { state, number } = stream;
    if (state.kind !== 'subscribed' && state.kind !== 'subscribing') return;
    const framework = this.context.replica.machine.frameworks.get(state.frameworkId);
    const connection = framework?.status.kind === 'connected' ? framework.status.connection : null;
    if (framework !== null && connection?.member === this.node() && connection.stream === number) {
      if (state.kind === 'subscribing') this.welcome(stream, state.frameworkId, framework.subscription);
      else state.updates.everything();
      stream.flush();
    } else if (state.kind === 'subscribed') {
      this.dismiss(state.frameworkId, connection === null ? DISCONNECTED : FAILED_OVER);
    }
  }

  private subscribed(frameworkId: FrameworkId, subscription: number, connection: Connection): void {
    const former = this.streams.of(frameworkId);
    const ours = connection.member === this.node();
    if (former !== null && !(ours && former.number === connection.stream))
      this.dismiss(frameworkId, FAILED_OVER);
    if (!ours) return;
    const stream = this.streams.get(connection.stream);
    if (stream?.state.kind === 'subscribing') this.welcome(stream, frameworkId, subscription);
    else if (stream?.state.kind !== 'subscribed') this.disconnects.ended(frameworkId, subscription);
  }

  private welcome(stream: FrameworkStream, frameworkId: FrameworkId, subscription: number): void {
    this.streams.bind(frameworkId, stream);
    stream.subscribed(frameworkId, subscription, {
      type: 'SUBSCRIBED',
      subscribed: {
        framework_id: { value: frameworkId },
        heartbeat_interval_seconds: this.limits.heartbeatMs / 1000,
        master_info: masterInfoOf(this.context.replica.status().self),
      },
    });
  }

  /** Frameworks that the machine still takes for connected through streams that this member held before it was restarted. */
  private endFormerStreams(): void {
    const node = this.node();
    for (const { frameworkId, subscription, status } of this.context.replica.machine.frameworks.list()) {
      if (status.kind !== 'connected' || status.connection.member !== node) continue;
      if (this.streams.get(status.connection.stream) === null)
        this.disconnects.ended(frameworkId, subscription);
    }
  }

  private failure(agentId: string): void {
    for (const stream of this.streams.subscribed()) {
      stream.event({ type: 'FAILURE', failure: { agent_id: { value: agentId } } });
    }
  }

  private updated(frameworkId: FrameworkId, taskId: TaskId): void {
    const stream = this.streams.of(frameworkId);
    if (stream?.state.kind !== 'subscribed') return;
    stream.state.updates.changed(taskId);
    this.touched.add(stream);
  }

  /** The framework's stream here speaks for it no more. */
  private dismiss(frameworkId: FrameworkId, why: string | null): void {
    this.streams.of(frameworkId)?.finish(why);
  }

  private node(): NodeId {
    return (this.nodeId ??= this.context.replica.status().self.nodeId);
  }

  private beat(): void {
    this.heartbeat = this.context.timers.after(this.limits.heartbeatMs, () => {
      this.beat();
      for (const stream of this.streams.all()) this.beatOn(stream);
    });
  }

  private beatOn(stream: FrameworkStream): void {
    const { stalledMs } = stream;
    if (stalledMs >= this.limits.stalledMs) {
      stream.fail('OVERLOADED', `the stream took nothing for ${Math.round(stalledMs)} ms`);
    } else if (stalledMs === 0 && stream.state.kind === 'subscribed') stream.event({ type: 'HEARTBEAT' });
  }
}
