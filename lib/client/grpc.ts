import { TepuiError } from '../base/index.js';
import {
  GrpcChannel,
  asTepuiError,
  channelCredentials,
  coordinationService,
  operatorService,
  type CoordinationMethods,
  type OperatorMethods,
  type Unary,
} from '../wire/index.js';
import type { TlsOptions } from './connection.js';
import type { Dial, Door, DoorStream, StreamHandlers } from './door.js';
import { openGrpcStream } from './grpc-streams.js';
import type { StreamTypes, UnaryTypes } from './messages.js';
import { probeTcp } from './tcp-probe.js';

/** Doors on gRPC. */
export function dialGrpc(tls: TlsOptions | null): Dial {
  return (address) => new GrpcDoor(address, tls);
}

/** A connection that stands by then needs no asking why it does not. */
const ASK_AFTER_MS = 50;

/** Somebody who waits for the connection. */
interface Waiting {
  stop: () => void;
  readonly end: (error: TepuiError | null) => void;
}

class GrpcDoor implements Door {
  readonly address: string;
  private readonly channel: GrpcChannel;
  private readonly streams: Set<{ doorClosed(): void }> = new Set();
  private readonly waiting: Set<Waiting> = new Set();
  private closed = false;

  constructor(address: string, tls: TlsOptions | null) {
    this.address = address;
    const credentials = channelCredentials(tls === null ? null : materialOf(tls), tls?.cert !== undefined);
    this.channel = new GrpcChannel(address, { credentials });
  }

  ready(timeoutMs: number, done: (error: TepuiError | null) => void): void {
    if (this.closed) {
      done(unreachable(this.address, 'given up'));
      return;
    }
    const deadlineAt = performance.now() + timeoutMs;
    const end = (error: TepuiError | null): void => {
      if (!this.waiting.delete(waiting)) return;
      waiting.stop();
      done(error);
    };
    const waiting: Waiting = { stop: () => undefined, end };
    this.waiting.add(waiting);
    waiting.stop = probeTcp(this.address, timeoutMs, (reason) => {
      if (reason !== null) end(unreachable(this.address, reason));
      else waiting.stop = this.handshake(Math.max(1, deadlineAt - performance.now()), end);
    });
  }

  /** TLS and HTTP/2 over a connection that surely can be made. A stopped process accepts it and says nothing. */
  private handshake(timeoutMs: number, end: (error: TepuiError | null) => void): () => void {
    // Waiting never says why it takes so long; a call does: mostly certificates.
    const ask = setTimeout(() => {
      this.channel
        .call(operatorService().methods.status, {}, { deadlineMs: timeoutMs })
        .catch((error: unknown) => end(this.handshakeError(asTepuiError(error))));
    }, ASK_AFTER_MS);
    this.channel.ready(timeoutMs).then(
      () => end(null),
      (error: unknown) => end(this.handshakeError(asTepuiError(error))),
    );
    return () => clearTimeout(ask);
  }

  open<M extends keyof StreamTypes>(
    method: M,
    handlers: StreamHandlers<StreamTypes[M]['reply']>,
  ): DoorStream<StreamTypes[M]['request']> {
    const stream = openGrpcStream(this.channel, method, handlers, () => {
      this.streams.delete(stream);
    });
    this.streams.add(stream);
    return stream;
  }

  async call<M extends keyof UnaryTypes>(
    method: M,
    request: UnaryTypes[M]['request'],
    timeoutMs: number,
  ): Promise<UnaryTypes[M]['reply']> {
    const exchange = unaryMethods()[method] as unknown as Unary<typeof request, UnaryTypes[M]['reply']>;
    return await this.channel.call(exchange, request, { deadlineMs: timeoutMs });
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    for (const stream of this.streams) stream.doorClosed();
    for (const { end } of this.waiting) end(unreachable(this.address, 'given up'));
    this.channel.close();
  }

  private handshakeError(error: TepuiError): TepuiError {
    if (error.code !== 'TLS') return unreachable(this.address, 'no answer');
    const message = `${this.address}: ${error.message}`;
    return new TepuiError('TLS', message, { fields: { reason: 'TLS failed' }, cause: error });
  }
}

type UnaryMethods = Pick<CoordinationMethods, 'openSession' | 'closeSession'> &
  Omit<OperatorMethods, 'events' | 'saveSnapshot'>;

function unaryMethods(): UnaryMethods {
  return { ...coordinationService().methods, ...operatorService().methods };
}

/** Only with `cert` and `key` the client shows a certificate. */
function materialOf({ ca, cert, key }: TlsOptions): { ca: Buffer; cert: Buffer; key: Buffer } {
  return { ca: Buffer.from(ca), cert: Buffer.from(cert ?? ''), key: Buffer.from(key ?? '') };
}

function unreachable(address: string, reason: string): TepuiError {
  return new TepuiError('UNREACHABLE', `${address}: ${reason}`, { fields: { reason } });
}
