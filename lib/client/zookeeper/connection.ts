import { MalformedError, TepuiError, type TimerHandle } from '../../base/index.js';
import {
  FrameSplitter,
  JuteReader,
  JuteWriter,
  OP,
  readConnectResponse,
  readEvent,
  readReplyHeader,
  writeConnectRequest,
  writeRequest,
  XID,
  type ConnectRequest,
  type ConnectResponse,
  type ReplyHeader,
  type Request,
} from '../../wire/zookeeper/index.js';
import type { World } from '../system.js';
import type { ConnectWire, Wire } from './wire.js';

/** Answers are longer than requests may be: a list of many children. */
const ANSWER_LIMIT_BYTES = 64 << 20;

export interface ConnectionListener {
  /** The first answer. `serve` is to be called if it grants the session. */
  greeted(response: ConnectResponse): void;
  answered(header: ReplyHeader, body: JuteReader): void;
  event(type: number, path: string, zxid: number): void;
  /** Called once, and last; `reached`: somebody had taken the connection. */
  lost(error: TepuiError, reached: boolean): void;
}

type Phase =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'greeting' }
  | { readonly kind: 'serving'; readonly timeoutMs: number }
  | { readonly kind: 'closed' };

/**
 * One connection to one server: the handshake, then frames. Pings after a third of the session's timeout without a
 * request; gives the server up after two thirds without a word from it, so that a third is left to find another one
 * before the session expires.
 */
export class Connection {
  readonly address: string;
  private readonly world: World;
  private readonly listener: ConnectionListener;
  private readonly greeting: ConnectRequest;
  private readonly splitter: FrameSplitter = new FrameSplitter(ANSWER_LIMIT_BYTES);
  private readonly writer: JuteWriter = new JuteWriter(1024);
  private readonly wire: Wire;
  private phase: Phase = { kind: 'connecting' };
  private timer: TimerHandle;
  private sentAtMs = 0;
  private heardAtMs = 0;

  /** Connects at once, and greets with `greeting`; gives up after `greetingMs`. */
  constructor(
    address: string,
    greeting: ConnectRequest,
    greetingMs: number,
    connect: ConnectWire,
    world: World,
    listener: ConnectionListener,
  ) {
    this.address = address;
    this.greeting = greeting;
    this.world = world;
    this.listener = listener;
    this.timer = world.timers.after(greetingMs, () => this.lose('gave no answer in time'));
    this.wire = connect(address, {
      open: () => this.greet(),
      data: (chunk) => this.receive(chunk),
      closed: (error) => this.end(error),
    });
  }

  /** The session was granted: from now on both sides are heard of. */
  serve(timeoutMs: number): void {
    this.phase = { kind: 'serving', timeoutMs };
    this.watchSilence(timeoutMs);
  }

  /** Returns the number under which the answer comes. */
  send(xid: number, request: Request): number {
    const own = writeRequest(this.writer, xid, request);
    this.sentAtMs = this.world.clock.monotonicMs();
    this.wire.send(this.writer.take());
    return own;
  }

  /** Without a word to the listener. */
  close(): void {
    if (this.phase.kind === 'closed') return;
    this.phase = { kind: 'closed' };
    this.timer.cancel();
    this.wire.destroy();
  }

  /** What came makes no sense, or does not come. */
  lose(reason: string): void {
    const message = `${this.address} ${reason}`;
    this.end(new TepuiError('UNREACHABLE', message, { fields: { reason } }));
  }

  private end(error: TepuiError): void {
    const { kind } = this.phase;
    if (kind === 'closed') return;
    this.close();
    this.listener.lost(error, kind !== 'connecting');
  }

  private greet(): void {
    if (this.phase.kind !== 'connecting') return;
    this.phase = { kind: 'greeting' };
    writeConnectRequest(this.writer, this.greeting);
    this.sentAtMs = this.world.clock.monotonicMs();
    this.wire.send(this.writer.take());
  }

  private receive(chunk: Buffer): void {
    this.heardAtMs = this.world.clock.monotonicMs();
    try {
      this.splitter.push(chunk, (frame) => this.frame(frame));
    } catch (error) {
      if (!(error instanceof MalformedError)) throw error;
      this.lose(`sent what cannot be read (${error.message})`);
    }
  }

  private frame(frame: Buffer): void {
    if (this.phase.kind === 'closed') return;
    if (this.phase.kind !== 'serving') return this.listener.greeted(readConnectResponse(frame));
    const body = new JuteReader(frame);
    const header = readReplyHeader(body);
    if (header.xid === XID.ping) return;
    if (header.xid !== XID.notification) return this.listener.answered(header, body);
    const { type, path } = readEvent(body);
    this.listener.event(type, path, header.zxid);
  }

  private watchSilence(timeoutMs: number): void {
    this.timer.cancel();
    const nowMs = this.world.clock.monotonicMs();
    if (nowMs - this.heardAtMs >= (timeoutMs * 2) / 3) {
      return this.lose(`was silent for ${Math.round(nowMs - this.heardAtMs)} ms`);
    }
    if (nowMs - this.sentAtMs >= timeoutMs / 3) this.send(0, { op: OP.ping });
    const dueMs = Math.min(this.sentAtMs + timeoutMs / 3, this.heardAtMs + (timeoutMs * 2) / 3);
    this.timer = this.world.timers.after(Math.max(1, Math.ceil(dueMs - nowMs)), () => {
      this.watchSilence(timeoutMs);
    });
  }
}
