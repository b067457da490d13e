import { TepuiError, assert } from '../../../lib/base/index.js';
import type { IncomingStream, OutgoingStream } from '../../../lib/transport/wire.js';
import type { ClientStreamListener, ServerStreamListener } from '../../../lib/wire/index.js';

/** Takes an effect to the other end of a connection: later, in order, or never. */
export type Carry = (effect: () => void) => void;

/** Both ends of one stream. Each end acts at once on itself, and through `carry` on the other one. */
export class SimStream<Request, Response> {
  readonly outgoing: OutgoingStream<Request, Response>;
  readonly incoming: IncomingStream<Request, Response>;
  private readonly toServer: Carry;
  private readonly toClient: Carry;
  private client: ClientStreamListener<Response> | null = null;
  private server: ServerStreamListener<Request> | null = null;
  private clientOpen = true;
  private serverOpen = true;
  private paused = false;
  private held: Request[] = [];

  constructor(toServer: Carry, toClient: Carry) {
    this.toServer = toServer;
    this.toClient = toClient;
    this.outgoing = this.makeOutgoing();
    this.incoming = this.makeIncoming();
  }

  get over(): boolean {
    return !this.clientOpen && !this.serverOpen;
  }

  closeClient(error: TepuiError | null): void {
    if (!this.clientOpen) return;
    this.clientOpen = false;
    this.client?.closed(error);
  }

  closeServer(): void {
    if (!this.serverOpen) return;
    this.serverOpen = false;
    this.held = [];
    this.server?.closed?.();
  }

  private makeOutgoing(): OutgoingStream<Request, Response> {
    const write = (message: Request): boolean => {
      if (this.clientOpen) this.toServer(() => this.deliver(message));
      return this.clientOpen;
    };
    return {
      listen: (listener) => {
        assert(this.client === null, 'a stream has one listener');
        this.client = listener;
      },
      write,
      writeThen: (message, gone) => {
        if (write(message)) gone();
      },
    };
  }

  private makeIncoming(): IncomingStream<Request, Response> {
    const closed = (): boolean => !this.serverOpen;
    return {
      get closed() {
        return closed();
      },
      queued: 0,
      listen: (listener) => {
        assert(this.server === null, 'a stream has one listener');
        this.server = listener;
      },
      write: (message) => {
        if (this.serverOpen) {
          this.toClient(() => {
            if (this.clientOpen) this.client?.message(message);
          });
        }
        return this.serverOpen;
      },
      end: () => this.endWith(null),
      pause: () => {
        this.paused = true;
      },
      resume: () => {
        this.paused = false;
        while (!this.paused && this.held.length > 0) this.deliver(this.held.shift()!);
      },
    };
  }

  private deliver(message: Request): void {
    if (!this.serverOpen) return;
    if (this.paused) {
      this.held.push(message);
      return;
    }
    try {
      this.server?.message(message);
    } catch (error) {
      if (!(error instanceof TepuiError)) throw error;
      this.endWith(error);
    }
  }

  private endWith(error: TepuiError | null): void {
    if (!this.serverOpen) return;
    this.toClient(() => this.closeClient(error));
    this.closeServer();
  }
}
