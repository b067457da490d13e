import { BoundedQueue } from '../../base/index.js';
import type { SchedulerReply } from '../../wire/index.js';
import type { SchedulerSink } from './types.js';

export interface OutboxHost {
  readonly sink: SchedulerSink;
  readonly limit: number;
  readonly nowMs: () => number;
  /** The next message that is made when there is room for it; null: none for now. */
  readonly pull: () => SchedulerReply | null;
  /** The queue is full: the stream cannot go on. */
  readonly overflow: () => void;
}

/**
 * What goes out on one stream. Answers and short-lived events wait in a bounded queue; what the machine holds
 * anyway (status updates) is pulled when the stream has room, and costs a slow stream no memory here.
 */
export class Outbox {
  private readonly host: OutboxHost;
  private readonly queue: BoundedQueue<SchedulerReply>;
  /** When the stream took its last message, while it takes none; null while it flows. */
  private blockedSinceMs: number | null = null;
  private closed = false;

  constructor(host: OutboxHost) {
    this.host = host;
    this.queue = new BoundedQueue(host.limit);
  }

  /** Milliseconds for which the stream has taken nothing; 0 while it flows. */
  get stalledMs(): number {
    return this.blockedSinceMs === null ? 0 : this.host.nowMs() - this.blockedSinceMs;
  }

  push(reply: SchedulerReply): void {
    if (this.closed) return;
    if (!this.queue.push(reply)) return this.host.overflow();
    this.flush();
  }

  /** Sends while the stream takes messages. To be called when `pull` may have something new. */
  flush(): void {
    while (this.blockedSinceMs === null && !this.closed) {
      const reply = this.queue.shift() ?? this.host.pull();
      if (reply === null) return;
      if (!this.host.sink.send(reply)) this.blockedSinceMs = this.host.nowMs();
    }
  }

  drained(): void {
    this.blockedSinceMs = null;
    this.flush();
  }

  close(): void {
    this.closed = true;
    this.queue.clear();
  }

  /** Hands everything queued to the door, whatever it says: the last words of a stream. */
  finish(): void {
    for (let reply = this.queue.shift(); reply !== undefined; reply = this.queue.shift()) {
      this.host.sink.send(reply);
    }
    this.closed = true;
  }
}
