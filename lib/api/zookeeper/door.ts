import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, Server as TlsServer, type TLSSocket } from 'node:tls';
import { randomBytes } from 'node:crypto';
import type { Clock, Logger, NodeId, Random, SessionId } from '../../base/index.js';
import { SessionHub, type SaslUsers } from '../../coordination/index.js';
import type { Replica } from '../../replica/index.js';
import type { Identity } from '../../state/index.js';
import type { TlsMaterial } from '../../wire/index.js';
import { Admission } from './admission.js';
import { certificateIdentities } from './certificates.js';
import { dropSlowest } from './backlog.js';
import { Connection, CONNECTION_LIMITS, type ConnectionHost, type ConnectionLimits } from './connection.js';
import { standing, type Standing } from './read-only.js';
import { Reconfiguration } from './reconfig/reconfiguration.js';
import { CutNotes } from './cut-notes.js';
import { Counters } from './traffic.js';
import { answerWord, DEFAULT_WORDS, type Word, type WordSource } from './words/index.js';

const TICK_MS = 100;
const NONCE_BYTES = 24;

export interface ZooKeeperDoorOptions {
  readonly host: string;
  readonly port: number;
  readonly replica: Replica;
  readonly node: () => NodeId;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Calls back every so often until the returned function is called. */
  readonly every: (ms: number, callback: () => void) => () => void;
  readonly limits?: Partial<ConnectionLimits>;
  /** Connections in all, and from one address; 0, the default: no limit. */
  readonly maxConnections?: number;
  readonly maxConnectionsPerAddress?: number;
  /** Clients that say so are served reads while there is no leader. Default: no. */
  readonly readOnly?: boolean;
  /** Four-letter words that are answered. */
  readonly words?: readonly Word[];
  /** Null, the default: without TLS. */
  readonly tls?: TlsMaterial | null;
  /** What words tell of the process. */
  readonly release?: string;
  readonly dataDir?: string;
  readonly dataBytes?: () => number;
  readonly superDigest?: string | null;
  readonly saslUsers?: SaslUsers;
  /** Sends the leader the sessions that were heard of; returns when it left (monotonic). */
  readonly report: (sessions: ReadonlySet<SessionId>) => number;
}

/** The door for ZooKeeper clients: every member serves it. */
export class ZooKeeperDoor {
  private readonly options: ZooKeeperDoorOptions;
  private readonly server: Server;
  private readonly connections: Set<Connection> = new Set();
  private readonly counters: Counters = new Counters();
  private readonly admission: Admission;
  private readonly reconfiguration: Reconfiguration;
  private readonly cuts: CutNotes = new CutNotes();
  private readonly limits: ConnectionLimits;
  private port: number;
  private dirty: Set<Connection> = new Set();
  private flushing = false;
  /** An entry broke in the middle: nobody is answered any more. */
  private halted = false;
  private stops: (() => void)[] = [];
  readonly hub: SessionHub;
  /** What is known of the door and its member, for words and for other doors. */
  readonly source: WordSource;

  constructor(options: ZooKeeperDoorOptions) {
    this.options = options;
    const { replica, node, clock, random } = options;
    this.hub = new SessionHub({ replica, node, clock, random, reportSoon: () => this.reportSoon() });
    this.limits = { ...CONNECTION_LIMITS, ...options.limits };
    const { maxConnections = 0, maxConnectionsPerAddress = 0 } = options;
    this.admission = new Admission({ connections: maxConnections, perAddress: maxConnectionsPerAddress });
    this.reconfiguration = new Reconfiguration({ replica, every: options.every });
    this.port = options.port;
    this.source = this.makeSource();
    this.server = this.makeServer(options.tls ?? null);
  }

  /** Resolves with the port. */
  async start(): Promise<number> {
    const { replica, every, host, port } = this.options;
    const { hub } = this;
    this.stops.push(
      replica.listen({
        changed: (event) => hub.applied(event),
        reset: () => {
          hub.reset();
          this.cuts.reset();
        },
        cut: (index, digest, revision) => this.wrote(index, digest, revision),
        halted: () => this.halt(),
        livenessAcknowledged: (sentAtMs) => {
          hub.acknowledged(sentAtMs);
          this.flushSoon();
        },
      }),
      every(TICK_MS, () => this.tick()),
    );
    await new Promise<void>((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen(port, host, () => resolve());
    });
    const address = this.server.address();
    if (typeof address === 'object' && address !== null) this.port = address.port;
    return this.port;
  }

  async stop(): Promise<void> {
    for (const stop of this.stops) stop();
    this.reconfiguration.stop();
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    const all = Array.from(this.connections);
    for (const connection of all) connection.drop();
    this.admission.closeAll();
    await closed;
  }

