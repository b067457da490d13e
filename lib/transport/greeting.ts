import type { MemberId, TepuiError, TimerHandle } from '../base/index.js';
import type { Hello, Inbound, Outbound } from '../wire/index.js';
import type { Environment } from './environment.js';
import { fromWire, judge, rejectionIn, rejectionOf, toWire, wrongMember } from './hello.js';
import type { PeerDown, PeerHello } from './types.js';
import type { OutgoingStream, PeerChannel } from './wire.js';

export type PeerStream = OutgoingStream<Outbound, Inbound>;

/** A stream whose both ends have said hello. */
export interface Greeted {
  readonly channel: PeerChannel;
  readonly stream: PeerStream;
  readonly hello: PeerHello;
}

export interface GreetingOutcome {
  /** Takes the stream over; returns where its further events go. */
  greeted(greeted: Greeted): StreamWatch;
  failed(down: PeerDown): void;
}

export interface StreamWatch {
  alive(): void;
  /** Something that we sent is not known there; the stream goes on. */
  refused(message: string): void;
  ended(): void;
}

/**
 * One attempt to reach a peer: a bare connection that learns whether anything listens, then a channel of its
 * own, a stream, an exchange of hellos; each of the two steps within its deadline. grpc-js would wait for ever
 * for a stopped process that accepts connections and says nothing (grpc/grpc-node#2785), so the channel is
 * thrown away with the attempt. Exactly one outcome is reported, unless `abandon` comes first.
 */
export class Greeting {
  private readonly to: MemberId;
  private readonly address: string;
  private readonly deadlineMs: number;
  private readonly env: Environment;
  private readonly outcome: GreetingOutcome;
  private deadline: TimerHandle | null = null;
  private watch: StreamWatch | null = null;
  private stopProbe: () => void = () => {};
  private channel: PeerChannel | null = null;
  private over = false;
  /** Set before a failure is reported: the peer took the connection and did not answer in time. */
  late = false;

  constructor(to: MemberId, address: string, deadlineMs: number, env: Environment, outcome: GreetingOutcome) {
    this.deadlineMs = deadlineMs;
    this.to = to;
    this.address = address;
    this.env = env;
    this.outcome = outcome;
  }

  start(): void {
    const { connectDeadlineMs } = this.env.timings;
    this.within(connectDeadlineMs, `no connection to ${this.address} within ${connectDeadlineMs} ms`);
    this.stopProbe = this.env.wire.probe(this.address, (result) => {
      if (result.kind === 'listening') this.open();
      else if (result.kind === 'refused') this.fail({ kind: 'refused' });
      else this.fail({ kind: 'unreachable', why: result.why });
    });
  }

  abandon(): void {
    if (!this.finish()) return;
    this.channel?.close();
  }

  private open(): void {
    if (this.over) return;
    this.channel = this.env.wire.channel(this.address);
    this.within(
      this.deadlineMs,
      `${this.address} took the connection and said nothing for ${this.deadlineMs} ms`,
    );
    const stream = this.channel.stream();
    stream.listen({
      message: (message) => {
        if (!this.over) return this.answered(stream, message);
        this.watch?.alive();
        if (message.kind === 'refused') this.watch?.refused(message.message);
      },
      closed: (error) => {
        if (this.over) this.watch?.ended();
        else this.closed(error);
      },
    });
    stream.write({ kind: 'hello', ...toWire(this.env.handlers.hello(this.to)) });
  }

  /** When this process itself was held up, what arrived meanwhile is read before the attempt is given up. */
  private within(ms: number, why: string): void {
    const { timers } = this.env;
    const { channel } = this;
    this.deadline?.cancel();
    this.deadline = timers.after(ms, () => {
      timers.soon(() => {
        if (this.channel === channel) this.giveUp(why);
      });
    });
  }

  private giveUp(why: string): void {
    this.late = this.channel !== null;
    this.fail({ kind: 'unreachable', why });
  }

  private answered(stream: PeerStream, message: Inbound): void {
    if (message.kind === 'hello') this.greet(stream, message);
    else if (message.kind === 'refused') {
      this.fail({ kind: 'rejected', ...rejectionOf(message.code, message.message) });
    }
  }

  private greet(stream: PeerStream, hello: Hello): void {
    const rejection = wrongMember(this.to, this.address, hello) ?? judge(this.env.handlers, hello);
    if (rejection !== null) {
      this.fail({ kind: 'rejected-here', ...rejection });
      return;
    }
    const { channel } = this;
    if (channel === null || !this.finish()) return;
    this.watch = this.outcome.greeted({ channel, stream, hello: fromWire(hello) });
  }

  private closed(error: TepuiError | null): void {
    const rejection = error === null ? null : rejectionIn(error);
    if (rejection !== null) this.fail({ kind: 'rejected', ...rejection });
    // A dying process may take the bare connection and refuse the next: its sockets close one by one.
    else if (error?.message.includes('ECONNREFUSED') === true) this.fail({ kind: 'refused' });
    else this.fail({ kind: 'unreachable', why: error?.message ?? `${this.address} ended the stream` });
  }

  private fail(down: PeerDown): void {
    if (!this.finish()) return;
    this.channel?.close();
    this.outcome.failed(down);
  }

  /** False when there is an outcome already. */
  private finish(): boolean {
    if (this.over) return false;
    this.over = true;
    this.deadline?.cancel();
    this.stopProbe();
    return true;
  }
}
