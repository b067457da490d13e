import {
  Server,
  logVerbosity,
  setLogVerbosity,
  type MethodDefinition,
  type ServerCredentials,
  type ServerDuplexStream,
  type ServerOptions,
  type ServerUnaryCall,
  type ServerWritableStream,
  type UntypedHandleCall,
  type sendUnaryData,
} from '@grpc/grpc-js';
import { TepuiError } from '../base/index.js';
import { checkSize } from './codec.js';
import { CLIENT_REPLY_LIMIT_BYTES, HARD_LIMIT_FACTOR } from './limits.js';
import type { Method, Service, Shape } from './methods.js';
import { ServerStream, callerOf, type Caller } from './server-stream.js';
import { asTepuiError, statusOf } from './status.js';

type Handler<M> =
  M extends Method<infer Request, infer Response, infer S>
    ? S extends 'unary'
      ? (request: Request, caller: Caller) => Promise<Response | EncodedMessage>
      : S extends 'server-stream'
        ? (request: Request, stream: ServerStream<never, Response>) => void
        : (stream: ServerStream<Request, Response>) => void
    : never;

/** Implementation of a service. A TepuiError that is thrown ends the call with its code. */
export type Handlers<M> = { readonly [K in keyof M]: Handler<M[K]> };

/** An answer that its handler has encoded itself, in parts. */
export class EncodedMessage {
  readonly parts: readonly Buffer[];

  constructor(parts: readonly Buffer[]) {
    this.parts = parts;
  }
}

export interface GrpcServerOptions {
  readonly credentials: ServerCredentials;
  /** The largest limit of the services' messages. */
  readonly messageLimitBytes: number;
  /** Flow control window of each stream, for doors that carry bulk. */
  readonly windowBytes?: number;
}

const identity = (bytes: Buffer): Buffer => bytes;

/** A gRPC door: typed services on one listener. Messages are coded by us, so that refusals carry our codes. */
export class GrpcServer {
  /** For what registers itself on a server of grpc-js (health, reflection). */
  readonly raw: Server;
  private readonly credentials: ServerCredentials;

  constructor({ credentials, messageLimitBytes, windowBytes }: GrpcServerOptions) {
    const options: ServerOptions = {
      'grpc.max_receive_message_length': messageLimitBytes * HARD_LIMIT_FACTOR,
      'grpc.max_send_message_length': -1,
      'grpc-node.max_session_memory': Number.MAX_SAFE_INTEGER,
      ...(windowBytes === undefined ? {} : { 'grpc-node.flow_control_window': windowBytes }),
    };
    // grpc-js prints to stderr what it also throws; a program says it once, in its own words.
    if (process.env['GRPC_VERBOSITY'] === undefined) setLogVerbosity(logVerbosity.NONE);
    this.raw = new Server(options);
    this.credentials = credentials;
  }

  add<M>(service: Service<M>, handlers: Handlers<M>): void {
    const definition: Record<string, MethodDefinition<Buffer, Buffer>> = {};
    const implementation: Record<string, UntypedHandleCall> = {};
    for (const key of Object.keys(service.methods as object)) {
      const method = service.methods[key as keyof M] as Method<unknown, unknown, Shape>;
      definition[key] = definitionOf(method);
      implementation[key] = handle(method, handlers[key as keyof M]);
    }
    this.raw.addService(definition, implementation);
  }

  /** Listens; resolves to the port, which is chosen when 0 is asked for. Rejects with PORT_IN_USE or TLS. */
  async listen(host: string, port: number): Promise<number> {
    const address = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
    return new Promise((resolve, reject) => {
      this.raw.bindAsync(address, this.credentials, (error, bound) => {
        if (error === null) resolve(bound);
        else reject(listenError(address, error));
      });
    });
  }

  /** Lets calls under way end by themselves for `graceMs`, then cuts them. */
  async stop(graceMs: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const cut = setTimeout(() => {
        this.raw.forceShutdown();
        resolve();
      }, graceMs);
      this.raw.tryShutdown(() => {
        clearTimeout(cut);
        resolve();
      });
    });
  }
}

function listenError(address: string, error: Error): TepuiError {
  const options = { fields: { address }, cause: error };
  if (error.message.includes('EADDRINUSE')) {
    return new TepuiError('PORT_IN_USE', `${address} is in use by another program`, options);
  }
  if (/SSL|TLS|certificate|PEM/i.test(error.message)) {
    return new TepuiError('TLS', `${address}: ${error.message}`, options);
  }
  return new TepuiError('CONFIG', `cannot listen at ${address}: ${error.message}`, options);
}

function definitionOf(method: Method<unknown, unknown, Shape>): MethodDefinition<Buffer, Buffer> {
  return {
    path: method.path,
    requestStream: method.shape === 'bidi' || method.shape === 'client-stream',
    responseStream: method.shape === 'bidi' || method.shape === 'server-stream',
    requestSerialize: identity,
    requestDeserialize: identity,
    responseSerialize: identity,
    responseDeserialize: identity,
  };
}

function handle(method: Method<unknown, unknown, Shape>, handler: unknown): UntypedHandleCall {
  switch (method.shape) {
    case 'unary':
      return unary(method, handler as Handler<Method<unknown, unknown, 'unary'>>);
    case 'server-stream':
      return serverStream(method, handler as Handler<Method<unknown, unknown, 'server-stream'>>);
    case 'bidi':
      return bidi(method, handler as Handler<Method<unknown, unknown, 'bidi'>>);
    case 'client-stream':
      throw new TypeError(`${method.path}: calls that only stream requests are not served`);
  }
}

function unary(
  method: Method<unknown, unknown, Shape>,
  handler: (request: unknown, caller: Caller) => Promise<unknown>,
) {
  const answer = async (call: ServerUnaryCall<Buffer, Buffer>): Promise<Buffer> => {
    const response = await handler(method.request.decode(call.request), callerOf(call));
    if (!(response instanceof EncodedMessage)) return method.response.encode(response);
    const sizeBytes = response.parts.reduce((sum, part) => sum + part.length, 0);
    checkSize(method.path, sizeBytes, CLIENT_REPLY_LIMIT_BYTES);
    return Buffer.concat(response.parts);
  };
  return (call: ServerUnaryCall<Buffer, Buffer>, done: sendUnaryData<Buffer>): void => {
    answer(call).then(
      (response) => {
        done(null, response);
      },
      (error: unknown) => {
        done(statusOf(asTepuiError(error)));
      },
    );
  };
}

function serverStream(
  method: Method<unknown, unknown, Shape>,
  handler: (request: unknown, stream: ServerStream<never, unknown>) => void,
) {
  return (call: ServerWritableStream<Buffer, Buffer>): void => {
    const stream = new ServerStream<never, unknown>(call, null, method.response);
    try {
      handler(method.request.decode(call.request), stream);
    } catch (error) {
      stream.fail(asTepuiError(error));
    }
  };
}

function bidi(
  method: Method<unknown, unknown, Shape>,
  handler: (stream: ServerStream<unknown, unknown>) => void,
) {
  return (call: ServerDuplexStream<Buffer, Buffer>): void => {
    const stream = new ServerStream<unknown, unknown>(call, method.request, method.response);
    try {
      handler(stream);
    } catch (error) {
      stream.fail(asTepuiError(error));
    }
  };
}
