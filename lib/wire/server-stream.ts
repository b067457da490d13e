import {
  Metadata,
  type ServerDuplexStream,
  type ServerUnaryCall,
  type ServerWritableStream,
} from '@grpc/grpc-js';
import type { PeerCertificate } from 'node:tls';
import { assert, type TepuiError } from '../base/index.js';
import type { MessageCodec } from './codec.js';
import { asTepuiError, statusOf } from './status.js';

/** Who calls. */
export interface Caller {
  /** Address of the other end. */
  readonly peer: string;
  /** The certificate the caller proved to own, issued by our authority; null when it showed none. */
  readonly certificate: PeerCertificate | null;
  /** The request's metadata of that name, or null. */
  metadata(name: string): string | null;
}

type RawStream = ServerDuplexStream<Buffer, Buffer> | ServerWritableStream<Buffer, Buffer>;

export function callerOf(call: RawStream | ServerUnaryCall<Buffer, Buffer>): Caller {
  return {
    peer: call.getPeer(),
    certificate: call.getAuthContext().sslPeerCertificate ?? null,
    metadata(name) {
      const value = call.metadata.get(name)[0];
      return typeof value === 'string' ? value : null;
    },
  };
}

/** What the owner of a stream is told. `closed` is the last call, and comes exactly once. */
export interface ServerStreamListener<Request> {
  /** Byte fields are views of the received message. A TepuiError thrown here ends the stream with its code. */
  message(message: Request): void;
  /** The client sends nothing more; answers may still be written. */
  ended?(): void;
  /** Nothing can be written any more: the client is gone, or this side ended or failed the stream. */
  closed?(): void;
}

/**
 * One streaming call as the server sees it. A message that does not decode ends the stream with its code.
 * Beware: a client may see the error of `fail` before messages written earlier; when the last message
 * matters, write it and `end`.
 */
export class ServerStream<Request, Response> {
  readonly caller: Caller;
  private readonly raw: RawStream;
  private readonly requests: MessageCodec<Request> | null;
  private readonly responses: MessageCodec<Response>;
  private listener: ServerStreamListener<Request> | null = null;
  private open = true;

  constructor(raw: RawStream, requests: MessageCodec<Request> | null, responses: MessageCodec<Response>) {
    this.raw = raw;
    this.requests = requests;
    this.responses = responses;
    this.caller = callerOf(raw);
    raw.on('cancelled', () => {
      this.close();
    });
    raw.on('close', () => {
      this.close();
    });
  }

  get closed(): boolean {
    return !this.open;
  }

  /** Sends the headers, so that the client knows it was let in before there is anything to say. */
  accept(): void {
    if (this.open) this.raw.sendMetadata(new Metadata());
  }

  /** Begins to read. To be called once, at once or later. */
  listen(listener: ServerStreamListener<Request>): void {
    assert(this.listener === null, 'a stream has one listener');
    this.listener = listener;
    if (!this.open) listener.closed?.();
    const { raw, requests } = this;
    if (requests === null || !('read' in raw)) return;
    raw.on('data', (bytes: Buffer) => {
      if (this.open) this.receive(bytes, requests);
    });
    raw.on('end', () => {
      if (this.open) this.listener?.ended?.();
    });
  }

  /**
   * Queues a message; false asks the writer to wait for `drained`. Throws TOO_LARGE. After `closed` it does
   * nothing.
   */
  write(message: Response): boolean {
    return this.open && this.raw.write(this.responses.encode(message));
  }

  /** As `write`, and calls back when the message is with the system, or lost. Returns its size in bytes. */
  writeThen(message: Response, gone: () => void): number {
    if (!this.open) return 0;
    const bytes = this.responses.encode(message);
    this.raw.write(bytes, gone);
    return bytes.length;
  }

  /** As `write`, for a message that was encoded once for many streams. */
  writeEncoded(bytes: Buffer): boolean {
    return this.open && this.raw.write(bytes);
  }

  /** Calls once when a `write` that returned false has gone out. */
  drained(callback: () => void): void {
    if (this.open) this.raw.once('drain', callback);
  }

  /** Messages that wait to be sent; their bytes are not counted. */
  get queued(): number {
    return this.raw.writableLength;
  }

  pause(): void {
    if ('pause' in this.raw) this.raw.pause();
  }

  resume(): void {
    if (this.open && 'resume' in this.raw) this.raw.resume();
  }

  /** Ends well, after everything that was written. */
  end(): void {
    if (!this.open) return;
    this.raw.end();
    this.close();
  }

  /** Ends with a coded error. */
  fail(error: TepuiError): void {
    if (!this.open) return;
    this.raw.emit('error', statusOf(error));
    this.close();
  }

  private receive(bytes: Buffer, requests: MessageCodec<Request>): void {
    try {
      this.listener?.message(requests.decode(bytes));
    } catch (error) {
      this.fail(asTepuiError(error));
    }
  }

  private close(): void {
    if (!this.open) return;
    this.open = false;
    this.listener?.closed?.();
  }
}
