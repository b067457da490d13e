import { TepuiError } from '../base/index.js';
import { errorOf, type SchedulerReply } from '../wire/index.js';
import type { Door, DoorStream } from './door.js';
import type { Endpoints } from './endpoints.js';
import { Link } from './link.js';
import type { Call, Event, FrameworkInfo } from './mesos.js';
import type { StreamTypes } from './messages.js';
import { isRepeatable } from './refusals.js';
import { Session } from './session.js';
import type { World } from './system.js';

type SchedulerStream = DoorStream<StreamTypes['scheduler']['request']>;

export interface SubscriptionOptions {
  readonly endpoints: Endpoints;
  readonly world: World;
  /** Without the id. */
  readonly info: FrameworkInfo;
  readonly id: string;
  readonly callTimeoutMs: number;
  /** A stream is subscribed; calls flow. */
  subscribed(index: number): void;
  event(event: Event, index: number): void;
  lost(error: TepuiError): void;
  /** For good: the group refuses this framework, or another stream took its place. */
  ended(error: TepuiError): void;
}

type Stage =
  | { readonly kind: 'disconnected' }
  | { readonly kind: 'subscribing'; readonly sequence: number }
  | { readonly kind: 'subscribed' }
  | { readonly kind: 'ended' };

/** Events missing for this many heartbeats: the connection is taken for dead. */
const MISSED_HEARTBEATS = 3;
const DEFAULT_HEARTBEAT_MS = 5000;
/** A SUBSCRIBE that was left without an answer may still be carried out for as long as this. */
const STRAY_SUBSCRIBE_MS = 60_000;

/** A new stream costs the framework its offers, so a member that is alive gets more time than an election takes. */
const ANSWER_TIMEOUT_MS = 3000;

/** What the older of two streams is told in Mesos, and here. */
const FAILED_OVER = 'Framework failed over';

/**
 * Keeps a framework subscribed: one stream to some member, a SUBSCRIBE on each new one, and the framework's
 * calls behind it. Every SUBSCRIBE names the framework's id, so that it does no harm when it is carried out
 * twice: the group registers an id that it has not seen, and attaches one that it has.
 */
export class Subscription {
  readonly session: Session<Call, number>;
  private readonly options: SubscriptionOptions;
  private readonly link: Link<'scheduler'>;
  private stage: Stage = { kind: 'disconnected' };
  private heartbeatMs = DEFAULT_HEARTBEAT_MS;
  private strayUntil = -Infinity;
  private stream: { readonly door: Door; readonly stream: SchedulerStream } | null = null;

  constructor(options: SubscriptionOptions) {
    this.options = options;
    const { endpoints, world } = options;
    this.session = new Session<Call, number>({
      world,
      window: 256,
      queueLimit: 10_000,
      callTimeoutMs: options.callTimeoutMs,
      answerTimeoutMs: ANSWER_TIMEOUT_MS,
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

  start(): void {
    this.link.start();
  }

  stop(): void {
    this.stage = { kind: 'ended' };
    this.link.stop();
    this.session.detach();
  }

  private subscribe(stream: SchedulerStream, door: Door): void {
    const { id: value, info } = this.options;
    const number = this.session.numberOutside();
    this.stream = { door, stream };
    this.stage = { kind: 'subscribing', sequence: number.sequence };
    const subscribe = { framework_info: { ...info, id: { value } } };
    stream.write({ ...number, call: { type: 'SUBSCRIBE', framework_id: { value }, subscribe } });
  }

  private receive(reply: SchedulerReply): void {
    if (reply.kind === 'event') {
      this.receiveEvent(reply.event, reply.index);
      return;
    }
    if (this.stage.kind === 'subscribing' && this.stage.sequence === reply.sequence) {
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
      this.subscribed(index, event.subscribed.heartbeat_interval_seconds ?? 0);
    } else if (event.type === 'ERROR') {
      this.errorEvent(event.error.message);
    } else if (event.type !== 'HEARTBEAT' && this.stage.kind === 'subscribed') {
      this.options.event(event, index);
    }
  }

  private subscribed(index: number, heartbeatSeconds: number): void {
    const { stage, stream } = this;
    if (stage.kind !== 'subscribing' || stream === null) return;
    if (heartbeatSeconds > 0) this.heartbeatMs = heartbeatSeconds * 1000;
    this.stage = { kind: 'subscribed' };
    this.link.serving();
    const framework_id = { value: this.options.id };
    this.session.attach(stream.door, (number, call) => {
      return stream.stream.write({ ...number, call: { ...call, framework_id } });
    });
    this.options.subscribed(index);
  }

  private subscribeRefused(error: TepuiError): void {
    // STALE_CONNECTION: of several streams to this member an older one came last.
    if (isRepeatable(error) || error.code === 'STALE_CONNECTION') this.link.restart(error, true);
    else this.end(error);
  }

  /**
   * The last event of a stream. If another scheduler subscribed with this id, the two must not fight over it;
   * but it may also be a SUBSCRIBE of our own, given up and carried out late. After any other reason the next
   * SUBSCRIBE tells: a framework that was removed is refused for good.
   */
  private errorEvent(message: string): void {
    const error = new TepuiError('FRAMEWORK_DISCONNECTED', message);
    const ownStray = this.options.world.clock.monotonicMs() < this.strayUntil;
    if (message !== FAILED_OVER || ownStray) this.link.restart(error, true);
    else this.end(error);
  }

  private disconnected(error: TepuiError): void {
    const { stage } = this;
    this.stream = null;
    if (stage.kind === 'ended') return;
    if (stage.kind === 'subscribing') {
      this.strayUntil = this.options.world.clock.monotonicMs() + STRAY_SUBSCRIBE_MS;
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
