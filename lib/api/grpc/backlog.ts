/** What a stream offers to whoever bounds it. */
interface Throttled {
  readonly queued: number;
  pause(): void;
  resume(): void;
  end(): void;
}

/**
 * Bounds what one stream may ask for: while too many of its requests wait for their answers, or its client does
 * not read them, nothing more is read from it.
 */
export class Backlog {
  private readonly stream: Throttled;
  private readonly limit: number;
  private waiting = 0;
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

  finish(): void {
    this.waiting--;
    if (this.paused && this.waiting + this.stream.queued < this.limit / 2) {
      this.paused = false;
      this.stream.resume();
    }
    if (this.ending && this.waiting === 0) this.stream.end();
  }

  /** The client sends nothing more: the stream ends with the last answer. */
  endWhenDone(): void {
    this.ending = true;
    if (this.waiting === 0) this.stream.end();
  }
}
