import { TepuiError, assert } from '../base/index.js';
import type { ClientStreamListener, ServerStreamListener } from '../wire/index.js';
import type { IncomingStream, OutgoingStream } from './wire.js';

/** Carries an effect to the other end of a connection: later, in order, or never. */
export type Carry = (effect: () => void) => void;

/**
 * Both ends of one stream in memory. Each end acts at once on itself and, through `carry`, later on the other:
 *
 *   outgoing ── request, cut ──► incoming
 *   outgoing ◄── reply, end ──── incoming
 */
export class MemoryStream<Request, Response> {
  readonly outgoing: OutgoingStream<Request, Response>;
  readonly incoming: IncomingStream<Request, Response>;
  private readonly toServer: Carry;
  private readonly toClient: Carry;
  private client: ClientStreamListener<Response> | null = null;
  private server: ServerStreamListener<Request> | null = null;
  private clientOpen = true;
  private serverOpen = true;
  private paused = false;
  private held: (() => void)[] = [];

  constructor(toServer: Carry, toClient: Carry) {
    this.toServer = toServer;
    this.toClient = toClient;
    this.outgoing = this.makeOutgoing();
    this.incoming = this.makeIncoming();
  }

  /** The connection is gone: each end learns it by itself. */
  cut(): void {
    this.closeClient(new TepuiError('OUTCOME_UNKNOWN', 'connection dropped', { fields: { grpcStatus: 14 } }));
    this.closeServer();
  }

  /** The dialling end went away; the other one learns it when the news arrives. */
  abandon(): void {
    this.closeClient(new TepuiError('OUTCOME_UNKNOWN', 'closed here', { fields: { grpcStatus: 1 } }));
    this.toServer(() => {
      this.closeServer();
    });
  }

  private makeOutgoing(): OutgoingStream<Request, Response> {
    const send = (message: Request): void => {
      this.toServer(() => {
        this.deliver(message);
      });
    };
    return {
      listen: (listener) => {
        assert(this.client === null, 'a stream has one listener');
        this.client = listener;
      },
      write: (message) => {
        if (this.clientOpen) send(message);
        return this.clientOpen;
      },
      writeThen: (message, gone) => {
        if (!this.clientOpen) return;
        send(message);
        gone();
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
        if (!this.serverOpen) return false;
        this.toClient(() => {
          if (this.clientOpen) this.client?.message(message);
        });
        return true;
      },
      end: () => {
        this.endWith(null);
      },
      pause: () => {
        this.paused = true;
      },
      resume: () => {
        this.paused = false;
        while (!this.paused && this.held.length > 0) this.held.shift()?.();
      },
    };
  }

  private deliver(message: Request): void {
    if (this.paused) {
      this.held.push(() => {
        this.deliver(message);
      });
      return;
    }
    if (!this.serverOpen) return;
    try {
      this.server?.message(message);
    } catch (error) {
      if (!(error instanceof TepuiError)) throw error;
      this.endWith(error);
    }
  }

  private endWith(error: TepuiError | null): void {
    if (!this.serverOpen) return;
    this.toClient(() => {
      this.closeClient(error);
    });
    this.closeServer();
  }

  private closeClient(error: TepuiError | null): void {
    if (!this.clientOpen) return;
    this.clientOpen = false;
    this.client?.closed(error);
  }

  private closeServer(): void {
    if (!this.serverOpen) return;
    this.serverOpen = false;
    this.held = [];
    this.server?.closed?.();
  }
}
