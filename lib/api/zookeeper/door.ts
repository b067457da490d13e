import { createServer, type Server, type Socket } from 'node:net';
import { randomBytes } from 'node:crypto';
import type { Clock, Logger, NodeId, Random, SessionId } from '../../base/index.js';
import { SessionHub, type SaslUsers } from '../../coordination/index.js';
import type { Replica } from '../../replica/index.js';
import { Connection, CONNECTION_LIMITS, type ConnectionHost, type ConnectionLimits } from './connection.js';

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
  private dirty: Set<Connection> = new Set();
  private flushing = false;
  private stops: (() => void)[] = [];
  readonly hub: SessionHub;

  constructor(options: ZooKeeperDoorOptions) {
    this.options = options;
    const { replica, node, clock, random } = options;
    this.hub = new SessionHub({ replica, node, clock, random, reportSoon: () => this.reportSoon() });
    this.server = createServer({ noDelay: true }, (socket) => this.accept(socket));
  }

  async start(): Promise<void> {
    const { replica, every, host, port } = this.options;
    const { hub } = this;
    this.stops.push(
      replica.listen({
        changed: (event) => hub.applied(event),
        reset: () => hub.reset(),
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
  }

  async stop(): Promise<void> {
    for (const stop of this.stops) stop();
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    const all = Array.from(this.connections);
    for (const connection of all) connection.drop();
    await closed;
  }

  private accept(socket: Socket): void {
    const { replica, clock, limits, superDigest, saslUsers } = this.options;
    const host: ConnectionHost = {
      hub: this.hub,
      machine: () => replica.machine,
      clock,
      limits: { ...CONNECTION_LIMITS, ...limits },
      credentials: {
        superDigest: superDigest ?? null,
        saslUsers: saslUsers ?? new Map(),
        nonce: () => randomBytes(NONCE_BYTES).toString('base64'),
      },
      identities: [],
      dirty: (connection) => {
        this.dirty.add(connection);
        this.flushSoon();
      },
      closed: (connection) => {
        this.connections.delete(connection);
        this.dirty.delete(connection);
      },
    };
    this.connections.add(new Connection(socket, host));
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
  }
}
