import { assert } from '../../base/index.js';
import type { Outcome, ProposalOrder } from '../../replica/index.js';

/** How far a write has come. */
type Write = {
  readonly kind: 'write';
  /** Empty once it was proposed: the bytes are kept by whoever needs them. */
  command: Uint8Array;
  readonly done: (outcome: Outcome) => void;
  readonly sinceMs: number;
  proposed: boolean;
  outcome: Outcome | null;
};

type Item =
  | Write
  /** Waits for the writes before it, and runs at the state right after them. */
  | { readonly kind: 'read'; readonly run: () => void }
  /** Takes its time; nothing after it is even proposed before it has ended. */
  | { readonly kind: 'barrier'; readonly begin: (ended: () => void) => void; begun: boolean; ended: boolean };

export interface PipelineHost {
  readonly propose: (command: Uint8Array, done: (outcome: Outcome) => void, order: ProposalOrder) => void;
  readonly nowMs: () => number;
}

/**
 * The requests of one connection, answered in the order in which they came. Writes are proposed at once, many at a
 * time; a read behind a write is served within the apply of that write, before the next command runs, so that it shows
 * what its client wrote before it and nothing that it wrote after.
 */
export class Pipeline {
  private readonly host: PipelineHost;
  private items: Item[] = [];
  /** Items before it are over. */
  private head = 0;
  /** Barriers that have not ended: writes behind them are not proposed. */
  private barriers = 0;
  private closed = false;
  private draining = false;
  /** None of its writes is done without those before it, as a client that does not wait for answers relies on. */
  private readonly order: ProposalOrder = { broken: false };

  constructor(host: PipelineHost) {
    this.host = host;
  }

  /** Requests that are not answered. */
  get depth(): number {
    return this.items.length - this.head;
  }

  /** Monotonic time since which the oldest write waits, or null. */
  get waitingSinceMs(): number | null {
    for (let i = this.head; i < this.items.length; i++) {
      const item = this.items[i]!;
      if (item.kind === 'write') return item.sinceMs;
    }
    return null;
  }

  write(command: Uint8Array, done: (outcome: Outcome) => void): void {
    const write: Write = {
      kind: 'write',
      command,
      done,
      sinceMs: this.host.nowMs(),
      proposed: false,
      outcome: null,
    };
    this.items.push(write);
    if (this.barriers === 0) this.propose(write);
  }

  read(run: () => void): void {
    if (this.depth === 0) run();
    else this.items.push({ kind: 'read', run });
  }

  /** `begin` is called when everything before it is answered, and calls `ended` once. */
  barrier(begin: (ended: () => void) => void): void {
    this.items.push({ kind: 'barrier', begin, begun: false, ended: false });
    this.barriers++;
    this.drain();
  }

  /** Nobody is there to be answered any more. What was proposed goes its way. */
  close(): void {
    this.closed = true;
    this.items = [];
    this.head = 0;
    this.barriers = 0;
  }

  private propose(write: Write): void {
    write.proposed = true;
    const ended = (outcome: Outcome): void => {
      write.outcome = outcome;
      this.drain();
    };
    const { command } = write;
    write.command = NOTHING;
    this.host.propose(command, ended, this.order);
  }

  /** Answers whatever is at the front and can be. */
  private drain(): void {
    if (this.draining) return;
    this.draining = true;
    while (!this.closed && this.head < this.items.length && this.step(this.items[this.head]!)) {
      if (this.closed) break;
      this.head++;
      this.compact();
    }
    this.draining = false;
  }

  /** False when the item has to wait. */
  private step(item: Item): boolean {
    switch (item.kind) {
      case 'read':
        item.run();
        return true;
      case 'write':
        if (item.outcome === null) return false;
        assert(item.proposed, 'a write was answered that nobody proposed');
        item.done(item.outcome);
        return true;
      case 'barrier':
        return this.stepBarrier(item);
    }
  }

  private stepBarrier(item: Extract<Item, { readonly kind: 'barrier' }>): boolean {
    if (!item.begun) {
      item.begun = true;
      item.begin(() => {
        if (item.ended || this.closed) return;
        item.ended = true;
        this.barriers--;
        this.proposeHeld();
        this.drain();
      });
    }
    return item.ended;
  }

  /** Writes up to the next barrier may go now. */
  private proposeHeld(): void {
    for (let i = this.head; i < this.items.length; i++) {
      const item = this.items[i]!;
      if (item.kind === 'barrier' && !item.ended) return;
      if (item.kind === 'write' && !item.proposed) this.propose(item);
    }
  }

  /** Gives the room of what is over back, now and then. */
  private compact(): void {
    if (this.head === this.items.length) {
      this.items.length = 0;
      this.head = 0;
    } else if (this.head >= COMPACT_AT && this.head * 2 >= this.items.length) {
      this.items = this.items.slice(this.head);
      this.head = 0;
    }
  }
}

const COMPACT_AT = 1024;
const NOTHING = new Uint8Array(0);
