import type {
  AgentSummary,
  FrameworkSummary,
  ListReply,
  ReadConsistency,
  RestoreReply,
  RestoreStep,
  TaskSummary,
  ChangeMembersReply,
  ChangeMembersRequest,
  TransferLeadershipReply,
} from '../wire/index.js';
import { TepuiError, type ErrorCode } from '../base/index.js';
import type { AgentId, FrameworkId, MemberId, TaskId } from '../base/index.js';
import { clusterStatus, type ClusterStatus } from './cluster-status.js';
import { checkAddresses, systemPorts, type ConnectionOptions, type Ports } from './connection.js';
import type { Door } from './door.js';
import { Endpoints } from './endpoints.js';
import { EventFeed, type EventHandlers } from './events.js';
import type { UnaryTypes } from './messages.js';
import { asTepuiError } from '../wire/index.js';
import { isRepeatable, memberAnswered } from './refusals.js';
import { receiveSnapshot, type SnapshotSink } from './snapshot.js';

export interface OperatorOptions extends ConnectionOptions {
  /** How long a request is tried, in ms. Default 10 s. */
  readonly timeoutMs?: number;
}

export interface ListOptions {
  /** Default LINEARIZABLE. LOCAL needs no leader and may be old. */
  readonly consistency?: ReadConsistency;
}

export interface ListTasksOptions extends ListOptions {
  readonly frameworkId?: string;
  readonly agentId?: string;
  /** Also those that have ended and are still kept. */
  readonly completed?: boolean;
}

/**
 * What operators and tools ask of a cluster. Reads are tried at one member after the other until the time is
 * up; a change is repeated only while it surely was not done. Rejections are {@link TepuiError}s.
 */
export class Operator {
  private readonly ports: Ports;
  private readonly endpoints: Endpoints;
  private readonly timeoutMs: number;
  private readonly feeds: Set<EventFeed> = new Set();

  constructor(options: OperatorOptions, ports: Ports = systemPorts(options)) {
    checkAddresses(options.addresses);
    this.ports = ports;
    this.timeoutMs = options.timeoutMs ?? 10_000;
    this.endpoints = new Endpoints(options.addresses, ports.dial, ports.world);
  }

  /** Every member about itself, all asked at once. Needs no quorum; takes at most `timeoutMs`, default 2 s. */
  status(timeoutMs: number = 2000): Promise<ClusterStatus> {
    return clusterStatus(this.endpoints.addresses, this.ports, timeoutMs);
  }

  /** The same once a member leads, or as it was told last when none did in time: an election is not yet an outage. */
  async statusOnceLed(): Promise<ClusterStatus> {
    const { clock } = this.ports.world;
    const deadlineAt = clock.monotonicMs() + this.timeoutMs;
    for (;;) {
      const status = await this.status();
      if (status.leader !== null || clock.monotonicMs() + STATUS_RETRY_MS >= deadlineAt) return status;
      await this.pause(STATUS_RETRY_MS);
    }
  }

  agents({ consistency = 'LINEARIZABLE' }: ListOptions = {}): Promise<ListReply<AgentSummary>> {
    return this.ask('listAgents', { consistency }, true);
  }

  frameworks({ consistency = 'LINEARIZABLE' }: ListOptions = {}): Promise<ListReply<FrameworkSummary>> {
    return this.ask('listFrameworks', { consistency }, true);
  }

  tasks(options: ListTasksOptions = {}): Promise<ListReply<TaskSummary>> {
    const request = {
      consistency: options.consistency ?? 'LINEARIZABLE',
      frameworkId: (options.frameworkId ?? null) as FrameworkId | null,
      agentId: (options.agentId ?? null) as AgentId | null,
      completed: options.completed ?? false,
    };
    return this.ask('listTasks', request, true);
  }

  /** `graceMs`: time between SIGTERM and SIGKILL; default: the task's own. */
  killTask(frameworkId: string, taskId: string, graceMs?: number): Promise<{ readonly index: number }> {
    const ids = { frameworkId: frameworkId as FrameworkId, taskId: taskId as TaskId };
    return this.ask('killTask', { ...ids, graceMs: graceMs ?? 0 }, false);
  }

  teardownFramework(frameworkId: string): Promise<{ readonly index: number }> {
    return this.ask('teardownFramework', { frameworkId: frameworkId as FrameworkId }, false);
  }

  /** Who is in the group, and what it does about that by itself. Resolves when the change is committed. */
  async changeMembers(change: ChangeMembersRequest): Promise<ChangeMembersReply> {
    if (change.kind === 'show') return this.ask('changeMembers', change, true);
    const { clock } = this.ports.world;
    const deadlineAt = clock.monotonicMs() + this.timeoutMs;
    // Each is harmless to repeat. A member that was removed cannot tell that it was: another one can.
    for (let lost = false; ;) {
      try {
        const leftMs = Math.max(1, deadlineAt - clock.monotonicMs());
        return await this.ask('changeMembers', change, false, Math.min(leftMs, CHANGE_TIMEOUT_MS));
      } catch (cause) {
        const error = asTepuiError(cause);
        lost ||= error.certainty === 'unknown';
        if (lost && error.code === 'UNKNOWN_MEMBER' && takesOut(change)) break;
        if (!lost || !(error.certainty === 'unknown' || UNDECIDED.has(error.code))) throw error;
        if (clock.monotonicMs() + CHANGE_RETRY_MS >= deadlineAt) {
          throw new TepuiError('OUTCOME_UNKNOWN', error.message, { cause: error });
        }
        await this.pause(CHANGE_RETRY_MS);
      }
    }
    return this.ask('changeMembers', { kind: 'show', value: true }, true);
  }

