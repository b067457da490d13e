import { TepuiError, randomHex } from '../base/index.js';
import { nanosecondsOf } from '../wire/index.js';
import { Acknowledgements, acknowledgeCall } from './acknowledgements.js';
import { closeSession } from './close-session.js';
import { checkAddresses, systemPorts, type Ports } from './connection.js';
import { Deferred } from './deferred.js';
import { Endpoints } from './endpoints.js';
import { frameworkInfo, type FrameworkHandlers, type FrameworkOptions } from './framework-options.js';
import type { Call, Event, Filters, TaskInfo, TaskStatus } from './mesos.js';
import { Subscription } from './subscription.js';
import { UpdateDesk } from './updates.js';

/** Where a call took effect; 0 if it changed nothing that is replicated. */
export interface Accepted {
  readonly index: number;
}

export interface KillOptions {
  readonly agentId?: string;
  /** Time between SIGTERM and SIGKILL; default: the task's own. */
  readonly graceMs?: number;
}

type Stage = 'new' | 'live' | 'tearing down' | 'ended' | 'removed';

/**
 * A framework's connection to the cluster. Calls resolve when their effect is committed; a rejection is a
 * {@link TepuiError} whose `certainty` says whether the call surely did nothing (`not-done`) or may have
 * taken effect (`unknown`). Connections come and go underneath: calls made meanwhile wait, unanswered ones are
 * repeated without being carried out twice, and the framework keeps its id.
 */
export class Framework {
  /** Drawn by this driver for a new framework, so that registering it twice is impossible. */
  readonly id: string;
  private readonly handlers: FrameworkHandlers;
  private readonly saveId: ((id: string) => void | Promise<void>) | null;
  private readonly endpoints: Endpoints;
  private readonly subscription: Subscription;
  private readonly updates: UpdateDesk;
  private readonly ports: Ports;
  /** Offers that were received and neither used nor taken back. */
  private readonly offers: Set<string> = new Set();
  /** Of this framework, whether in this run or a former one. */
  private everSubscribed: boolean;
  private stage: Stage = 'new';
  private readonly acknowledgements: Acknowledgements;
  private readonly starting: Deferred<string> = new Deferred();
  private readonly ending: Deferred<TepuiError | null> = new Deferred();

  constructor(options: FrameworkOptions, ports: Ports = systemPorts(options)) {
    checkAddresses(options.addresses);
    this.id = options.id ?? randomHex(ports.world.random, 16);
    this.handlers = options.handlers;
    this.saveId = options.saveId ?? null;
    this.everSubscribed = options.id !== undefined;
    this.ports = ports;
    this.endpoints = new Endpoints(options.addresses, ports.dial, ports.world);
    this.updates = new UpdateDesk({
      automatic: options.acknowledge !== 'manual',
      handle: (status, index) => this.handlers.update?.(status, index),
      acknowledge: (status) => this.acknowledgements.send(status),
      failed: (error) => this.handlerFailed(error),
    });
    this.subscription = new Subscription({
      endpoints: this.endpoints,
      world: ports.world,
      info: frameworkInfo(options),
      id: this.id,
      callTimeoutMs: options.callTimeoutMs ?? 30_000,
      subscribed: (index) => this.subscribed(index),
      event: (event, index) => this.dispatch(event, index),
      lost: (error) => this.lost(error),
      ended: (error) => this.end(error),
    });
    this.acknowledgements = new Acknowledgements(ports.world.timers, (call, settle) => {
      this.subscription.session.submit(call, settle);
    });
    // Nobody need wait for the start: its failure then shows in `whenEnded`.
    this.starting.promise.catch(() => undefined);
  }

  /**
   * Connects and subscribes; resolves with the framework's id. Rejects if the group refuses the framework, or
   * with NO_LEADER or UNREACHABLE after `timeoutMs`: then the framework is closed.
   */
  start(timeoutMs: number = Infinity): Promise<string> {
    if (this.stage !== 'new') return this.starting.promise;
    this.stage = 'live';
    void this.saveIdAndSubscribe();
    if (Number.isFinite(timeoutMs)) {
      const timer = this.ports.world.timers.after(timeoutMs, () => this.end(this.endpoints.troubleError()));
      const cancel = (): void => timer.cancel();
      this.starting.promise.then(cancel, cancel);
    }
    return this.starting.promise;
  }

  /** Launches tasks on offers of one agent; what they leave is declined with `filters`. */
  accept(offerIds: readonly string[], tasks: readonly TaskInfo[], filters: Filters = {}): Promise<Accepted> {
    const operations = [{ type: 'LAUNCH' as const, launch: { task_infos: tasks } }];
    return this.useOffers(offerIds, {
      type: 'ACCEPT',
      accept: { offer_ids: identifiers(offerIds), operations, filters },
    });
  }

  decline(offerIds: readonly string[], filters: Filters = {}): Promise<Accepted> {
    return this.useOffers(offerIds, {
      type: 'DECLINE',
      decline: { offer_ids: identifiers(offerIds), filters },
    });
  }

  kill(taskId: string, options: KillOptions = {}): Promise<Accepted> {
    const { agentId, graceMs } = options;
    const kill = {
      task_id: { value: taskId },
      ...(agentId === undefined ? {} : { agent_id: { value: agentId } }),
      ...(graceMs === undefined ? {} : { kill_policy: { grace_period: nanosecondsOf(graceMs) } }),
    };
    return this.call({ type: 'KILL', kill });
  }

