import type { Clock, Random, Timers } from '../base/index.js';
import { GrpcWire, type GrpcWireOptions } from './grpc-wire.js';
import { PeerTransport } from './peer-transport.js';
import { TRANSPORT_TIMINGS, type TransportTimings } from './timings.js';
import type { TransportHandlers } from './types.js';

export interface GrpcTransportOptions extends GrpcWireOptions {
  readonly handlers: TransportHandlers;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly timings?: TransportTimings;
}

/** The transport that masters use. */
export class GrpcTransport extends PeerTransport {
  private readonly grpcWire: GrpcWire;

  constructor({
    handlers,
    clock,
    timers,
    random,
    timings = TRANSPORT_TIMINGS,
    ...door
  }: GrpcTransportOptions) {
    const wire = new GrpcWire(door);
    super({ wire, handlers, clock, timers, random, timings });
    this.grpcWire = wire;
  }

  /** The port that is listened at, once started. */
  get port(): number {
    return this.grpcWire.port;
  }
}
