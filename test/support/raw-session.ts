import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { FrameSplitter } from '../../lib/wire/zookeeper/frame-splitter.js';
import {
  NO_SESSION,
  PASSWORD_BYTES,
  readConnectResponse,
  writeConnectRequest,
  type ConnectResponse,
} from '../../lib/wire/zookeeper/handshake.js';
import { JuteReader } from '../../lib/wire/zookeeper/jute-reader.js';
import { JuteWriter } from '../../lib/wire/zookeeper/jute-writer.js';
import { OP, XID } from '../../lib/wire/zookeeper/opcodes.js';
import { readReplyHeader } from '../../lib/wire/zookeeper/replies.js';
import { writeRequest } from '../../lib/wire/zookeeper/request-writer.js';
import type { Request } from '../../lib/wire/zookeeper/requests.js';

const ANSWER_MS = 20_000;

export interface SessionKey {
  readonly id: string;
  readonly password: Uint8Array;
}

export const NEW_SESSION: SessionKey = { id: NO_SESSION, password: new Uint8Array(PASSWORD_BYTES) };

/** A frame as it came, and the request that it answers; null for an event. */
export interface Received {
  readonly frame: Buffer;
  readonly request: Request | null;
}

/** One connection to a ZooKeeper server, with nothing made easy: what it sends and gets is seen as it is. */
export class RawSession {
  private readonly socket: Socket;
  private readonly splitter = new FrameSplitter(64 * 1024 * 1024);
  private readonly writer = new JuteWriter();
  private readonly frames: Buffer[] = [];
  private readonly unanswered: { readonly xid: number; readonly request: Request }[] = [];
  private wake: () => void = () => undefined;
  private xid = 0;
  private isClosed = false;
  greeting: ConnectResponse | null = null;
  /** The newest zxid of a reply, as a client remembers it. */
  lastZxid = 0;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (chunk: Buffer) => {
      this.splitter.push(chunk, (frame) => this.frames.push(Buffer.from(frame)));
      this.wake();
    });
    const closed = (): void => {
      this.isClosed = true;
      this.wake();
    };
    socket.on('close', closed);
    socket.on('error', closed);
  }

  /** Resolves once the server has answered the handshake or closed the connection. */
  static async open(
    address: string,
    key: SessionKey,
    timeoutMs: number,
    lastZxidSeen: number = 0,
    readOnly: boolean = false,
  ): Promise<RawSession> {
    const [host, port] = address.split(':');
    const socket = connect({ host: host!, port: Number(port), noDelay: true });
    const session = new RawSession(socket);
    await Promise.race([once(socket, 'connect'), once(socket, 'close')]);
    writeConnectRequest(session.writer, {
      protocolVersion: 0,
      lastZxidSeen,
      timeoutMs,
      session: key.id,
      password: key.password,
      readOnly,
    });
    session.socket.write(session.writer.take());
    await session.until(() => session.frames.length > 0);
    const frame = session.frames.shift();
    if (frame !== undefined) session.greeting = readConnectResponse(frame);
    session.lastZxid = lastZxidSeen;
    return session;
  }

  get key(): SessionKey {
    if (this.greeting === null) throw new Error('the server did not answer the handshake');
    return { id: this.greeting.session, password: this.greeting.password };
  }

  get closed(): boolean {
    return this.isClosed;
  }

  /** Sends the requests in one piece. */
  send(requests: readonly Request[]): void {
    for (const request of requests) {
      const xid = writeRequest(this.writer, ++this.xid, request);
      this.unanswered.push({ xid, request });
    }
    this.socket.write(this.writer.take());
  }

  sendBytes(bytes: Uint8Array): void {
    this.socket.write(bytes);
  }

  /** What came until all that was sent is answered, or the server closed the connection. */
  async answers(): Promise<Received[]> {
    const received: Received[] = [];
    await this.until(() => {
      for (let frame = this.frames.shift(); frame !== undefined; frame = this.frames.shift()) {
        received.push({ frame, request: this.match(frame) });
      }
      return this.unanswered.length === 0;
    });
    return received;
  }

  /** What came up to the answer of a sync, without that answer: everything that was to be said of what is done. */
  async settle(): Promise<Received[]> {
    if (this.isClosed) return [];
    this.send([{ op: OP.sync, path: '/' }]);
    const all = await this.answers();
    return all.filter(({ request }) => request === null);
  }

  /** Frames until one of them is an event that `wanted` takes. */
  async event(wanted: (frame: Buffer) => boolean): Promise<Received[]> {
    const received: Received[] = [];
    await this.until(() => {
      for (let frame = this.frames.shift(); frame !== undefined; frame = this.frames.shift()) {
        received.push({ frame, request: this.match(frame) });
      }
      return received.some(({ frame, request }) => request === null && wanted(frame));
    });
    return received;
  }

  destroy(): void {
    this.socket.destroy();
  }

  async end(): Promise<void> {
    await this.until(() => this.isClosed);
  }

  /** Whether the server closes the connection within `ms`. */
  async closesWithin(ms: number): Promise<boolean> {
    if (this.isClosed) return true;
    await Promise.race([once(this.socket, 'close'), new Promise((resolve) => setTimeout(resolve, ms))]);
    return this.isClosed;
  }

  private match(frame: Buffer): Request | null {
    const { xid, zxid } = readReplyHeader(new JuteReader(frame));
    if (xid === XID.notification) return null;
    if (zxid > 0 && zxid < this.lastZxid) throw new Error(`zxid ${zxid} after ${this.lastZxid}`);
    if (zxid > 0) this.lastZxid = zxid;
    const first = this.unanswered.shift();
    if (first === undefined) throw new Error(`an answer ${xid} to nothing`);
    if (first.xid !== xid)
      throw new Error(`an answer ${xid} where ${first.xid} is next, to ${JSON.stringify(first.request)}`);
    return first.request;
  }

  /** Resolves when `holds`, or when the connection is closed. */
  private until(holds: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => {
        reject(new Error(`no answer within ${ANSWER_MS} ms; waiting for ${this.unanswered.length}`));
      }, ANSWER_MS);
      this.wake = () => {
        if (!holds() && !this.isClosed) return;
        clearTimeout(late);
        this.wake = () => undefined;
        resolve();
      };
      this.wake();
    });
  }
}
