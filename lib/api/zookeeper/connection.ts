import type { Socket } from 'node:net';
import { MalformedError, type Clock, type SessionId } from '../../base/index.js';
import {
  addressIdentity,
  type Arrival,
  type Arrived,
  type AttachedSession,
  type ClientLink,
  type EndCause,
  type SessionHub,
  type WatchEvent,
} from '../../coordination/index.js';
import type { Identity, Machine } from '../../state/index.js';
import {
  FrameSplitter,
  JuteReader,
  JuteWriter,
  NO_SESSION,
  PASSWORD_BYTES,
  readConnectRequest,
  readRequestBody,
  readRequestHeader,
  writeConnectResponse,
  type ConnectRequest,
} from '../../wire/zookeeper/index.js';
import type { Standing } from './read-only.js';
import { RequestHandler, type Answering, type Credentials, type Reconfigure } from './request-handler.js';
import { Traffic, type Counters } from './traffic.js';
import { isWord, type ConnectionView, type Word } from './words/index.js';

export interface ConnectionLimits {
  /** Session timeouts that are granted. */
  readonly minTimeoutMs: number;
  readonly maxTimeoutMs: number;
  /** Requests of a connection that are not answered: nothing more is read from it meanwhile. */
  readonly outstanding: number;
  /** Answers and events that its client does not take: nothing more is read from it meanwhile. */
  readonly unsentBytes: number;
  /** The same, where the connection is closed: its client is too slow, or gone. */
  readonly unsentBytesMax: number;
  /** The same of all connections together: those that owe most are closed. */
  readonly unsentBytesTotal: number;
  /** From the first byte to the session. */
  readonly greetingMs: number;
}

export const CONNECTION_LIMITS: ConnectionLimits = {
  minTimeoutMs: 4_000,
  maxTimeoutMs: 40_000,
  outstanding: 1_000,
  unsentBytes: 1 << 20,
  unsentBytesMax: 64 << 20,
  unsentBytesTotal: 256 << 20,
  greetingMs: 10_000,
};

export interface ConnectionHost {
  readonly hub: SessionHub;
  readonly machine: () => Machine;
  readonly clock: Clock;
  readonly limits: ConnectionLimits;
  readonly credentials: Credentials;
  readonly reconfigure: Reconfigure;
  /** Of the whole door. */
  readonly counters: Counters;
  /** How full the member's lane is; at 1 writes are refused. */
  readonly laneLoad: () => number;
  /** Towards clients that say that reads would do. */
  readonly standing: () => Standing;
  /** The answer to a four-letter word. */
  readonly word: (word: Word) => string;
  /** Proved by the connection itself, beside its address: by a certificate. */
  readonly identities: readonly Identity[];
  /** It has something to say: `flush` is to be called at the end of the turn. */
  readonly dirty: (connection: Connection) => void;
  /** It may not say it yet: `flush` is to be called when that may have changed. */
  readonly waits: (connection: Connection) => void;
  readonly closed: (connection: Connection) => void;
}

type Phase =
  /** Its first four bytes may be a word instead of the length of a frame. */
  | { readonly kind: 'fresh'; readonly sinceMs: number; readonly head: Buffer }
  /** It lasts until its client has taken what it was told last; nothing more is read. */
  | { readonly kind: 'leaving'; readonly sinceMs: number }
  /** Waits for the first frame. */
  | { readonly kind: 'greeting'; readonly sinceMs: number }
  /** Whether the group can be asked for the session, or its client has to do with reads, is to be seen. */
  | { readonly kind: 'undecided'; readonly sinceMs: number; readonly request: ConnectRequest }
  /** The group is asked for the session. */
  | { readonly kind: 'arriving'; readonly sinceMs: number; readonly request: ConnectRequest }
  | { readonly kind: 'attached'; readonly session: AttachedSession; readonly handler: RequestHandler }
  | { readonly kind: 'closed' };

/** Of the lane, for writes that came without being waited for; the rest is for those that were read before. */
const LANE_SHARE = 0.5;
const WORD_BYTES = 4;
const NOTHING: Buffer = Buffer.alloc(0);
/** Stands among the requests for the first frame. */
const GREETING = 0;
const NO_PASSWORD = new Uint8Array(PASSWORD_BYTES);

/** One connection of a ZooKeeper client. */
export class Connection implements ClientLink, Answering, ConnectionView {
  private readonly socket: Socket;
  private readonly host: ConnectionHost;
  private readonly splitter: FrameSplitter = new FrameSplitter();
  private phase: Phase;
  private paused = false;
  /** Frames of the last chunk that have to wait: the client has asked for enough, or is not there yet. */
  private held: Buffer[] = [];
  /** Closed once what is written has left. */
  private finishing = false;
  readonly out: JuteWriter = new JuteWriter(256);
  readonly traffic: Traffic;
  readonly remote: string;
  readonly openedAtMs: number;

