import { TepuiError } from '../base/index.js';
import { errorOf, type SchedulerReply } from '../wire/index.js';
import type { Door, DoorStream } from './door.js';
import type { Endpoints } from './endpoints.js';
import { Link } from './link.js';
import type { Call, Event, FrameworkInfo } from './mesos.js';
import type { StreamTypes } from './messages.js';
import { isRepeatable } from './refusals.js';
import { Session, type CallNumber } from './session.js';
import type { World } from './system.js';

type SchedulerStream = DoorStream<StreamTypes['scheduler']['request']>;

export interface SubscriptionOptions {
  readonly endpoints: Endpoints;
  readonly world: World;
  /** Without the id. */
  readonly info: FrameworkInfo;
  readonly id: string | null;
  readonly callTimeoutMs: number;
  /** A stream is subscribed. Calls flow once it has resolved; a rejection ends the subscription. */
  subscribed(id: string, index: number): Promise<void>;
  event(event: Event, index: number): void;
  lost(error: TepuiError): void;
  /** For good: the group refuses this framework, or another stream took its place. */
  ended(error: TepuiError): void;
}

type Stage =
  | { readonly kind: 'disconnected' }
  | { readonly kind: 'subscribing'; readonly number: CallNumber }
  | { readonly kind: 'subscribed' }
  | { readonly kind: 'ended' };

/** Events missing for this many heartbeats: the connection is taken for dead. */
const MISSED_HEARTBEATS = 3;
const DEFAULT_HEARTBEAT_MS = 5000;
/** A SUBSCRIBE that was left without an answer may still be carried out for as long as this. */
const STRAY_SUBSCRIBE_MS = 60_000;

/**
 * Keeps a framework subscribed: one stream to some member, a SUBSCRIBE on each new one, and the framework's
 * calls behind it. The very first SUBSCRIBE has no id to name, so it is repeated with one and the same
 * sequence until the id is known: a framework is not registered twice because an answer was lost.
 */
export class Subscription {
  readonly session: Session<Call, number>;
  private readonly options: SubscriptionOptions;
  private readonly link: Link<'scheduler'>;
  private id: string | null;
  private stage: Stage = { kind: 'disconnected' };
  /** The number of the first SUBSCRIBE, while the id is not known. */
  private firstNumber: CallNumber | null = null;
  private heartbeatMs = DEFAULT_HEARTBEAT_MS;
  private strayUntil = -Infinity;
  private stream: { readonly door: Door; readonly stream: SchedulerStream } | null = null;

  constructor(options: SubscriptionOptions) {
    this.options = options;
    this.id = options.id;
    const { endpoints, world } = options;
    this.session = new Session<Call, number>({
      world,
      window: 256,
      queueLimit: 10_000,
      callTimeoutMs: options.callTimeoutMs,
      answerTimeoutMs: 1000,
      alsoRepeatable: 'FRAMEWORK_DISCONNECTED',
      stuck: (error, keep) => this.link.restart(error, keep),
      trouble: () => endpoints.troubleError(),
    });
    this.link = new Link('scheduler', endpoints, world, {
      prepare: (door, done) => this.session.prepare(door, done),
      opened: (stream, door) => this.subscribe(stream, door),
      message: (reply) => this.receive(reply),
      drained: () => this.session.drained(),
      lost: (error) => this.disconnected(error),
      silenceMs: () => this.heartbeatMs * MISSED_HEARTBEATS,
    });
  }

  get frameworkId(): string | null {
    return this.id;
  }

  start(): void {
    this.link.start();
  }

  stop(): void {
    this.stage = { kind: 'ended' };
    this.link.stop();
    this.session.detach();
  }

  private subscribe(stream: SchedulerStream, door: Door): void {
    const number = this.subscribeNumber();
    this.stream = { door, stream };
    if (number === null) {
      this.link.restart(
        new TepuiError('SESSION_EXPIRED', 'the session ended before SUBSCRIBE was sent'),
        true,
      );
      return;
    }
    this.stage = { kind: 'subscribing', number };
    const named = this.id === null ? {} : { id: { value: this.id } };
    const call: Call = {
      type: 'SUBSCRIBE',
      ...(this.id === null ? {} : { framework_id: { value: this.id } }),
      subscribe: { framework_info: { ...this.options.info, ...named } },
    };
    stream.write({ ...number, call });
  }

