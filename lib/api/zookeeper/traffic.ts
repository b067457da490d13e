import { XID } from '../../wire/zookeeper/index.js';

/** How long requests took to be answered, in milliseconds. */
export class Latency {
  private count = 0;
  private total = 0;
  private least = Infinity;
  private most = 0;

  get minMs(): number {
    return this.count === 0 ? 0 : this.least;
  }

  get maxMs(): number {
    return this.most;
  }

  get averageMs(): number {
    return this.count === 0 ? 0 : this.total / this.count;
  }

  record(tookMs: number, requests: number): void {
    this.count += requests;
    this.total += tookMs * requests;
    if (tookMs < this.least) this.least = tookMs;
    if (tookMs > this.most) this.most = tookMs;
  }

  reset(): void {
    this.count = 0;
    this.total = 0;
    this.least = Infinity;
    this.most = 0;
  }
}

/** Lengths of answers in bytes; -1: there was none, as ZooKeeper has it. */
export class Sizes {
  last = -1;
  least = -1;
  most = -1;

  /** Of several answers: the newest, the shortest and the longest. */
  record(last: number, least: number, most: number): void {
    this.last = last;
    if (this.least < 0 || least < this.least) this.least = least;
    if (most > this.most) this.most = most;
  }

  reset(): void {
    this.last = -1;
    this.least = -1;
    this.most = -1;
  }
}

/** What went through a door, or through one connection of it. */
export class Counters {
  /** Packets: requests, greetings and words. */
  received = 0;
  /** Packets: answers and events. */
  sent = 0;
  /** Clients that said who they are and could not prove it. */
  authFailed = 0;
  readonly latency: Latency = new Latency();
  readonly sizes: Sizes = new Sizes();

  reset(): void {
    this.received = 0;
    this.sent = 0;
    this.authFailed = 0;
    this.latency.reset();
    this.sizes.reset();
  }
}

const LENGTH_BYTES = 4;
const ZXID_AT = 8;
const POW32 = 0x1_0000_0000;

/**
 * What one connection asked and was answered. Time is read once for what came in one read of the socket and once for
 * what leaves in one write; between them stand how many requests came until when, in the order in which they are
 * answered. A message costs a few additions.
 */
export class Traffic {
  readonly counters: Counters = new Counters();
  private readonly door: Counters;
  private asked = 0;
  private answered = 0;
  private noted = 0;
  /** Pairs: requests that had come, and when. */
  private arrivals: number[] = [];
  private oldest = 0;
  private lastRequest: number | null = null;
  private last: LastAnswer | null = null;

  constructor(door: Counters) {
    this.door = door;
  }

  /** Type of the newest request; null: none since the counters were reset. */
  get lastOp(): number | null {
    return this.lastRequest;
  }

  get lastAnswer(): LastAnswer | null {
    return this.last;
  }

  get outstanding(): number {
    return this.asked - this.answered;
  }

  /** A request of that type; 0: the greeting. */
  request(op: number): void {
    this.asked++;
    this.lastRequest = op;
  }

  /** A word instead of a greeting. */
  word(): void {
    this.counters.received++;
    this.door.received++;
  }

  /** All requests of one read of the socket were taken. */
  arrived(nowMs: number): void {
    const count = this.asked - this.noted;
    if (count === 0) return;
    this.noted = this.asked;
    this.counters.received += count;
    this.door.received += count;
    this.arrivals.push(this.asked, nowMs);
  }

  /** `bytes`, whole frames, leave now. */
  leaves(bytes: Buffer, nowMs: number): void {
    let packets = 0;
    let replies = 0;
    let newest = -1;
    let least = Infinity;
    let most = 0;
    let length = 0;
    for (let at = 0; at < bytes.length; at += LENGTH_BYTES + length) {
      length = bytes.readInt32BE(at);
      packets++;
      if (bytes.readInt32BE(at + LENGTH_BYTES) === XID.notification) continue;
      replies++;
      newest = at;
      if (length < least) least = length;
      if (length > most) most = length;
    }
    this.counters.sent += packets;
    this.door.sent += packets;
    if (replies === 0) return;
    this.door.sizes.record(bytes.readInt32BE(newest), least, most);
    // The answer to the greeting, always the first, has no header.
    const greeting = this.answered === 0 && replies === 1;
    const tookMs = this.took(replies, nowMs);
    const xid = greeting ? 0 : bytes.readInt32BE(newest + LENGTH_BYTES);
    const zxid = greeting ? 0 : readLong(bytes, newest + ZXID_AT);
    this.last = { xid, zxid, atMs: nowMs, tookMs };
  }

  reset(): void {
    this.counters.reset();
    this.lastRequest = null;
    this.last = null;
  }

  /** Counts replies against the arrivals that they answer; returns how long the newest took. */
  private took(replies: number, nowMs: number): number {
    const { arrivals } = this;
    let left = replies;
    let tookMs = 0;
    while (left > 0 && this.oldest < arrivals.length) {
      const until = arrivals[this.oldest]!;
      const count = Math.min(left, until - this.answered);
      tookMs = Math.max(0, Math.round(nowMs - arrivals[this.oldest + 1]!));
      this.counters.latency.record(tookMs, count);
      this.door.latency.record(tookMs, count);
      this.answered += count;
      left -= count;
      if (this.answered === until) this.oldest += 2;
    }
    this.tidy();
    return tookMs;
  }

  private tidy(): void {
    if (this.oldest === this.arrivals.length) this.arrivals.length = 0;
    else if (this.oldest > 64 && this.oldest * 2 > this.arrivals.length) this.arrivals.splice(0, this.oldest);
    else return;
    this.oldest = 0;
  }
}

export interface LastAnswer {
  readonly xid: number;
  readonly zxid: number;
  /** Monotonic. */
  readonly atMs: number;
  readonly tookMs: number;
}

function readLong(bytes: Buffer, at: number): number {
  return bytes.readInt32BE(at) * POW32 + bytes.readUInt32BE(at + 4);
}
