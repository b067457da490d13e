import { userInfo } from 'node:os';
import { TepuiError } from '../base/index.js';
import type { Call, Event, Filters, TaskInfo, TaskStatus } from './mesos.js';
import { nanosecondsOf } from '../wire/index.js';
import { checkAddresses, systemPorts, type Ports } from './connection.js';
import { Deferred } from './deferred.js';
import { Endpoints } from './endpoints.js';
import { frameworkInfo, type FrameworkHandlers, type FrameworkOptions } from './framework-options.js';
import { closeSession } from './close-session.js';
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

/**
 * A framework's connection to the cluster. Calls resolve when their effect is committed; a rejection is a
 * {@link TepuiError} whose `certainty` says whether the call surely did nothing (`not-done`) or may have
 * taken effect (`unknown`). Connections come and go underneath: calls made meanwhile wait, unanswered ones are
 * repeated without being carried out twice, and the framework keeps its id.
 */
export class Framework {
  private readonly handlers: FrameworkHandlers;
  private readonly saveId: ((id: string) => void | Promise<void>) | null;
  private readonly endpoints: Endpoints;
  private readonly subscription: Subscription;
  private readonly updates: UpdateDesk;
  private readonly ports: Ports;
  /** Offers that were received and neither used nor taken back. */
  private readonly offers: Set<string> = new Set();
  private everSubscribed: boolean;
  private readonly starting: Deferred<string> = new Deferred();
  private readonly ending: Deferred<TepuiError | null> = new Deferred();
  private ended = false;

  constructor(options: FrameworkOptions, ports: Ports = systemPorts(options)) {
    checkAddresses(options.addresses);
    this.handlers = options.handlers;
    this.saveId = options.saveId ?? null;
    this.everSubscribed = options.id !== undefined;
    this.ports = ports;
    this.endpoints = new Endpoints(options.addresses, ports.dial, ports.world);
    this.updates = new UpdateDesk({
      automatic: options.acknowledge !== 'manual',
      handle: (status, index) => this.handlers.update?.(status, index),
      acknowledge: (status) => this.acknowledgeAgain(status),
      failed: (error) => this.handlerFailed(error),
    });
    this.subscription = new Subscription({
      endpoints: this.endpoints,
      world: ports.world,
      info: frameworkInfo(options, userInfo().username),
      id: options.id ?? null,
      callTimeoutMs: options.callTimeoutMs ?? 30_000,
      subscribed: (id, index) => this.subscribed(id, index),
      event: (event, index) => this.dispatch(event, index),
      lost: (error) => this.lost(error),
      ended: (error) => this.end(error),
    });
    // Nobody need wait for the start: its failure then shows in `whenEnded`.
    this.starting.promise.catch(() => undefined);
  }

  /** Null until the first subscription of a new framework. */
  get id(): string | null {
    return this.subscription.frameworkId;
  }

  /**
   * Connects and subscribes; resolves with the framework's id. Rejects if the group refuses the framework, or
   * with NO_LEADER or UNREACHABLE after `timeoutMs`: then the framework is closed.
   */
  start(timeoutMs: number = Infinity): Promise<string> {
    this.subscription.start();
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
    const accepted = await this.call({ type: 'TEARDOWN' });
    this.end(null);
    return accepted;
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

  private acknowledgeAgain(status: TaskStatus): void {
    const call = acknowledgeCall(status);
    // A failure needs no care: the group then sends the update again, and it is acknowledged again.
    if (call !== null) this.subscription.session.submit(call, () => undefined);
  }

  private async subscribed(frameworkId: string, index: number): Promise<void> {
    const resumed = this.everSubscribed;
    if (!resumed) await this.saveId?.(frameworkId);
    this.everSubscribed = true;
    this.starting.resolve(frameworkId);
    this.deliver(() => this.handlers.subscribed?.({ frameworkId, resumed, index }));
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

  private end(error: TepuiError | null): void {
    if (this.ended) return;
    this.ended = true;
    this.subscription.stop();
    const session = this.subscription.session.close();
    this.starting.reject(error ?? new TepuiError('SHUTTING_DOWN', 'the framework was closed'));
    void closeSession(this.endpoints, session).then(() => this.ending.resolve(error));
  }
}

function identifiers(values: readonly string[]): { readonly value: string }[] {
  return values.map((value) => ({ value }));
}

/** Null when the update asks for no acknowledgement. */
function acknowledgeCall(status: TaskStatus): Call | null {
  const { agent_id: agentId, task_id: taskId, uuid } = status;
  if (uuid === undefined || agentId === undefined) return null;
  return { type: 'ACKNOWLEDGE', acknowledge: { agent_id: agentId, task_id: taskId, uuid } };
}
