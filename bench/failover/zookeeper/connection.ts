import { connect, type Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import {
  FrameSplitter,
  JuteReader,
  JuteWriter,
  OP,
  XID,
  readConnectResponse,
  readReplyHeader,
  writeConnectRequest,
  writeRequest,
  type ReplyHeader,
  type Request,
} from '../../../lib/wire/zookeeper/index.js';

const HANDSHAKE_MS = 3000;

export interface SessionKey {
  /** As ConnectRequest has it. */
  readonly session: string;
  readonly password: Uint8Array;
}

export interface Reply extends ReplyHeader {
  readonly body: Buffer;
}

interface Waiting {
  readonly xid: number;
  resolve(reply: Reply): void;
  reject(error: Error): void;
}

/** One TCP connection of a session, with one request on the way at a time. When it ends, so does that request. */
export class Connection {
  /** As the server granted it; it is NO_SESSION when the session had expired. */
  session: SessionKey;
  private readonly socket: Socket;
  private readonly frames = new FrameSplitter();
  private readonly out = new JuteWriter();
  private readonly greeted: Promise<void>;
  private greet: { resolve(): void; reject(error: Error): void } | null = null;
  private waiting: Waiting | null = null;
  private xid = 0;
  private heardMs = performance.now();
  private timer: NodeJS.Timeout;
  private ended: Error | null = null;

  constructor(address: string, session: SessionKey, lastZxidSeen: number, timeoutMs: number) {
    const [host, port] = address.split(':');
    this.session = session;
    this.socket = connect({ host: host!, port: Number(port), noDelay: true });
    this.greeted = new Promise((resolve, reject) => (this.greet = { resolve, reject }));
    this.timer = setTimeout(() => this.end(new Error(`no greeting within ${HANDSHAKE_MS} ms`)), HANDSHAKE_MS);
    this.socket.on('data', (chunk: Buffer) => this.receive(chunk));
    this.socket.on('error', (error) => this.end(error));
    this.socket.on('close', () => this.end(new Error('the server closed the connection')));
    writeConnectRequest(this.out, {
      protocolVersion: 0,
      lastZxidSeen,
      timeoutMs,
      ...session,
      readOnly: null,
    });
    this.socket.write(this.out.take());
  }

  get isOpen(): boolean {
    return this.ended === null;
  }

  ready(): Promise<void> {
    return this.greeted;
  }

  call(request: Request): Promise<Reply> {
    return new Promise((resolve, reject) => {
      if (this.ended !== null) return reject(this.ended);
      this.xid += 1;
      this.waiting = { xid: this.xid, resolve, reject };
      this.send(this.xid, request);
    });
  }

  end(error: Error): void {
    if (this.ended !== null) return;
    this.ended = error;
    clearTimeout(this.timer);
    this.socket.destroy();
    this.greet?.reject(error);
    this.waiting?.reject(error);
  }

  private receive(chunk: Buffer): void {
    this.heardMs = performance.now();
    this.frames.push(chunk, (frame) => {
      if (this.ended !== null) return;
      if (this.greet === null) this.receiveReply(frame);
      else this.receiveGreeting(frame);
    });
  }

  private receiveGreeting(frame: Buffer): void {
    const { timeoutMs, session, password } = readConnectResponse(frame);
    // The frame is a view of what may be written over.
    this.session = { session, password: Uint8Array.from(password) };
    if (timeoutMs === 0) return this.end(new Error('the session has expired'));
    clearTimeout(this.timer);
    this.timer = setInterval(() => this.keepAlive(timeoutMs), timeoutMs / 3);
    this.greet?.resolve();
    this.greet = null;
  }

  private receiveReply(frame: Buffer): void {
    const r = new JuteReader(frame);
    const header = readReplyHeader(r);
    if (header.xid === XID.ping) return;
    const { waiting } = this;
    if (waiting?.xid !== header.xid) return this.end(new Error(`answer ${header.xid} out of order`));
    this.waiting = null;
    waiting.resolve({ ...header, body: Buffer.from(frame.subarray(frame.length - r.remaining)) });
  }

  /** As the Java client does: a ping after a third of the session's time, the end after two thirds of silence. */
  private keepAlive(timeoutMs: number): void {
    const silentMs = performance.now() - this.heardMs;
    if (silentMs >= (timeoutMs * 2) / 3) this.end(new Error(`the server was silent for ${silentMs} ms`));
    else this.send(XID.ping, { op: OP.ping });
  }

  private send(xid: number, request: Request): void {
    writeRequest(this.out, xid, request);
    this.socket.write(this.out.take());
  }
}