  /** Shows connections that come from now on another certificate, and judges theirs by this authority. */
  renew(tls: TlsMaterial): void {
    if (this.server instanceof TlsServer) this.server.setSecureContext(tls);
  }

  /** Who shows a certificate of our authority is known by it; nobody has to. */
  private makeServer(tls: TlsMaterial | null): Server {
    if (tls === null) {
      return createServer({ noDelay: true }, (socket) => {
        if (this.admission.admit(socket)) this.accept(socket, []);
      });
    }
    const secured = {
      requestCert: true,
      rejectUnauthorized: false,
      handshakeTimeout: this.limits.greetingMs,
    };
    const server = createTlsServer({ ...tls, ...secured, noDelay: true }, (socket: TLSSocket) => {
      const identities = certificateIdentities(socket);
      if (identities === null) socket.destroy();
      else this.accept(socket, identities);
    });
    server.on('connection', (socket: Socket) => this.admission.admit(socket));
    server.on('tlsClientError', (_, socket) => socket.destroy());
    return server;
  }

  private makeSource(): WordSource {
    const { options, limits, counters } = this;
    const { replica, node, clock, tls, maxConnections, maxConnectionsPerAddress } = options;
    return {
      replica,
      hub: this.hub,
      node,
      clock,
      counters,
      connections: () => Array.from(this.connections),
      rejected: () => this.admission.rejected,
      readOnly: () => this.standing() === 'read-only',
      settings: {
        secure: (tls ?? null) !== null,
        minTimeoutMs: limits.minTimeoutMs,
        maxTimeoutMs: limits.maxTimeoutMs,
        connections: maxConnections ?? 0,
        perAddress: maxConnectionsPerAddress ?? 0,
      },
      cuts: this.cuts,
      words: new Set(options.words ?? DEFAULT_WORDS),
      port: () => this.port,
      release: options.release ?? '0',
      dataDir: options.dataDir ?? '',
      dataBytes: options.dataBytes ?? (() => 0),
      startedAtMs: clock.monotonicMs(),
    };
  }

  connected(): Iterable<Connection> {
    return this.connections;
  }

  private standing(): Standing {
    const { replica, clock, readOnly } = this.options;
    return standing(replica, clock, readOnly ?? false);
  }

  private wrote(index: number, digest: string, revision: number): void {
    const { replica, clock } = this.options;
    const isCheckpoint = replica.machine.checkpoints.list().some((one) => one.index === index);
    this.cuts.wrote(revision, digest, isCheckpoint, clock.wallMs());
  }

  private accept(socket: Socket, identities: readonly Identity[]): void {
    if (this.halted) return void socket.destroy();
    const { replica, clock, superDigest, saslUsers } = this.options;
    const host: ConnectionHost = {
      hub: this.hub,
      machine: () => replica.machine,
      clock,
      limits: this.limits,
      credentials: {
        superDigest: superDigest ?? null,
        saslUsers: saslUsers ?? new Map(),
        nonce: () => randomBytes(NONCE_BYTES).toString('base64'),
      },
      reconfigure: (...request) => this.reconfiguration.run(...request),
      identities,
      laneLoad: () => replica.laneLoad,
      standing: () => this.standing(),
      counters: this.counters,
      word: (word) => answerWord(word, this.source),
      dirty: (connection) => {
        this.dirty.add(connection);
        this.flushSoon();
      },
      waits: (connection) => void this.dirty.add(connection),
      closed: (connection) => {
        this.connections.delete(connection);
        this.dirty.delete(connection);
      },
    };
    this.connections.add(new Connection(socket, host));
  }

  /**
   * What was answered within the entry that broke has not left: `flushSoon` waits for the end of the turn. It never
   * will, as the entry was not applied.
   */
  private halt(): void {
    this.halted = true;
    const all = Array.from(this.connections);
    for (const connection of all) connection.drop();
  }

  /** Answers leave when the turn that made them is over: an entry is applied as a whole before anybody hears of it. */
  private flushSoon(): void {
    if (this.flushing) return;
    this.flushing = true;
    process.nextTick(() => {
      this.flushing = false;
      const { dirty } = this;
      this.dirty = new Set();
      for (const connection of dirty) connection.flush();
    });
  }

  private reporting = false;

  private reportSoon(): void {
    if (this.reporting) return;
    this.reporting = true;
    process.nextTick(() => {
      this.reporting = false;
      this.report();
    });
  }

  /** Names whom was heard of since the last report. */
  private report(): void {
    const heard = this.hub.takeHeard();
    if (heard.size > 0) this.hub.reported(this.options.report(heard), heard);
  }

  private tick(): void {
    this.report();
    this.hub.tick();
    const nowMs = this.options.clock.monotonicMs();
    const all = Array.from(this.connections);
    for (const connection of all) connection.tick(nowMs);
    dropSlowest(all, this.limits.unsentBytesTotal);
  }
}
