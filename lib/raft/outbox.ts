import type { Message, Term } from './types.js';

/**
 * Messages on their way out. Those that promise durability (§5.1: "persistent state updated before
 * responding") wait until everything that was in memory when they were made is durable.
 */
export class Outbox {
  private now: Message[] = [];
  /** Promises that need the next write. */
  private waiting: Message[] = [];
  /** Promises that the write in flight fulfils. */
  private inFlight: Message[] = [];

  send(message: Message): void {
    this.now.push(message);
  }

  /** Sends once durable. A later acknowledgement to the same leader stands for the ones before it. */
  sendDurable(message: Message): void {
    const last = this.waiting.at(-1);
    if (last !== undefined && supersedes(message, last)) this.waiting[this.waiting.length - 1] = message;
    else this.waiting.push(message);
  }

  /** What waits is fulfilled by the write that is in flight from now on. */
  attachWaiting(): void {
    if (this.inFlight.length === 0) this.inFlight = this.waiting;
    else this.inFlight.push(...this.waiting);
    this.waiting = [];
  }

  /** The promises fulfilled by the completed write. Those of an earlier term are withdrawn. */
  takeFulfilled(term: Term): Message[] {
    const fulfilled = this.inFlight.filter((message) => message.term === term);
    this.inFlight = [];
    return fulfilled;
  }

  take(): Message[] {
    const messages = this.now;
    this.now = [];
    return messages;
  }

  hasMessages(): boolean {
    return this.now.length > 0;
  }

  hasWaiting(): boolean {
    return this.waiting.length > 0;
  }
}

function supersedes(message: Message, earlier: Message): boolean {
  return (
    message.type === 'append-reply' &&
    earlier.type === 'append-reply' &&
    message.to === earlier.to &&
    message.term === earlier.term &&
    !message.rejected &&
    !earlier.rejected &&
    message.index >= earlier.index
  );
}