  private subscribeNumber(): CallNumber | null {
    if (this.id !== null) return this.session.reserve();
    if (this.firstNumber !== null && this.firstNumber.session === this.session.id) return this.firstNumber;
    this.firstNumber = this.session.reserve();
    return this.firstNumber;
  }

  private receive(reply: SchedulerReply): void {
    if (reply.kind === 'event') {
      this.receiveEvent(reply.event, reply.index);
      return;
    }
    if (this.stage.kind === 'subscribing' && this.stage.number.sequence === reply.sequence) {
      if (reply.kind === 'refused') this.subscribeRefused(errorOf(reply.refusal));
      return;
    }
    if (reply.kind === 'accepted') {
      this.session.answered(reply.sequence, reply.index);
      return;
    }
    this.session.refused(reply.sequence, reply.refusal);
    if (reply.refusal.code === 'FRAMEWORK_DISCONNECTED') this.link.restart(errorOf(reply.refusal), true);
  }

  private receiveEvent(event: Event, index: number): void {
    if (event.type === 'SUBSCRIBED') {
      const { framework_id: id, heartbeat_interval_seconds: seconds } = event.subscribed;
      this.subscribed(id.value, index, seconds ?? 0);
    } else if (event.type === 'ERROR') {
      this.errorEvent(event.error.message);
    } else if (event.type !== 'HEARTBEAT' && this.stage.kind === 'subscribed') {
      this.options.event(event, index);
    }
  }

  private subscribed(id: string, index: number, heartbeatSeconds: number): void {
    const { stage, stream } = this;
    if (stage.kind !== 'subscribing' || stream === null) return;
    this.id = id;
    this.firstNumber = null;
    if (heartbeatSeconds > 0) this.heartbeatMs = heartbeatSeconds * 1000;
    this.session.release(stage.number.sequence);
    this.stage = { kind: 'subscribed' };
    this.link.serving();
    const attach = (): void => {
      if (this.stream !== stream) return;
      this.session.attach(stream.door, (number, call) => {
        return stream.stream.write({ ...number, call: { ...call, framework_id: { value: id } } });
      });
    };
    this.options.subscribed(id, index).then(attach, (cause: unknown) => {
      this.end(new TepuiError('INTERNAL', 'the framework id could not be saved', { cause }));
    });
  }

  private subscribeRefused(error: TepuiError): void {
    const { stage } = this;
    if (stage.kind !== 'subscribing') return;
    if (error.code === 'SESSION_EXPIRED') {
      this.firstNumber = null;
      this.session.expired();
      this.link.restart(error, true);
    } else if (isRepeatable(error)) {
      this.link.restart(error, true);
    } else {
      this.end(error);
    }
  }

  /**
   * The last event of a stream: the framework was removed, or a newer stream subscribed. That may be a
   * SUBSCRIBE of our own which we had given up and which was carried out late: then we subscribe again.
   */
  private errorEvent(message: string): void {
    const error = new TepuiError('FRAMEWORK_DISCONNECTED', message);
    if (this.options.world.clock.monotonicMs() < this.strayUntil) this.link.restart(error, true);
    else this.end(error);
  }

  private disconnected(error: TepuiError): void {
    const { stage } = this;
    this.stream = null;
    if (stage.kind === 'ended') return;
    if (stage.kind === 'subscribing') {
      this.strayUntil = this.options.world.clock.monotonicMs() + STRAY_SUBSCRIBE_MS;
      if (this.firstNumber === null) this.session.release(stage.number.sequence);
    }
    this.stage = { kind: 'disconnected' };
    this.session.detach();
    if (stage.kind === 'subscribed') this.options.lost(error);
  }

  private end(error: TepuiError): void {
    if (this.stage.kind === 'ended') return;
    this.stop();
    this.options.ended(error);
  }
}
