import type { Clock, Random, Timers } from '../base/index.js';
import type { MemoryNetwork } from './memory-wire.js';
import { PeerTransport } from './peer-transport.js';
import { TRANSPORT_TIMINGS, type TransportTimings } from './timings.js';
import type { TransportHandlers } from './types.js';

export interface MemoryTransportOptions {
  readonly network: MemoryNetwork;
  /** `host:port`; nothing is opened there. */
  readonly address: string;
  readonly handlers: TransportHandlers;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly timings?: TransportTimings;
}

/** The in-memory twin of `GrpcTransport`: the same transport on a `MemoryNetwork`. */
export class MemoryTransport extends PeerTransport {
  private readonly network: MemoryNetwork;
  private readonly address: string;
  private readonly life: { alive: boolean };

  constructor(options: MemoryTransportOptions) {
    const { network, address, handlers, clock, timers, random, timings = TRANSPORT_TIMINGS } = options;
    const life = { alive: true };
    super({
      wire: network.wire(address),
      handlers: whileAlive(handlers, life),
      clock,
      timers,
      random,
      timings,
    });
    this.network = network;
    this.address = address;
    this.life = life;
  }

  /** As kill -9 of the process: others notice, its own handlers hear nothing more. */
  crash(): void {
    this.life.alive = false;
    this.network.crash(this.address);
    void this.stop();
  }

  /** As a loss of power: nobody notices yet, and its own handlers hear nothing more. */
  losePower(): void {
    this.life.alive = false;
    this.network.losePower(this.address);
  }
}

/** What a process is told only while it lives. */
function whileAlive(handlers: TransportHandlers, life: { readonly alive: boolean }): TransportHandlers {
  return {
    hello: (to, node) => handlers.hello(to, node),
    judge: (hello) => handlers.judge(hello),
    introduce: (hello) => handlers.introduce(hello),
    form: (request) => handlers.form(request),
    join: (request) => handlers.join(request),
    snapshotOffered: (start) => handlers.snapshotOffered(start),
    peerUp: (hello) => {
      if (life.alive) handlers.peerUp(hello);
    },
    peerDown: (peer, down) => {
      if (life.alive) handlers.peerDown(peer, down);
    },
    dropped: (peer, why) => {
      if (life.alive) handlers.dropped(peer, why);
    },
    frames: (from, frames) => {
      if (life.alive) handlers.frames(from, frames);
    },
  };
}
