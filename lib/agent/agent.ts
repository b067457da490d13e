import { TepuiError, assert, randomHex, type Timers } from '../base/index.js';
import type { HolderEvents } from './holder/port.js';
import type { Kill, Launch, Registered, UpdateCommitted } from './link.js';
import { AGENT_TIMING, type AgentOptions, type AgentTiming } from './options.js';
import { openParts, type AgentParts } from './parts.js';
import { Session } from './session/session.js';
import type { Registration, StatusUpdate } from './types.js';

/**
 * - `leave-tasks`: the agent ends, its tasks run on with their holder, and the next agent process finds them.
 * - `end-tasks`: every task is killed, its last update reported if masters are there, and the holder ended; all
 *   within 4 s.
 */
export type StopMode = 'leave-tasks' | 'end-tasks';

export interface AgentStatus {
  readonly agentId: string | null;
  readonly registered: boolean;
  readonly tasks: number;
  /** Tasks whose last updates are not yet known to be committed. */
  readonly unreported: number;
}

type State =
  | { readonly kind: 'new' }
  | { readonly kind: 'starting' | 'running'; readonly parts: AgentParts; readonly session: Session }
  | { readonly kind: 'stopping' | 'stopped' };

/** Runs tasks for a group of masters: a composition of the parts, and the order of their start and stop. */
export class Agent {
  private readonly options: AgentOptions;
  private readonly timing: AgentTiming;
  private readonly incarnation: string;
  private state: State = { kind: 'new' };
  private settleStart: { resolve: () => void; reject: (error: Error) => void } | undefined;

  constructor(options: AgentOptions) {
    this.options = options;
    this.timing = { ...AGENT_TIMING, ...options.timing };
    this.incarnation = randomHex(options.random, 8);
  }

  /**
   * Resolves once the tasks of an earlier process are found again and the way to the masters is being sought.
   * Errors: FOLDER_IN_USE, NEWER_FORMAT, DAMAGED, STORAGE.
   */
  start(): Promise<void> {
    assert(this.state.kind === 'new', () => `an agent starts once; it is ${this.state.kind}`);
    return new Promise((resolve, reject) => {
      this.settleStart = { resolve, reject };
      const parts = openParts(this.options, (error) => this.fail(error));
      this.state = { kind: 'starting', parts, session: this.makeSession(parts) };
      parts.holder.start(this.holderEvents(parts));
    });
  }

  async stop(mode: StopMode): Promise<void> {
    const { state } = this;
    if (state.kind === 'new') this.state = { kind: 'stopped' };
    if (state.kind !== 'running' && state.kind !== 'starting') return;
    this.state = { kind: 'stopping' };
    const { parts, session } = state;
    if (mode === 'end-tasks') await this.endTasks(parts, session);
    session.stop();
    parts.holder.close();
    await parts.checkpoint.close();
    parts.lock.release();
    this.options.connector.close();
    this.state = { kind: 'stopped' };
    this.settleStart?.resolve();
  }

  status(): AgentStatus {
    const { state } = this;
    if (state.kind !== 'running' && state.kind !== 'starting') {
      return { agentId: null, registered: false, tasks: 0, unreported: 0 };
    }
    const { checkpoint, table, outbox } = state.parts;
    return {
      agentId: checkpoint.model.agentId,
      registered: state.session.isRegistered,
      tasks: table.size,
      unreported: outbox.size,
    };
  }

  private async endTasks({ table, checkpoint, outbox, holder }: AgentParts, session: Session): Promise<void> {
    const { endGraceMs, endTasksMs, endReportMs, endHolderMs } = this.timing;
    const { timers } = this.options;
    await within(timers, endTasksMs, (done) => table.killAll(endGraceMs, done));
    await within(timers, endReportMs, (done) => checkpoint.flushed(done));
    if (session.isRegistered) await within(timers, endReportMs, (done) => outbox.empty(done));
    await holder.shutDown(endHolderMs);
  }

