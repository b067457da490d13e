import { connect, type Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import {
  Frames,
  OPCODE,
  PING_XID,
  connectRequest,
  readConnectResponse,
  readReply,
  request,
  type Reply,
  type SessionKey,
} from './jute.js';

const HANDSHAKE_MS = 3000;

interface Waiting {
  readonly xid: number;
  resolve(reply: Reply): void;
  reject(error: Error): void;
}

/** One TCP connection of a session, with one request on the way at a time. When it ends, so does that request. */
export class Connection {
  /** As the server granted it; the id is 0 when the session had expired. */
  session: SessionKey;
  private readonly socket: Socket;
  private readonly frames = new Frames();
  private readonly greeted: Promise<void>;
  private greet: { resolve(): void; reject(error: Error): void } | null = null;
  private waiting: Waiting | null = null;
  private xid = 0;
  private heardMs = performance.now();
  private timer: NodeJS.Timeout;
  private ended: Error | null = null;

  constructor(address: string, session: SessionKey, lastZxid: bigint, timeoutMs: number) {
    const [host, port] = address.split(':');
    this.session = session;
    this.socket = connect({ host: host!, port: Number(port), noDelay: true });
    this.greeted = new Promise((resolve, reject) => (this.greet = { resolve, reject }));
    this.timer = setTimeout(() => this.end(new Error(`no greeting within ${HANDSHAKE_MS} ms`)), HANDSHAKE_MS);
    this.socket.on('data', (chunk: Buffer) => this.receive(chunk));
    this.socket.on('error', (error) => this.end(error));
    this.socket.on('close', () => this.end(new Error('the server closed the connection')));
    this.socket.write(connectRequest(session, lastZxid, timeoutMs));
  }

  get isOpen(): boolean {
    return this.ended === null;
  }

  ready(): Promise<void> {
    return this.greeted;
  }

  call(opcode: number, body: readonly Buffer[]): Promise<Reply> {
    return new Promise((resolve, reject) => {
      if (this.ended !== null) return reject(this.ended);
      this.xid += 1;
      this.waiting = { xid: this.xid, resolve, reject };
      this.socket.write(request(this.xid, opcode, body));
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
    for (const payload of this.frames.take(chunk)) {
      if (this.ended !== null) return;
      if (this.greet === null) this.receiveReply(readReply(payload));
      else this.receiveGreeting(payload);
    }
  }

  private receiveGreeting(payload: Buffer): void {
    const { timeoutMs, session } = readConnectResponse(payload);
    this.session = session;
    if (timeoutMs === 0) return this.end(new Error('the session has expired'));
    clearTimeout(this.timer);
    this.timer = setInterval(() => this.keepAlive(timeoutMs), timeoutMs / 3);
    this.greet?.resolve();
    this.greet = null;
  }

  private receiveReply(reply: Reply): void {
    if (reply.xid === PING_XID) return;
    const { waiting } = this;
    if (waiting?.xid !== reply.xid) return this.end(new Error(`answer ${reply.xid} out of order`));
    this.waiting = null;
    waiting.resolve(reply);
  }

  /** As the Java client does: a ping after a third of the session's time, the end after two thirds of silence. */
  private keepAlive(timeoutMs: number): void {
    const silentMs = performance.now() - this.heardMs;
    if (silentMs >= (timeoutMs * 2) / 3) this.end(new Error(`the server was silent for ${silentMs} ms`));
    else this.socket.write(request(PING_XID, OPCODE.ping, []));
  }
}
