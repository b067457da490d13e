import { TepuiError, type TimerHandle } from '../../base/index.js';
import {
  FRAME_LIMIT_BYTES,
  JuteWriter,
  NO_SESSION,
  OP,
  PASSWORD_BYTES,
  writeRequest,
  XID,
  ZK_ERROR,
  type ConnectResponse,
  type JuteReader,
  type ReplyHeader,
  type Request,
} from '../../wire/zookeeper/index.js';
import type { World } from '../system.js';
import { Connection } from './connection.js';
import { refusal } from './errors.js';
import { Pending, type Settle } from './pending.js';
import { Servers } from './servers.js';
import { Watched } from './watched.js';
import type { ConnectWire } from './wire.js';

/** Requests without an answer: more are refused. */
const OUTSTANDING_LIMIT = 1000;
/** The server's answer to the end of a session is waited for, for so long. */
const CLOSE_MS = 1000;

/** A scheme and what proves who one is: `digest` and `user:password`. */
export interface Credentials {
  readonly scheme: string;
  readonly secret: string;
}

export interface SessionOptions {
  /** `host:port` of some or all servers. */
  readonly servers: readonly string[];
  /** How long the session outlives its connection, as wanted; servers grant 4 to 40 s. */
  readonly sessionTimeoutMs: number;
  readonly credentials: readonly Credentials[];
}

export interface SessionPorts {
  readonly connect: ConnectWire;
  readonly world: World;
}

export interface SessionListener {
  /** `type`: 1 created, 2 deleted, 3 data changed, 4 children changed. */
  event(type: number, path: string): void;
  /** The connection is lost; the session looks for another server. */
  interrupted(error: TepuiError): void;
  /** Attached again, watches included. */
  resumed(): void;
  /** SESSION_EXPIRED or AUTH_FAILED: nothing more comes of this session. */
  ended(error: TepuiError): void;
}

type State =
  | { readonly kind: 'new' }
  | { readonly kind: 'pausing'; readonly timer: TimerHandle }
  | { readonly kind: 'greeting' | 'attached'; readonly connection: Connection }
  | { readonly kind: 'closing'; readonly connection: Connection; readonly done: () => void }
  | { readonly kind: 'ended'; readonly error: TepuiError };

/**
 * A session with an ensemble. It is opened with the first request, moves to another server when one is lost, and sends
 * requests in the order in which they were given. Those that had left when a connection was lost are sent again if they
 * change nothing, and end with OUTCOME_UNKNOWN otherwise.
 */
export class Session {
  private readonly options: SessionOptions;
  private readonly ports: SessionPorts;
  private readonly listener: SessionListener;
  private readonly servers: Servers;
  private readonly watched: Watched = new Watched();
  private state: State = { kind: 'new' };
  private id: string = NO_SESSION;
  private password: Uint8Array = new Uint8Array(PASSWORD_BYTES);
  private lastZxid = 0;
  private xid = 0;
  /** Sent on the current connection, in that order. */
  private sent: Pending[] = [];
  private unsent: Pending[] = [];

  constructor(options: SessionOptions, ports: SessionPorts, listener: SessionListener) {
    this.options = options;
    this.ports = ports;
    this.listener = listener;
    this.servers = new Servers(options.servers, ports.world);
  }

  /** `settle` is called once: with the answer, or with an error at the latest after `timeoutMs`. */
  submit(request: Request, what: string, timeoutMs: number, settle: Settle): void {
    const pending = new Pending(request, what, settle);
    const refused = this.refused(request, what);
    if (refused !== null) return pending.failed(refused);
    pending.endsWith(this.ports.world.timers.after(timeoutMs, () => this.late(pending, timeoutMs)));
    if (this.state.kind === 'attached') return this.send(this.state.connection, pending);
    this.unsent.push(pending);
    if (this.state.kind === 'new') this.connect();
  }

  /** From now on every new connection is told to watch it. */
  keepWatching(path: string, recursive: boolean): void {
    this.watched.add(path, recursive);
  }

  /** Ends the session where it can be told, else leaves it to expire; `done` is called within a second or so. */
  close(done: () => void): void {
    const { state } = this;
    const error = new TepuiError('SHUTTING_DOWN', 'the session is being closed');
    if (state.kind !== 'attached') {
      this.end(error);
      return done();
    }
    const { connection } = state;
    const late = this.ports.world.timers.after(CLOSE_MS, () => connection.lose('gave no answer to the end'));
    const finish = (): void => {
      if (this.state.kind !== 'closing') return;
      late.cancel();
      connection.close();
      this.end(error);
      done();
    };
    this.state = { kind: 'closing', connection, done: finish };
    const closing = new Pending({ op: OP.closeSession }, 'close', finish);
    this.send(connection, closing);
  }

  private refused(request: Request, what: string): TepuiError | null {
    const { state } = this;
    if (state.kind === 'ended') return state.error;
    if (state.kind === 'closing') return new TepuiError('SHUTTING_DOWN', 'the session is being closed');
    if (this.sent.length + this.unsent.length >= OUTSTANDING_LIMIT) {
      return new TepuiError('OVERLOADED', `${OUTSTANDING_LIMIT} requests are not answered`);
    }
    const sizeBytes = sizeOf(request);
    if (sizeBytes <= FRAME_LIMIT_BYTES) return null;
    // A server would close the connection without a word.
    return new TepuiError(
      'TOO_LARGE',
      `${what}: ${sizeBytes} bytes; a request may have ${FRAME_LIMIT_BYTES}`,
    );
  }