  private fail(error: Error): void {
    const { state } = this;
    if (state.kind === 'stopping' || state.kind === 'stopped') return;
    this.state = { kind: 'stopped' };
    if (state.kind === 'running' || state.kind === 'starting') {
      state.session.stop();
      state.parts.holder.close();
      state.parts.lock.release();
    }
    this.options.connector.close();
    if (state.kind === 'running') this.options.onFatal(error);
    else this.settleStart?.reject(error);
  }

  private holderEvents({ table }: AgentParts): HolderEvents {
    return {
      onTasks: (tasks) => {
        table.holderTasks(tasks);
        this.recovered();
      },
      onStarted: (ref) => table.started(ref),
      onEnded: (ref, outcome) => table.ended(ref, outcome),
      onDown: () => table.holderDown(),
      onFatal: (error) => this.fail(error),
    };
  }

  private recovered(): void {
    const { state } = this;
    if (state.kind !== 'starting') return;
    this.state = { ...state, kind: 'running' };
    state.session.start();
    this.settleStart?.resolve();
  }

  // -------------------------------------------------------------------------------------------------------
  // Masters

  private makeSession(parts: AgentParts): Session {
    const { connector, masters, clock, timers, random, logger } = this.options;
    return new Session({
      connector,
      addresses: masters,
      registration: () => this.registration(parts),
      timing: this.timing.session,
      clock,
      timers,
      random,
      logger,
      events: {
        onRegistered: (registered, send) => onRegistered(parts, registered, send),
        onDisconnected: () => parts.outbox.disconnected(),
        onOrder: (order) => onOrder(parts, order),
        onRemoved: (code, message) => this.removed(parts, code, message),
        onForeign: (message) => this.fail(new TepuiError('FOREIGN_CLUSTER', message)),
      },
    });
  }

  private registration({ checkpoint, platform, table }: AgentParts): Registration {
    const { hostname, resources, attributes } = this.options;
    const { agentId, clusterId, knownRevision } = checkpoint.model;
    return {
      agentId,
      clusterId,
      description: { hostname, resources, attributes },
      bootId: platform.bootId,
      incarnation: this.incarnation,
      knownRevision,
      tasks: table.reports(),
    };
  }

  /** Nothing of the old agent may use what the new one is going to offer: it registers when all tasks ended. */
  private removed({ checkpoint, table }: AgentParts, code: string, message: string): void {
    this.options.logger.warn(
      { code, message, tasks: table.size },
      'removed from the group: ending all tasks',
    );
    table.abandonAll(() => {
      checkpoint.write({ op: 'identity', agentId: null, clusterId: checkpoint.model.clusterId });
      if (this.state.kind === 'running') this.state.session.start();
    });
  }
}

function onRegistered(
  { checkpoint, table, outbox }: AgentParts,
  registered: Registered,
  send: (update: StatusUpdate) => void,
): void {
  const { agentId, clusterId, revision } = registered;
  if (checkpoint.model.agentId === null) checkpoint.write({ op: 'identity', agentId, clusterId });
  table.seen(revision);
  table.abandon(registered.unknownTasks);
  table.allowStarts();
  outbox.connected(send);
}

function onOrder({ table }: AgentParts, order: Launch | Kill | UpdateCommitted): void {
  switch (order.kind) {
    case 'launch':
      return table.launch(order.task, order.revision);
    case 'kill':
      return table.kill(order, order.graceMs, order.revision);
    case 'update-committed':
      return table.committed(order, order.sequence, order.revision);
  }
}

/** Resolves when `register`'s callback is called, at the latest after `limitMs`. */
function within(timers: Timers, limitMs: number, register: (done: () => void) => void): Promise<void> {
  return new Promise((resolve) => {
    const timer = timers.after(limitMs, resolve);
    register(() => {
      timer.cancel();
      resolve();
    });
  });
}