  constructor(socket: Socket, host: ConnectionHost) {
    this.socket = socket;
    this.host = host;
    this.traffic = new Traffic(host.counters);
    this.remote = `${socket.remoteAddress ?? ''}:${socket.remotePort ?? 0}`;
    this.openedAtMs = host.clock.wallMs();
    this.phase = { kind: 'fresh', sinceMs: host.clock.monotonicMs(), head: NOTHING };
    socket.on('data', (chunk: Buffer) => this.receive(chunk));
    socket.on('drain', () => this.resume());
    socket.on('error', () => this.drop());
    socket.on('close', () => this.drop());
  }

  get session(): SessionId | null {
    return this.phase.kind === 'attached' ? this.phase.session.session : null;
  }

  get timeoutMs(): number {
    return this.phase.kind === 'attached' ? this.phase.session.timeoutMs : 0;
  }

  get reading(): boolean {
    return !this.paused && this.phase.kind !== 'leaving';
  }

  /** Answers and events that its client has not taken. */
  get unsentBytes(): number {
    return this.socket.writableLength + this.out.length;
  }

  receive(chunk: Buffer): void {
    const { phase } = this;
    if (this.finishing) return;
    switch (phase.kind) {
      case 'closed':
      case 'leaving':
        return;
      case 'fresh':
        return this.begin(
          phase.sinceMs,
          phase.head.length === 0 ? chunk : Buffer.concat([phase.head, chunk]),
        );
      case 'attached':
        phase.session.heard();
        break;
      case 'greeting':
      case 'undecided':
      case 'arriving':
    }
    this.split(chunk);
  }

  private begin(sinceMs: number, head: Buffer): void {
    if (head.length < WORD_BYTES) {
      this.phase = { kind: 'fresh', sinceMs, head };
      return;
    }
    const word = head.toString('latin1', 0, WORD_BYTES);
    if (isWord(word)) return this.tell(word);
    this.phase = { kind: 'greeting', sinceMs };
    this.split(head);
  }

  /** Whatever else the client sends is not for us. */
  private tell(word: Word): void {
    this.leave();
    this.traffic.word();
    this.socket.end(this.host.word(word), () => this.drop());
  }

  private split(chunk: Buffer): void {
    try {
      this.splitter.push(chunk, (frame) => {
        // Frames are views of a chunk that is about to be read over.
        if (this.held.length > 0 || this.crowded(1)) this.held.push(Buffer.from(frame));
        else this.frame(frame);
      });
      this.traffic.arrived(this.host.clock.monotonicMs());
    } catch (error) {
      if (!(error instanceof MalformedError)) throw error;
      return this.drop();
    }
    this.throttle();
  }

  // What its session tells it.

  event(event: WatchEvent, path: string): void {
    if (this.phase.kind === 'attached') this.phase.handler.event(event, path);
  }

  ended(_cause: EndCause): void {
    if (this.phase.kind === 'closed') return;
    // The session is no longer ours: it must not be detached again when the socket closes.
    this.phase = { kind: 'closed' };
    // What it was about to be told goes with it: an entry that is being applied may still break.
    this.socket.destroy();
    this.host.closed(this);
  }

  // What answers it.

  answered(): void {
    this.host.dirty(this);
  }

  authFailed(): void {
    this.host.counters.authFailed++;
  }

  finish(): void {
    this.finishing = true;
    // What was asked for behind it is not answered any more.
    if (this.phase.kind === 'attached') this.host.hub.detach(this.phase.session);
    this.host.dirty(this);
  }

  drop(): void {
    const { phase } = this;
    if (phase.kind === 'closed') return;
    this.phase = { kind: 'closed' };
    this.socket.destroy();
    if (phase.kind === 'attached') this.host.hub.detach(phase.session);
    this.host.closed(this);
  }

  /** Sends what was written, unless it must wait; called again then. */
  flush(): void {
    const { phase } = this;
    if (phase.kind === 'closed' || phase.kind === 'leaving') return;
    // Also while nothing may be said: events come unasked.
    if (this.unsentBytes > this.host.limits.unsentBytesMax) return this.drop();
    if (phase.kind === 'attached' && !this.finishing && !this.host.hub.mayAnswer(phase.session)) {
      this.throttle();
      return this.host.waits(this);
    }
    this.flushOut();
    if (this.finishing) {
      this.leave();
      this.socket.end(() => this.drop());
    } else {
      this.throttle();
      this.resume();
    }
  }

  /** Called a few times a second: what waits for too long, and what may be sent at last. */
  tick(nowMs: number): void {
    const { phase } = this;
    if ('sinceMs' in phase && nowMs - phase.sinceMs > this.host.limits.greetingMs) return this.drop();
    // It came when there seemed to be a leader. It comes again, or finds another member.
    if (phase.kind === 'arriving' && this.host.standing() === 'read-only') return this.drop();
    if (phase.kind === 'undecided') this.decide(phase.request, phase.sinceMs);
    if (this.out.length > 0) this.flush();
    this.resume();
  }

  private leave(): void {
    const { phase } = this;
    this.phase = { kind: 'leaving', sinceMs: this.host.clock.monotonicMs() };
    if (phase.kind === 'attached') this.host.hub.detach(phase.session);
  }

  private flushOut(): void {
    if (this.out.length === 0) return;
    const bytes = this.out.take();
    this.traffic.leaves(bytes, this.host.clock.monotonicMs());
    this.socket.write(bytes);
  }

