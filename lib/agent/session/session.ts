import {
  assert,
  backoffMs,
  below,
  type Clock,
  type Logger,
  type Random,
  type TimerHandle,
  type Timers,
} from '../../base/index.js';
import type {
  Kill,
  Launch,
  MasterConnector,
  MasterLink,
  MasterMessage,
  Registered,
  UpdateCommitted,
} from '../link.js';
import type { Registration, StatusUpdate } from '../types.js';
import { silenceLimitMs, type SessionTiming } from './timing.js';

export interface SessionEvents {
  /** Taken up by the group; `send` works until `onDisconnected`. */
  onRegistered(registered: Registered, send: (update: StatusUpdate) => void): void;
  onDisconnected(): void;
  onOrder(order: Launch | Kill | UpdateCommitted): void;
  /** The group has given this agent up for good. The session has stopped; `start()` begins anew. */
  onRemoved(code: string, message: string): void;
  /** The masters belong to another group. The session has stopped. */
  onForeign(message: string): void;
}

export interface SessionOptions {
  readonly connector: MasterConnector;
  /** host:port of as many masters as are known; any one suffices. */
  readonly addresses: readonly string[];
  readonly registration: () => Registration;
  readonly timing: SessionTiming;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly logger: Logger;
  readonly events: SessionEvents;
}

type State =
  | { readonly kind: 'stopped' }
  | { readonly kind: 'waiting'; readonly timer: TimerHandle }
  | { readonly kind: 'registering'; readonly link: MasterLink; readonly timer: TimerHandle }
  | { readonly kind: 'registered'; readonly link: MasterLink; heardAtMs: number; timer: TimerHandle };

/** Keeps one registered stream to any of the masters, and finds the next when it ends or falls silent. */
export class Session {
  private readonly options: SessionOptions;
  private state: State = { kind: 'stopped' };
  /** Many agents of one list should not all begin with its first master. */
  private addressIndex: number;
  /** Failures since the last registration. */
  private attempt = 0;
  /** Makes what an abandoned link still says recognisable. */
  private generation = 0;

  constructor(options: SessionOptions) {
    assert(options.addresses.length > 0, 'an agent needs the address of a master');
    this.options = options;
    this.addressIndex = below(options.random, options.addresses.length);
  }

  get isRegistered(): boolean {
    return this.state.kind === 'registered';
  }

  start(): void {
    assert(this.state.kind === 'stopped', () => `a session starts when stopped, not ${this.state.kind}`);
    this.attempt = 0;
    this.dial();
  }

  stop(): void {
    const { state } = this;
    this.generation++;
    this.state = { kind: 'stopped' };
    if (state.kind === 'stopped') return;
    state.timer.cancel();
    if (state.kind !== 'waiting') state.link.close();
    if (state.kind === 'registered') this.options.events.onDisconnected();
  }

  private get address(): string {
    return this.options.addresses[this.addressIndex % this.options.addresses.length]!;
  }

  private dial(): void {
    const { connector, timers, timing, registration } = this.options;
    const generation = ++this.generation;
    const current = (): boolean => generation === this.generation;
    const timer = timers.after(timing.registerTimeoutMs, () =>
      this.next(`no answer to the registration within ${timing.registerTimeoutMs} ms`),
    );
    const link = connector.connect(this.address, registration(), {
      onMessage: (message) => {
        if (current()) this.handle(message);
      },
      onClosed: (reason) => {
        if (current()) this.next(reason);
      },
    });
    this.state = { kind: 'registering', link, timer };
  }

  /** Leaves the present link for the next address, after a pause. */
  private next(reason: string): void {
    const { timers, timing, random, logger } = this.options;
    const { address } = this;
    this.stop();
    this.addressIndex++;
    const delayMs = backoffMs(timing.reconnect, this.attempt, random);
    logger.info({ address, reason, delayMs: Math.round(delayMs) }, 'no stream to a master');
    this.attempt++;
    this.state = { kind: 'waiting', timer: timers.after(delayMs, () => this.dial()) };
  }

  private handle(message: MasterMessage): void {
    const { state } = this;
    if (message.kind === 'refused') return this.refused(message.code, message.message);
    if (state.kind === 'registering') {
      if (message.kind === 'registered') this.registered(state.link, message);
      else this.next(`${message.kind} before the answer to the registration`);
      return;
    }
    if (state.kind !== 'registered') return;
    state.heardAtMs = this.options.clock.monotonicMs();
    switch (message.kind) {
      case 'launch':
      case 'kill':
      case 'update-committed':
        this.options.events.onOrder(message);
        break;
      case 'registered':
      case 'heartbeat':
        break;
    }
  }

  private registered(link: MasterLink, message: Registered): void {
    const { clock, events, logger, registration } = this.options;
    const { agentId, clusterId } = registration();
    if (clusterId !== null && clusterId !== message.clusterId) {
      return this.foreign(
        `${this.address} belongs to group ${message.clusterId}, this agent to ${clusterId}`,
      );
    }
    if (agentId !== null && agentId !== message.agentId) {
      return this.next(`registered as ${message.agentId} instead of ${agentId}`);
    }
    if (this.state.kind === 'registering') this.state.timer.cancel();
    this.attempt = 0;
    this.state = {
      kind: 'registered',
      link,
      heardAtMs: clock.monotonicMs(),
      timer: this.armHeartbeat(message),
    };
    logger.info({ address: this.address, agentId: message.agentId }, 'registered');
    events.onRegistered(message, (update) => link.send({ kind: 'update', update }));
  }

  private armHeartbeat(terms: Registered): TimerHandle {
    return this.options.timers.after(terms.heartbeatMs, () => this.heartbeat(terms));
  }

  private heartbeat(terms: Registered): void {
    const { state } = this;
    if (state.kind !== 'registered') return;
    const silentMs = this.options.clock.monotonicMs() - state.heardAtMs;
    if (silentMs >= silenceLimitMs(terms.heartbeatMs, terms.timeoutMs)) {
      return this.next(`nothing heard for ${Math.round(silentMs)} ms`);
    }
    state.timer = this.armHeartbeat(terms);
    state.link.send({ kind: 'heartbeat', sentAtMs: this.options.clock.wallMs() });
  }

  private refused(code: string, message: string): void {
    const { agentId } = this.options.registration();
    if (code === 'FOREIGN_CLUSTER') return this.foreign(message);
    if ((code === 'AGENT_REMOVED' || code === 'UNKNOWN_AGENT') && agentId !== null) {
      this.stop();
      return this.options.events.onRemoved(code, message);
    }
    this.next(`refused: ${code}: ${message}`);
  }

  private foreign(message: string): void {
    this.stop();
    this.options.events.onForeign(message);
  }
}