  private connect(): void {
    const { servers, options, ports } = this;
    const greeting = {
      protocolVersion: 0,
      lastZxidSeen: this.lastZxid,
      timeoutMs: options.sessionTimeoutMs,
      session: this.id,
      password: this.password,
      readOnly: false,
    };
    const connection: Connection = new Connection(
      servers.current,
      greeting,
      servers.greetingMs(),
      ports.connect,
      ports.world,
      {
        greeted: (response) => this.greeted(connection, response),
        answered: (header, body) => this.answered(connection, header, body),
        event: (type, path, zxid) => {
          this.saw(zxid);
          this.listener.event(type, path);
        },
        lost: (error, reached) => this.lost(error, reached),
      },
    );
    this.state = { kind: 'greeting', connection };
  }

  private greeted(connection: Connection, response: ConnectResponse): void {
    if (response.timeoutMs <= 0 || response.session === NO_SESSION) {
      connection.close();
      return this.fail(new TepuiError('SESSION_EXPIRED', `${connection.address}: the session has expired`));
    }
    const again = this.id !== NO_SESSION;
    this.id = response.session;
    this.password = Uint8Array.from(response.password);
    this.servers.serving();
    connection.serve(response.timeoutMs);
    this.state = { kind: 'attached', connection };
    for (const one of this.options.credentials) this.authenticate(connection, one);
    const watches = this.watched.request(this.lastZxid);
    if (watches !== null) this.send(connection, new Pending(watches, 'watch', () => undefined));
    const { unsent } = this;
    this.unsent = [];
    for (const pending of unsent) this.send(connection, pending);
    if (again) this.listener.resumed();
  }

  private authenticate(connection: Connection, { scheme, secret }: Credentials): void {
    const request: Request = { op: OP.auth, scheme, credentials: Buffer.from(secret) };
    const settle: Settle = (error, err) => {
      if (error === null && err !== ZK_ERROR.ok) this.fail(refusal(ZK_ERROR.authFailed, `auth ${scheme}`));
    };
    this.send(connection, new Pending(request, `auth ${scheme}`, settle));
  }

  private send(connection: Connection, pending: Pending): void {
    if (pending.settled) return;
    this.xid = this.xid >= 0x7fff_ffff ? 1 : this.xid + 1;
    pending.xid = connection.send(this.xid, pending.request);
    this.sent.push(pending);
  }

  private answered(connection: Connection, header: ReplyHeader, body: JuteReader): void {
    this.saw(header.zxid);
    // Servers answer auth before what stands in line.
    const at = header.xid === XID.auth ? this.sent.findIndex(({ xid }) => xid === XID.auth) : 0;
    const pending = this.sent[at];
    if (pending?.xid !== header.xid) {
      return connection.lose(`answered ${header.xid} where ${pending?.xid ?? 'nothing'} was next`);
    }
    this.sent.splice(at, 1);
    pending.answered(header.err, body);
  }

  private lost(error: TepuiError, reached: boolean): void {
    const { state } = this;
    if (state.kind === 'closing') return state.done();
    const served = state.kind === 'attached';
    const { sent } = this;
    const again = sent.filter((one) => one.harmless && one.xid !== XID.auth && one.xid !== XID.setWatches);
    const unknown = sent.filter((one) => !one.harmless);
    for (const pending of again) pending.xid = null;
    this.sent = [];
    this.unsent = [...again, ...this.unsent].filter((one) => !one.settled);
    const delayMs = this.servers.failed(error, reached);
    const timer = this.ports.world.timers.after(delayMs, () => this.connect());
    this.state = { kind: 'pausing', timer };
    for (const pending of unknown) pending.failed(error);
    if (served) this.listener.interrupted(error);
  }

  /** Its time is up. What was sent stays in line, since its answer will come there. */
  private late(pending: Pending, timeoutMs: number): void {
    const { state } = this;
    this.unsent = this.unsent.filter((one) => one !== pending);
    if (state.kind !== 'attached') return pending.failed(this.servers.trouble());
    const message = `${state.connection.address} gave no answer within ${timeoutMs} ms`;
    pending.failed(new TepuiError('NO_LEADER', message));
  }

  private saw(zxid: number): void {
    if (zxid > this.lastZxid) this.lastZxid = zxid;
  }

  /** Nothing more can come of the session. */
  private fail(error: TepuiError): void {
    this.end(error);
    this.listener.ended(error);
  }

  private end(error: TepuiError): void {
    const { state } = this;
    if (state.kind === 'ended') return;
    if (state.kind === 'pausing') state.timer.cancel();
    else if (state.kind !== 'new') state.connection.close();
    this.state = { kind: 'ended', error };
    const left = [...this.sent, ...this.unsent];
    this.sent = [];
    this.unsent = [];
    for (const pending of left) pending.failed(error);
  }
}

function sizeOf(request: Request): number {
  const writer = new JuteWriter(256);
  writeRequest(writer, 0, request);
  return writer.length - 4;
}