  private frame(frame: Buffer): void {
    const { phase } = this;
    switch (phase.kind) {
      case 'greeting':
        return this.greet(readConnectRequest(frame), phase.sinceMs);
      case 'attached':
        if (!this.finishing) this.request(phase.handler, frame);
        return;
      case 'fresh':
      case 'undecided':
      case 'arriving':
      case 'leaving':
      case 'closed':
    }
  }

  /** Whoever has seen more than we have would see the past here: it finds a member that is further. */
  private greet(request: ConnectRequest, sinceMs: number): void {
    if (request.lastZxidSeen > this.host.machine().revision) return this.drop();
    this.traffic.request(GREETING);
    this.decide(request, sinceMs);
  }

  /** Who says that reads would do waits until it is known whether there is more to be had. */
  private decide(request: ConnectRequest, sinceMs: number): void {
    const content = request.readOnly === true;
    const standing = this.host.standing();
    if (standing === 'led' || (standing === 'leaderless' && !content)) return this.arrive(request, sinceMs);
    if (standing === 'leaderless') this.phase = { kind: 'undecided', sinceMs, request };
    // A session of the group may have ended without this member's knowing.
    else if (!content || request.session !== NO_SESSION) this.drop();
    else {
      this.phase = { kind: 'arriving', sinceMs, request };
      const session = this.host.hub.openAlone(this.arrival(request));
      this.arrived({ kind: 'attached', session });
    }
  }

  private arrival(request: ConnectRequest): Arrival {
    const { limits, identities } = this.host;
    const timeoutMs = Math.min(limits.maxTimeoutMs, Math.max(limits.minTimeoutMs, request.timeoutMs));
    const address = addressIdentity(this.socket.remoteAddress ?? '');
    return { timeoutMs, identities: [address, ...identities], link: this };
  }

  private arrive(request: ConnectRequest, sinceMs: number): void {
    const { hub } = this.host;
    this.phase = { kind: 'arriving', sinceMs, request };
    const arrival = this.arrival(request);
    const arrived = (how: Arrived): void => this.arrived(how);
    if (request.session === NO_SESSION) return hub.open(arrival, arrived);
    hub.attach({ session: request.session as SessionId, password: request.password }, arrival, arrived);
  }

  private arrived(how: Arrived): void {
    const { phase, host } = this;
    if (phase.kind !== 'arriving') {
      // The client did not wait. Its session lives until it is taken up, or expires.
      if (how.kind === 'attached') host.hub.detach(how.session);
      return;
    }
    if (how.kind === 'refused') return this.drop();
    const readOnly = phase.request.readOnly === null ? null : how.kind === 'attached' && how.session.readOnly;
    if (how.kind === 'no-session') {
      writeConnectResponse(this.out, { timeoutMs: 0, session: NO_SESSION, password: NO_PASSWORD, readOnly });
      return this.finish();
    }
    const { session } = how;
    const handler = new RequestHandler(session, this, host.credentials, host.reconfigure);
    this.phase = { kind: 'attached', session, handler };
    const { timeoutMs, password } = session;
    writeConnectResponse(this.out, { timeoutMs, session: session.session, password, readOnly });
    this.answered();
    this.resume();
  }

  private request(handler: RequestHandler, frame: Buffer): void {
    const r = new JuteReader(frame);
    const { xid, type } = readRequestHeader(r);
    this.traffic.request(type);
    let request;
    try {
      request = readRequestBody(r, type);
    } catch (error) {
      if (!(error instanceof MalformedError)) throw error;
      return handler.malformed(xid);
    }
    handler.handle(xid, request);
  }

  /**
   * Reads on only while the client takes its answers and does not ask for too much at once; and, as ZooKeeper does, not
   * while the group is asked for the session.
   */
  private throttle(): void {
    if (this.paused || (this.held.length === 0 && !this.crowded(1))) return;
    this.paused = true;
    this.socket.pause();
  }

  private resume(): void {
    if (!this.paused || this.phase.kind === 'closed' || this.crowded(0.5)) return;
    if (!this.takeHeld()) return;
    this.paused = false;
    this.socket.resume();
  }

  /** False when some have to wait still. This may be within the apply of an entry, which a client must not break. */
  private takeHeld(): boolean {
    let taken = 0;
    try {
      while (taken < this.held.length && !this.crowded(1)) this.frame(this.held[taken++]!);
    } catch (error) {
      if (!(error instanceof MalformedError)) throw error;
      this.drop();
    }
    this.held = this.held.slice(taken);
    this.traffic.arrived(this.host.clock.monotonicMs());
    return this.held.length === 0;
  }

  private crowded(share: number): boolean {
    if (this.phase.kind === 'arriving' || this.phase.kind === 'undecided') return true;
    const { outstanding, unsentBytes } = this.host.limits;
    const depth = this.phase.kind === 'attached' ? this.phase.session.depth : 0;
    if (depth > outstanding * share || this.host.laneLoad() > LANE_SHARE * share) return true;
    return this.socket.writableLength + this.out.length > unsentBytes * share;
  }
}
