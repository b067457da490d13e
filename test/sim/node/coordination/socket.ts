import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import type { Far, FarSink } from '../line.js';
import type { Host } from '../host.js';

/** Bytes on their way to a client, and when (true time, µs) they left the member. */
export interface Flight {
  readonly bytes: Buffer;
  readonly leftUs: number;
}

/**
 * The member's end of a client's connection: as much of `net.Socket` as the door for ZooKeeper clients asks for. What
 * comes in while it is paused waits, and nothing leaves a process that is over.
 */
export class SimSocket extends EventEmitter implements Far<Buffer> {
  readonly remoteAddress: string;
  readonly remotePort = 1;
  readonly writableLength = 0;
  private readonly host: Host;
  private readonly sink: FarSink<Flight>;
  private readonly nowUs: () => number;
  private paused = false;
  private open = true;
  private arrived: Buffer[] = [];

  constructor(remoteAddress: string, host: Host, sink: FarSink<Flight>, nowUs: () => number) {
    super();
    this.remoteAddress = remoteAddress;
    this.host = host;
    this.sink = sink;
    this.nowUs = nowUs;
  }

  /** As the door takes it. */
  get socket(): Socket {
    return this as unknown as Socket;
  }

  // What the network brings.

  message(bytes: Buffer): void {
    if (this.paused) this.arrived.push(bytes);
    else if (this.open) this.emit('data', bytes);
  }

  closed(): void {
    if (this.open) this.over();
  }

  // What the door asks for.

  write(bytes: Buffer): boolean {
    if (this.open && this.host.alive) this.sink.send({ bytes, leftUs: this.nowUs() });
    return true;
  }

  end(last: (() => void) | string, gone: () => void = () => {}): void {
    if (typeof last === 'string') this.write(Buffer.from(last, 'latin1'));
    else return this.host.soon(() => this.endNow(last));
    this.host.soon(() => this.endNow(gone));
  }

  destroy(): void {
    if (!this.open) return;
    this.over();
    if (this.host.alive) this.sink.end('closed');
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
    while (!this.paused && this.open) {
      const next = this.arrived.shift();
      if (next === undefined) return;
      this.emit('data', next);
    }
  }

  private endNow(gone: () => void): void {
    gone();
    this.destroy();
  }

  private over(): void {
    this.open = false;
    this.arrived = [];
    this.host.soon(() => this.emit('close'));
  }
}
