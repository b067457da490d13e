import {
  status as Status,
  type ClientDuplexStream,
  type ClientReadableStream,
  type ServiceError,
  type StatusObject,
} from '@grpc/grpc-js';
import { assert, must, type TepuiError } from '../base/index.js';
import type { MessageCodec } from './codec.js';
import { asTepuiError, errorFromStatus } from './status.js';

type RawStream = ClientDuplexStream<Buffer, Buffer> | ClientReadableStream<Buffer>;

/** What the owner of a stream is told. `closed` is the last call, and comes exactly once. */
export interface ClientStreamListener<Response> {
  /** Byte fields are views of the received message. */
  message(message: Response): void;
  /** The server took the call: its first headers arrived. */
  started?(): void;
  /** Null: the server ended the stream without an error. */
  closed(error: TepuiError | null): void;
}

/** One streaming call as the client sees it. */
export class ClientStream<Request, Response> {
  private readonly raw: RawStream;
  private readonly requests: MessageCodec<Request> | null;
  private readonly responses: MessageCodec<Response>;
  private listener: ClientStreamListener<Response> | null = null;
  private ending: { readonly error: TepuiError | null } | null = null;
  private open = true;

  constructor(
    raw: RawStream,
    requests: MessageCodec<Request> | null,
    responses: MessageCodec<Response>,
    address: string,
  ) {
    this.raw = raw;
    this.requests = requests;
    this.responses = responses;
    // Emitted besides the status, which tells the same.
    raw.on('error', (error: ServiceError) => {
      this.ending ??= { error: errorFromStatus(error, address) };
    });
    raw.on('status', (status: StatusObject) => {
      this.ending ??= { error: status.code === Status.OK ? null : errorFromStatus(status, address) };
      // A paused reader still has messages that came before the status.
      if (raw.readableLength === 0) this.close();
      else
        raw.once('end', () => {
          this.close();
        });
    });
  }

  get closed(): boolean {
    return !this.open;
  }

  /** Begins to read. To be called once, in the turn that opened the stream. */
  listen(listener: ClientStreamListener<Response>): void {
    assert(this.listener === null, 'a stream has one listener');
    this.listener = listener;
    this.raw.on('metadata', () => {
      if (this.open) listener.started?.();
    });
    this.raw.on('data', (bytes: Buffer) => {
      if (this.open) this.receive(bytes, listener);
    });
  }

  /**
   * Queues a message; false asks the writer to wait for `drained`. Throws TOO_LARGE. After `closed` it does
   * nothing. That a message was written says nothing about its arrival.
   */
  write(message: Request): boolean {
    const requests = must(this.requests, 'this stream sends no requests');
    if (!this.open || !('write' in this.raw)) return false;
    return this.raw.write(requests.encode(message));
  }

  /** Calls once when a `write` that returned false has gone out. */
  drained(callback: () => void): void {
    if (this.open) this.raw.once('drain', callback);
  }

  /** As `write`, for a writer that counts its own bytes: calls back when they are with the system, or lost. */
  writeThen(message: Request, gone: () => void): void {
    const requests = must(this.requests, 'this stream sends no requests');
    if (!this.open || !('write' in this.raw)) return;
    this.raw.write(requests.encode(message), gone);
  }

  /** Messages that wait to be sent. */
  get queued(): number {
    return 'writableLength' in this.raw ? this.raw.writableLength : 0;
  }

  pause(): void {
    this.raw.pause();
  }

  resume(): void {
    if (this.open) this.raw.resume();
  }

  /** Sends nothing more; answers still arrive. */
  end(): void {
    if (this.open && 'end' in this.raw) this.raw.end();
  }

  /** Gives the call up: `closed` follows with what is known of its outcome, or with `why`. */
  cancel(why: TepuiError | null = null): void {
    if (!this.open) return;
    if (why !== null) this.ending ??= { error: why };
    this.raw.cancel();
  }

  private receive(bytes: Buffer, listener: ClientStreamListener<Response>): void {
    let message: Response;
    try {
      message = this.responses.decode(bytes);
    } catch (error) {
      this.cancel(asTepuiError(error));
      return;
    }
    listener.message(message);
  }

  private close(): void {
    if (!this.open) return;
    this.open = false;
    this.listener?.closed(this.ending?.error ?? null);
  }
}
