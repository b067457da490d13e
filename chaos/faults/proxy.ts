import { connect, createServer, type Server, type Socket } from 'node:net';
import { Bridge } from './bridge.js';

/** What a link did since it was opened. They only grow, so a fault is confirmed by a difference. */
export interface LinkCounters {
  bytesForwarded: number;
  /** Arrived while the link was cut. */
  bytesBlocked: number;
  /** New connections that were turned away. */
  connectionsRefused: number;
  /** Connections that stood and were reset. */
  connectionsReset: number;
}

/** Ends one fault of a link; any number of times. */
export type Undo = () => void;

const HOST = '127.0.0.1';
const PROBE_MS = 20;

/**
 * One directed link between two masters: what one dials to reach the other. While it is cut, connections stand
 * and nothing passes; what was held back arrives at the heal, as TCP would send it again.
 *
 * It also passes on that nobody listens behind it: masters tell a refused connection (the process is gone) from
 * one that is merely silent, and so must see the former through the proxy.
 */
export class LinkProxy {
  readonly counters: LinkCounters = {
    bytesForwarded: 0,
    bytesBlocked: 0,
    connectionsRefused: 0,
    connectionsReset: 0,
  };
  readonly port: number;
  private readonly targetPort: number;
  private readonly bridges: Set<Bridge> = new Set();
  private server: Server | null = null;
  private probe: NodeJS.Timeout | null = null;
  /** One mark for each fault in force: the last to end opens the link. */
  private readonly cuts: Set<object> = new Set();
  private readonly refusals: Set<object> = new Set();
  private closed = false;

  constructor(port: number, targetPort: number) {
    this.port = port;
    this.targetPort = targetPort;
  }

  open(): Promise<void> {
    return new Promise((resolve, reject) => {
      const server = createServer({ pauseOnConnect: true }, (socket) => this.accept(socket));
      this.server = server;
      server.once('error', reject);
      server.listen(this.port, HOST, resolve);
    });
  }

  /** Silence from now on, in both directions of every connection; new ones are accepted and left waiting. */
  cut(): Undo {
    const mark = {};
    this.cuts.add(mark);
    for (const bridge of this.bridges) bridge.hold();
    return () => {
      if (this.cuts.delete(mark)) this.releaseUnlessCut();
    };
  }

  /** New connections are reset as soon as they are made. */
  refuse(): Undo {
    const mark = {};
    this.refusals.add(mark);
    return () => void this.refusals.delete(mark);
  }

  /** Resets every connection. */
  reset(): void {
    for (const bridge of this.bridges) {
      this.counters.connectionsReset++;
      bridge.reset();
    }
  }

  /** Ends every fault. */
  heal(): void {
    this.refusals.clear();
    this.cuts.clear();
    this.releaseUnlessCut();
  }

  close(): void {
    this.closed = true;
    if (this.probe !== null) clearTimeout(this.probe);
    this.server?.close();
    for (const bridge of this.bridges) bridge.reset();
  }

  private releaseUnlessCut(): void {
    if (this.cuts.size === 0) for (const bridge of this.bridges) bridge.release();
  }

  private accept(near: Socket): void {
    if (this.refusals.size > 0) {
      this.counters.connectionsRefused++;
      near.resetAndDestroy();
      return;
    }
    const bridge = new Bridge(near, {
      dial: () => connect({ port: this.targetPort, host: HOST }),
      counters: this.counters,
      farLost: (done) => this.checkTarget(done),
      ended: (one) => this.bridges.delete(one),
    });
    this.bridges.add(bridge);
    if (this.cuts.size > 0) bridge.hold();
    else bridge.release();
  }

  /** Before the near side learns that the far one went away, the listener must say whether it is gone for good. */
  private checkTarget(done: () => void): void {
    if (this.closed || this.server === null) return done();
    this.reachTarget((reached) => {
      if (!reached && !this.closed && this.server !== null) {
        this.server.close();
        this.server = null;
        this.awaitTarget();
      }
      done();
    });
  }

  private awaitTarget(): void {
    this.probe = setTimeout(() => {
      this.reachTarget((reached) => {
        if (this.closed) return;
        if (reached) this.open().catch(() => this.awaitTarget());
        else this.awaitTarget();
      });
    }, PROBE_MS);
  }

  private reachTarget(done: (reached: boolean) => void): void {
    const socket = connect({ port: this.targetPort, host: HOST });
    socket.once('connect', () => {
      socket.destroy();
      done(true);
    });
    socket.once('error', () => done(false));
  }
}
