/** What a stream offers to whoever bounds it. */
interface Throttled {
  /** Messages written and not yet sent. */
  readonly queued: number;
  pause(): void;
  resume(): void;
  end(): void;
}

/** Answers of one stream that were written and not yet sent, in bytes; more wait unmade. */
const UNSENT_BYTES = 4 << 20;

/**
 * Bounds what one stream may ask for: while too many of its requests wait for their answers, or its client does
 * not read them, nothing more is read from it. Answers are made when there is room to send them, in the order
 * in which they became ready.
 */
export class Backlog {
  private readonly stream: Throttled;
  private readonly limit: number;
  /** Requests without a written answer. 0 ≤ ready.length ≤ waiting. */
  private waiting = 0;
  private ready: (() => number)[] = [];
  private unsentBytes = 0;
  private paused = false;
  private ending = false;

  constructor(stream: Throttled, limit: number) {
    this.stream = stream;
    this.limit = limit;
  }

  begin(): void {
    this.waiting++;
    if (this.paused || this.waiting + this.stream.queued < this.limit) return;
    this.paused = true;
    this.stream.pause();
  }

  /** `write` writes the answer of one request, now or when there is room, and returns about how many bytes it has. */
  answer(write: () => number): void {
    if (this.ready.length > 0 || !this.hasRoom()) this.ready.push(write);
    else this.send(write);
    this.review();
  }

  /** To be called whenever a written message has been sent. */
  sent(): void {
    if (this.stream.queued === 0) this.unsentBytes = 0;
    let next = 0;
    while (next < this.ready.length && this.hasRoom()) this.send(this.ready[next++]!);
    if (next > 0) this.ready = this.ready.slice(next);
    this.review();
  }

  /** The client sends nothing more: the stream ends with the last answer. */
  endWhenDone(): void {
    this.ending = true;
    this.review();
  }

  /** Nothing can be answered any more. */
  closed(): void {
    this.ready = [];
  }

  private hasRoom(): boolean {
    return this.unsentBytes < UNSENT_BYTES;
  }

  private send(write: () => number): void {
    this.waiting--;
    this.unsentBytes += write();
  }

  private review(): void {
    if (this.paused && this.waiting + this.stream.queued < this.limit / 2) {
      this.paused = false;
      this.stream.resume();
    }
    if (this.ending && this.waiting === 0) this.stream.end();
  }
}