  /** Only with `acknowledge: 'manual'`: the update is done with, the task's next one may come. */
  acknowledge(status: TaskStatus): Promise<Accepted> {
    const call = acknowledgeCall(status);
    if (call === null) return Promise.resolve({ index: 0 });
    this.updates.acknowledged(status);
    return this.call(call);
  }

  /** Asks for an update per task; without `taskIds` for all that have not ended. */
  reconcile(taskIds: readonly string[] = []): Promise<Accepted> {
    const tasks = taskIds.map((value) => ({ task_id: { value } }));
    return this.call({ type: 'RECONCILE', reconcile: { tasks } });
  }

  /** No offers until `revive`; without `roles` for all of them. */
  suppress(roles: readonly string[] = []): Promise<Accepted> {
    return this.call({ type: 'SUPPRESS', suppress: { roles } });
  }

  /** Offers again, without the filters of earlier declines. */
  revive(roles: readonly string[] = []): Promise<Accepted> {
    return this.call({ type: 'REVIVE', revive: { roles } });
  }

  /** Kills all tasks and removes the framework; it is closed then. */
  async teardown(): Promise<Accepted> {
    if (this.stage === 'live') this.stage = 'tearing down';
    try {
      const accepted = await this.call({ type: 'TEARDOWN' });
      this.end(null);
      return accepted;
    } catch (error) {
      // The answer was lost and the framework is found to be removed: that is what was asked for.
      if (this.isAt('removed')) return { index: 0 };
      if (this.isAt('tearing down')) this.stage = 'live';
      throw error;
    }
  }

  /** Disconnects; tasks go on for the failover timeout. Unanswered calls end as SHUTTING_DOWN or unknown. */
  async close(): Promise<void> {
    this.end(null);
    await this.ending.promise;
  }

  /** Resolves when the framework is closed: null if by this program, else why the group ended it. */
  whenEnded(): Promise<TepuiError | null> {
    return this.ending.promise;
  }

  private call(call: Call): Promise<Accepted> {
    return new Promise((resolve, reject) => {
      this.subscription.session.submit(call, (error, index) => {
        if (error === null) resolve({ index: index ?? 0 });
        else reject(error);
      });
    });
  }

  private useOffers(offerIds: readonly string[], call: Call): Promise<Accepted> {
    for (const id of offerIds) this.offers.delete(id);
    return this.call(call);
  }

  /** Saved first: an id that was used and forgotten would leave its tasks without a framework. */
  private async saveIdAndSubscribe(): Promise<void> {
    try {
      if (!this.everSubscribed) await this.saveId?.(this.id);
      if (!this.isOver()) this.subscription.start();
    } catch (cause) {
      this.end(new TepuiError('INTERNAL', 'the framework id could not be saved', { cause }));
    }
  }

  private subscribed(index: number): void {
    const event = { frameworkId: this.id, resumed: this.everSubscribed, index };
    this.everSubscribed = true;
    this.starting.resolve(this.id);
    this.deliver(() => this.handlers.subscribed?.(event));
  }

  private lost(error: TepuiError): void {
    const offers = [...this.offers];
    this.offers.clear();
    for (const id of offers) this.deliver(() => this.handlers.rescind?.(id));
    this.deliver(() => this.handlers.disconnected?.(error));
  }

  private dispatch(event: Event, index: number): void {
    switch (event.type) {
      case 'OFFERS': {
        const offers = event.offers.offers ?? [];
        for (const offer of offers) this.offers.add(offer.id.value);
        this.deliver(() => this.handlers.offers?.(offers));
        break;
      }
      case 'RESCIND': {
        const id = event.rescind.offer_id.value;
        if (this.offers.delete(id)) this.deliver(() => this.handlers.rescind?.(id));
        break;
      }
      case 'UPDATE':
        this.updates.receive(event.update.status, index);
        break;
      case 'MESSAGE':
        this.deliver(() => this.handlers.message?.(event.message));
        break;
      case 'FAILURE':
        this.deliver(() => this.handlers.failure?.(event.failure));
        break;
      case 'SUBSCRIBED':
      case 'ERROR':
      case 'HEARTBEAT':
        // The subscription's own.
        break;
      case 'INVERSE_OFFERS':
      case 'RESCIND_INVERSE_OFFER':
      case 'UPDATE_OPERATION_STATUS':
      case 'UNKNOWN':
        // Only for frameworks that made calls which this driver does not offer.
        break;
    }
  }

  private deliver(handler: () => void | Promise<void>): void {
    try {
      handler()?.catch((error: unknown) => this.handlerFailed(error));
    } catch (error) {
      this.handlerFailed(error);
    }
  }

  private handlerFailed(error: unknown): void {
    if (this.handlers.error !== undefined) this.handlers.error(error);
    else
      queueMicrotask(() => {
        throw error;
      });
  }

  private isAt(stage: Stage): boolean {
    return this.stage === stage;
  }

  private isOver(): boolean {
    return this.stage === 'ended' || this.stage === 'removed';
  }

  private end(error: TepuiError | null): void {
    if (this.isOver()) return;
    const removed = error?.code === 'FRAMEWORK_REMOVED';
    const reason = removed && this.stage === 'tearing down' ? null : error;
    this.stage = removed ? 'removed' : 'ended';
    this.subscription.stop();
    this.acknowledgements.stop();
    const session = this.subscription.session.close();
    this.starting.reject(error ?? new TepuiError('SHUTTING_DOWN', 'the framework was closed'));
    void closeSession(this.endpoints, session).then(() => this.ending.resolve(reason));
  }
}

function identifiers(values: readonly string[]): { readonly value: string }[] {
  return values.map((value) => ({ value }));
}
