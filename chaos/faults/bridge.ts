import type { Socket } from 'node:net';
import type { LinkCounters } from './proxy.js';

export interface BridgeHost {
  /** Begins a connection to the far side. */
  dial(): Socket;
  readonly counters: LinkCounters;
  /** The far side ended or refused; `done` lets the near side learn of it. */
  farLost(done: () => void): void;
  ended(bridge: Bridge): void;
}

/** Held back per direction; beyond it the sender's socket fills, as it would on a dead network. */
const HELD_LIMIT_BYTES = 4 * 2 ** 20;

/** One direction of a bridge: bytes from one socket, on their way to another. */
class Flow {
  private readonly from: Socket;
  private readonly counters: LinkCounters;
  private held: Buffer[] = [];
  private heldBytes = 0;
  private to: Socket | null = null;

  constructor(from: Socket, counters: LinkCounters, isHeld: () => boolean) {
    this.from = from;
    this.counters = counters;
    from.on('data', (bytes: Buffer) => {
      if (isHeld() || this.to === null) this.hold(bytes, isHeld());
      else this.forward(bytes, this.to);
    });
  }

  into(to: Socket): void {
    this.to = to;
    to.on('drain', () => this.from.resume());
  }

  flush(): void {
    const { held, to } = this;
    if (to === null) return;
    this.held = [];
    this.heldBytes = 0;
    for (const bytes of held) this.forward(bytes, to);
    this.from.resume();
  }

  private hold(bytes: Buffer, blocked: boolean): void {
    if (blocked) this.counters.bytesBlocked += bytes.length;
    this.held.push(bytes);
    this.heldBytes += bytes.length;
    if (this.heldBytes > HELD_LIMIT_BYTES) this.from.pause();
  }

  private forward(bytes: Buffer, to: Socket): void {
    this.counters.bytesForwarded += bytes.length;
    if (!to.write(bytes)) this.from.pause();
  }
}

/** One connection through a link: a socket on each side, and what is held back between them while it is cut. */
export class Bridge {
  private readonly near: Socket;
  private readonly host: BridgeHost;
  private readonly toFar: Flow;
  private toNear: Flow | null = null;
  private far: Socket | null = null;
  private held = true;
  private ended = false;

  constructor(near: Socket, host: BridgeHost) {
    this.near = near;
    this.host = host;
    near.setNoDelay(true);
    near.on('error', () => undefined);
    near.on('close', () => this.sideClosed());
    this.toFar = new Flow(near, host.counters, () => this.held);
    near.resume();
  }

  hold(): void {
    this.held = true;
  }

  release(): void {
    this.held = false;
    if (this.near.destroyed || this.far?.destroyed === true) return this.sideClosed();
    if (this.far === null) this.dial();
    this.toFar.flush();
    this.toNear?.flush();
  }

  reset(): void {
    this.end();
    this.near.resetAndDestroy();
    this.far?.resetAndDestroy();
  }

  private dial(): void {
    const far = this.host.dial();
    this.far = far;
    far.setNoDelay(true);
    far.on('error', () => undefined);
    far.on('close', () => this.sideClosed());
    this.toNear = new Flow(far, this.host.counters, () => this.held);
    this.toNear.into(this.near);
    this.toFar.into(far);
  }

  /** While the link is cut, the other side hears nothing of it: not even the end. */
  private sideClosed(): void {
    if (this.held || this.ended) return;
    this.end();
    if (this.near.destroyed) this.far?.destroySoon();
    else this.host.farLost(() => this.near.destroySoon());
  }

  private end(): void {
    this.ended = true;
    this.host.ended(this);
  }
}
