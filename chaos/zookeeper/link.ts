import { connect, type Socket } from 'node:net';
import { MalformedError } from '../../lib/base/index.js';
import {
  FrameSplitter,
  JuteReader,
  JuteWriter,
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
} from '../../lib/wire/zookeeper/index.js';

const ANSWER_LIMIT_BYTES = 64 << 20;

/** A request until its answer comes. */
export interface Asked<T> {
  readonly request: Request;
  readonly sentNs: number;
  readonly context: T;
}

export interface LinkListener<T> {
  greeted(response: ConnectResponse): void;
  answered(asked: Asked<T>, header: ReplyHeader, body: JuteReader): void;
  event(type: number, path: string): void;
  /** An answer came that is not the next one due. */
  disorder(what: string): void;
  /** Called once, and last. */
  lost(why: string, unanswered: readonly Asked<T>[]): void;
}

/** One connection to a server, with nothing made easy: answers are taken in the order of what was asked. */
export class Link<T> {
  private readonly socket: Socket;
  private readonly now: () => number;
  private readonly listener: LinkListener<T>;
  private readonly splitter: FrameSplitter = new FrameSplitter(ANSWER_LIMIT_BYTES);
  private readonly writer: JuteWriter = new JuteWriter(512);
  private asked: (Asked<T> & { readonly xid: number })[] = [];
  private greeted = false;
  private over = false;
  private xid = 0;

  /** Dials at once, and greets. */
  constructor(address: string, greeting: ConnectRequest, now: () => number, listener: LinkListener<T>) {
    const [host = '', port = ''] = address.split(':');
    this.now = now;
    this.listener = listener;
    this.socket = connect({ host, port: Number(port), noDelay: true });
    this.socket.once('connect', () => {
      writeConnectRequest(this.writer, greeting);
      this.socket.write(this.writer.take());
    });
    this.socket.on('data', (chunk: Buffer) => this.receive(chunk));
    this.socket.on('error', (error: NodeJS.ErrnoException) => this.end(error.code ?? error.message));
    this.socket.on('close', () => this.end('closed'));
  }

  /** Sends them in one piece. */
  send(requests: readonly { readonly request: Request; readonly context: T }[]): void {
    if (this.over) throw new Error('a request on a connection that is over');
    // Before they leave: judges count from here.
    const sentNs = this.now();
    for (const { request, context } of requests) {
      const xid = writeRequest(this.writer, ++this.xid, request);
      this.asked.push({ request, context, sentNs, xid });
    }
    this.socket.write(this.writer.take());
  }

  destroy(why: string): void {
    this.end(why);
  }

  private receive(chunk: Buffer): void {
    try {
      this.splitter.push(chunk, (frame) => this.frame(frame));
    } catch (error) {
      if (!(error instanceof MalformedError)) throw error;
      this.listener.disorder(`what cannot be read: ${error.message}`);
      this.end('malformed');
    }
  }

  private frame(frame: Buffer): void {
    if (this.over) return;
    if (!this.greeted) {
      this.greeted = true;
      return this.listener.greeted(readConnectResponse(frame));
    }
    const body = new JuteReader(frame);
    const header = readReplyHeader(body);
    if (header.xid === XID.notification) {
      const { type, path } = readEvent(body);
      return this.listener.event(type, path);
    }
    const [next] = this.asked;
    if (next?.xid !== header.xid) {
      this.listener.disorder(`answer ${header.xid} where ${next?.xid ?? 'none'} is due`);
      return this.end('disorder');
    }
    this.asked.shift();
    this.listener.answered(next, header, body);
  }

  private end(why: string): void {
    if (this.over) return;
    this.over = true;
    this.socket.destroy();
    const { asked } = this;
    this.asked = [];
    this.listener.lost(why, asked);
  }
}
