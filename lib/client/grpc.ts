import { TepuiError, type ErrorCode } from '../base/index.js';
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

/** Doors on gRPC. */
export function dialGrpc(tls: TlsOptions | null): Dial {
  return (address) => new GrpcDoor(address, tls);
}

/** grpc-js dials a refused connection again and again in silence; after so long a call asks how it is going. */
const PROBE_AFTER_MS = 20;

class GrpcDoor implements Door {
  readonly address: string;
  private readonly channel: GrpcChannel;
  private readonly streams: Set<{ doorClosed(): void }> = new Set();
  private readonly waiting: Set<() => void> = new Set();
  private closed = false;

  constructor(address: string, tls: TlsOptions | null) {
    this.address = address;
    const credentials = channelCredentials(tls === null ? null : materialOf(tls), tls?.cert !== undefined);
    this.channel = new GrpcChannel(address, { credentials });
  }

  ready(timeoutMs: number, done: (error: TepuiError | null) => void): void {
    let settled = false;
    const settle = (error: TepuiError | null): void => {
      if (settled) return;
      settled = true;
      clearTimeout(probe);
      this.waiting.delete(giveUp);
      done(error);
    };
    const giveUp = (): void => {
      const reason = 'given up';
      settle(withReason('UNREACHABLE', `${this.address} ${reason}`, reason, undefined));
    };
    this.waiting.add(giveUp);
    // A call fails at once, and says why, where waiting for the connection would go on until the deadline.
    const probe = setTimeout(() => {
      this.channel
        .call(operatorService().methods.status, {}, { deadlineMs: timeoutMs })
        .catch((error: unknown) => settle(this.connectError(asTepuiError(error))));
    }, PROBE_AFTER_MS);
    this.channel.ready(timeoutMs).then(
      () => settle(null),
      (error: unknown) => settle(this.connectError(asTepuiError(error))),
    );
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
    for (const fail of this.waiting) fail();
    this.channel.close();
  }

  private connectError(error: TepuiError): TepuiError {
    if (error.code === 'TLS')
      return withReason('TLS', `${this.address}: ${error.message}`, 'TLS failed', error);
    const reason = reasonOf(error.message);
    return withReason('UNREACHABLE', `${this.address}: ${reason}`, reason, error);
  }
}

type UnaryMethods = Pick<CoordinationMethods, 'openSession' | 'closeSession'> &
  Omit<OperatorMethods, 'events'>;

function unaryMethods(): UnaryMethods {
  return { ...coordinationService().methods, ...operatorService().methods };
}

/** Only with `cert` and `key` the client shows a certificate. */
function materialOf({ ca, cert, key }: TlsOptions): { ca: Buffer; cert: Buffer; key: Buffer } {
  return { ca: Buffer.from(ca), cert: Buffer.from(cert ?? ''), key: Buffer.from(key ?? '') };
}

function withReason(code: ErrorCode, message: string, reason: string, cause: unknown): TepuiError {
  return new TepuiError(code, message, { fields: { reason }, cause });
}

/** What grpc-js and Node say at length, in a word or two. */
function reasonOf(message: string): string {
  if (message.includes('ECONNREFUSED')) return 'refused';
  if (message.includes('EHOSTUNREACH') || message.includes('ENETUNREACH')) return 'no route';
  if (message.includes('Name resolution failed') || message.includes('ENOTFOUND')) return 'unknown host';
  return 'no answer';
}
