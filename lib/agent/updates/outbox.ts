import {
  BoundedQueue,
  assert,
  backoffMs,
  must,
  type BackoffOptions,
  type Clock,
  type Random,
  type TimerHandle,
  type Timers,
} from '../../base/index.js';
import { taskKey, type StatusUpdate, type TaskRef } from '../types.js';

export interface OutboxOptions {
  /** Unanswered updates at once, over all tasks. */
  readonly window: number;
  /** Updates of at most this many tasks. */
  readonly maxTasks: number;
  readonly retry: BackoffOptions;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
}

/** Updates of one task that are durable here and not yet committed there, in order. */
interface Stream {
  readonly key: string;
  readonly updates: StatusUpdate[];
  sent: { attempts: number; retryAtMs: number } | undefined;
}

/**
 * Sends durable updates in order per task: only the first uncommitted one of a task is under way, at most
 * `window` over all tasks, and each is repeated until it is committed.
 */
export class Outbox {
  private readonly options: OutboxOptions;
  private readonly streams: Map<string, Stream> = new Map<string, Stream>();
  private readonly ready: BoundedQueue<Stream>;
  private readonly underWay: Set<Stream> = new Set<Stream>();
  private send: ((update: StatusUpdate) => void) | undefined;
  private timer: TimerHandle | undefined;
  private whenEmpty: (() => void)[] = [];

  constructor(options: OutboxOptions) {
    this.options = options;
    // Streams that were answered while they waited stay in the queue until their turn.
    this.ready = new BoundedQueue(2 * options.maxTasks);
  }

  get size(): number {
    return this.streams.size;
  }

  /** The update has become durable. */
  add(update: StatusUpdate): void {
    const key = taskKey(update);
    const stream = this.streams.get(key);
    if (stream !== undefined) {
      const last = must(stream.updates.at(-1), 'a stream holds an update').sequence;
      assert(update.sequence === last + 1, () => `update ${update.sequence} of ${key} follows ${last}`);
      stream.updates.push(update);
      return;
    }
    const fresh: Stream = { key, updates: [update], sent: undefined };
    this.streams.set(key, fresh);
    this.enqueue(fresh);
    this.pump();
  }

  /** The updates of the task up to this one are committed; the next may go. Anything else is an old answer. */
  committed(ref: TaskRef, sequence: number): void {
    const stream = this.streams.get(taskKey(ref));
    if (stream === undefined || stream.updates[0]!.sequence > sequence) return;
    const next = stream.updates.findIndex((update) => update.sequence > sequence);
    stream.updates.splice(0, next < 0 ? stream.updates.length : next);
    if (this.underWay.delete(stream)) {
      stream.sent = undefined;
      if (stream.updates.length > 0) this.enqueue(stream);
    }
    if (stream.updates.length === 0) this.drop(stream);
    this.pump();
  }

  /** Nobody wants to hear of this task. */
  discard(ref: TaskRef): void {
    const stream = this.streams.get(taskKey(ref));
    if (stream === undefined) return;
    stream.updates.length = 0;
    this.underWay.delete(stream);
    this.drop(stream);
    this.pump();
  }

  /** A stream to a master is registered: everything unanswered goes again, at once. */
  connected(send: (update: StatusUpdate) => void): void {
    this.send = send;
    for (const stream of this.underWay) {
      stream.sent = undefined;
      this.enqueue(stream);
    }
    this.underWay.clear();
    this.pump();
  }

  disconnected(): void {
    this.send = undefined;
    this.timer?.cancel();
    this.timer = undefined;
  }

  /** Calls back when nothing is left to send. */
  empty(callback: () => void): void {
    if (this.streams.size === 0) callback();
    else this.whenEmpty.push(callback);
  }

  private enqueue(stream: Stream): void {
    assert(this.ready.push(stream), () => `updates of more than ${this.options.maxTasks} tasks`);
  }

  private drop(stream: Stream): void {
    this.streams.delete(stream.key);
    if (this.streams.size === 0) for (const callback of this.whenEmpty.splice(0)) callback();
  }

  private pump(): void {
    while (this.send !== undefined && this.underWay.size < this.options.window) {
      const stream = this.ready.shift();
      if (stream === undefined) break;
      const update = stream.updates[0];
      // Committed or discarded while it waited.
      if (update === undefined || this.streams.get(stream.key) !== stream) continue;
      this.underWay.add(stream);
      this.transmit(stream, update, 0);
    }
    this.arm();
  }

  private transmit(stream: Stream, update: StatusUpdate, attempts: number): void {
    const { clock, retry, random } = this.options;
    stream.sent = { attempts, retryAtMs: clock.monotonicMs() + backoffMs(retry, attempts, random) };
    this.send?.(update);
  }

  private arm(): void {
    if (this.timer !== undefined || this.underWay.size === 0 || this.send === undefined) return;
    this.timer = this.options.timers.after(this.options.retry.firstMs / 2, () => {
      this.timer = undefined;
      this.repeat();
    });
  }

  private repeat(): void {
    const now = this.options.clock.monotonicMs();
    for (const stream of this.underWay) {
      const { attempts, retryAtMs } = must(stream.sent, 'an update under way was sent');
      const update = must(stream.updates[0], 'a stream under way holds an update');
      if (retryAtMs <= now) this.transmit(stream, update, attempts + 1);
    }
    this.arm();
  }
}