  /**
   * One step of taking the running cluster back to a snapshot: see `RestoreRequest` in operator.proto. Each is harmless to
   * repeat, so it is tried at one member after the other. When `commit` gets no definite answer: OUTCOME_UNKNOWN.
   */
  async restoreStep(restore: string, step: RestoreStep): Promise<RestoreReply> {
    try {
      return await this.ask('restore', { restore, step }, true, this.timeoutMs);
    } catch (cause) {
      const error = asTepuiError(cause);
      if (step.kind !== 'commit' || REFUSED_RESTORE.has(error.code)) throw error;
      throw new TepuiError('OUTCOME_UNKNOWN', `restore ${restore}: ${error.message}`, { cause: error });
    }
  }

  /** Without `to`: to the most up-to-date voter. */
  transferLeadership(to?: string): Promise<TransferLeadershipReply> {
    return this.ask('transferLeadership', { to: (to ?? null) as MemberId | null }, false);
  }

  /**
   * Changes of agents, frameworks and tasks after `afterIndex` (0: from now on), each once and in order, over
   * any number of reconnections, until the returned function is called.
   */
  events(afterIndex: number, handlers: EventHandlers): () => void {
    const feed = new EventFeed(this.endpoints, this.ports.world, afterIndex, handlers);
    this.feeds.add(feed);
    feed.start();
    return () => {
      this.feeds.delete(feed);
      feed.stop();
    };
  }

  /**
   * The state of the cluster at one moment, as the bytes of a snapshot file, from whichever member serves. One that
   * breaks off is begun anew. What has arrived says itself whether it is whole: see docs/backup.md.
   */
  async saveSnapshot(sink: SnapshotSink, { consistency = 'LINEARIZABLE' }: ListOptions = {}): Promise<void> {
    const { clock } = this.ports.world;
    const deadlineAt = clock.monotonicMs() + this.timeoutMs;
    for (;;) {
      const door = this.endpoints.current();
      try {
        await ready(door, this.endpoints.connectTimeoutMs());
        sink.begin(door.address);
        await receiveSnapshot(door, this.ports.world, { consistency }, sink);
        return;
      } catch (cause) {
        const error = asTepuiError(cause);
        if (!isRepeatable(error)) throw error;
        const delayMs = this.endpoints.failed(door, error, memberAnswered(error));
        if (clock.monotonicMs() + delayMs >= deadlineAt) throw this.endpoints.troubleError();
        await this.pause(delayMs);
      }
    }
  }

  close(): void {
    for (const feed of this.feeds) feed.stop();
    this.endpoints.close();
  }

  private async ask<M extends keyof UnaryTypes>(
    method: M,
    request: UnaryTypes[M]['request'],
    harmless: boolean,
    timeoutMs: number = this.timeoutMs,
  ): Promise<UnaryTypes[M]['reply']> {
    const { clock } = this.ports.world;
    const deadlineAt = clock.monotonicMs() + timeoutMs;
    for (;;) {
      const door = this.endpoints.current();
      const leftMs = Math.max(1, deadlineAt - clock.monotonicMs());
      try {
        await ready(door, Math.min(leftMs, this.endpoints.connectTimeoutMs()));
        const reply = await door.call(method, request, harmless ? Math.min(leftMs, READ_TIMEOUT_MS) : leftMs);
        this.endpoints.serving(door);
        return reply;
      } catch (cause) {
        const error = asTepuiError(cause);
        // An alarm stands for minutes at least: whoever asked is told at once.
        const patient = isRepeatable(error) && error.code !== 'DIVERGED';
        const again = patient && (harmless || error.certainty === 'not-done');
        if (!again) {
          // What comes next goes to another member.
          if (error.certainty === 'unknown') this.endpoints.failed(door, error, false);
          throw error;
        }
        const delayMs = this.endpoints.failed(door, error, memberAnswered(error));
        if (clock.monotonicMs() + delayMs >= deadlineAt) throw this.endpoints.troubleError();
        await this.pause(delayMs);
      }
    }
  }

  private async pause(delayMs: number): Promise<void> {
    if (delayMs === 0) return;
    await new Promise<void>((resolve) => {
      this.ports.world.timers.after(delayMs, resolve);
    });
  }
}

/** What the group itself answers to a commit that did nothing. */
const REFUSED_RESTORE: ReadonlySet<ErrorCode> = new Set(['RESTORE_LOST', 'INVALID_ARGUMENT', 'UNSUPPORTED']);

/** A change of members waits for an election at most, and for a few entries to be committed. */
const CHANGE_TIMEOUT_MS = 6000;
const CHANGE_RETRY_MS = 200;
const STATUS_RETRY_MS = 200;

/** Refusals that do not tell whether an earlier attempt, of which no answer came, took effect. */
const UNDECIDED: ReadonlySet<ErrorCode> = new Set(['CHANGE_PENDING', 'NO_LEADER', 'UNREACHABLE']);

function takesOut({ kind }: ChangeMembersRequest): boolean {
  return kind === 'remove' || kind === 'replace';
}

/** One member has this long to answer a read before the next is asked. */
const READ_TIMEOUT_MS = 3000;

function ready(door: Door, timeoutMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    door.ready(timeoutMs, (error) => {
      if (error === null) resolve();
      else reject(error);
    });
  });
}
