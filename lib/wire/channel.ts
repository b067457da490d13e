import { Client, Metadata, type ChannelOptions } from '@grpc/grpc-js';
import { TepuiError } from '../base/index.js';
import { parseAddress } from './address.js';
import { ClientStream } from './client-stream.js';
import { OwnedConnections } from './connections.js';
import { CLIENT_REPLY_LIMIT_BYTES, PEER_MESSAGE_LIMIT_BYTES } from './limits.js';
import type { Bidi, ServerStreaming, Unary } from './methods.js';
import { errorFromStatus } from './status.js';
import type { ChannelSecurity } from './tls.js';

export interface GrpcChannelOptions {
  readonly credentials: ChannelSecurity;
  /** Flow control window of each stream, for channels that carry bulk. */
  readonly windowBytes?: number;
}

export interface CallOptions {
  /** After so long the call fails with DEADLINE. */
  readonly deadlineMs?: number;
  readonly metadata?: Readonly<Record<string, string>>;
}

/** The largest message that any server may answer with. */
const REPLY_HARD_LIMIT_BYTES = Math.max(CLIENT_REPLY_LIMIT_BYTES, PEER_MESSAGE_LIMIT_BYTES);

const identity = (bytes: Buffer): Buffer => bytes;

/**
 * A connection of its own to one address. grpc-js reconnects by itself within half a second; it never repeats
 * a request that may have left. The constructor starts nothing; the first call connects.
 */
export class GrpcChannel {
  readonly address: string;
  private readonly client: Client;
  private readonly connections: OwnedConnections;

  /** Throws CONFIG when `address` is not `host:port`. */
  constructor(address: string, { credentials, windowBytes }: GrpcChannelOptions) {
    const options: ChannelOptions = {
      'grpc.enable_http_proxy': 0,
      'grpc.enable_retries': 0,
      'grpc.service_config_disable_resolution': 1,
      // Channels to the same address would otherwise share one connection, and stall each other.
      'grpc.use_local_subchannel_pool': 1,
      // The defaults, 1 s growing to 120 s, make a healed network look like an outage.
      'grpc.initial_reconnect_backoff_ms': 50,
      'grpc.max_reconnect_backoff_ms': 500,
      // What is sent is limited by each message's own codec.
      'grpc.max_send_message_length': -1,
      'grpc.max_receive_message_length': REPLY_HARD_LIMIT_BYTES,
      'grpc-node.max_session_memory': Number.MAX_SAFE_INTEGER,
      ...(windowBytes === undefined ? {} : { 'grpc-node.flow_control_window': windowBytes }),
    };
    this.address = address;
    this.connections = new OwnedConnections(credentials, parseAddress(address).host);
    this.client = new Client(address, this.connections, options);
  }

  /**
   * Resolves when connected. Rejects with UNREACHABLE after `deadlineMs`: a stopped process accepts connections
   * and says nothing, for ever (grpc/grpc-node#2785); close the channel then.
   */
  async ready(deadlineMs: number): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.client.waitForReady(Date.now() + deadlineMs, (error) => {
        if (error === undefined) resolve();
        else reject(new TepuiError('UNREACHABLE', `${this.address} did not answer within ${deadlineMs} ms`));
      });
    });
  }

  /** Rejects with a TepuiError: the server's own, or what can be said without one. */
  async call<Request, Response>(
    method: Unary<Request, Response>,
    request: Request,
    options: CallOptions = {},
  ): Promise<Response> {
    const bytes = method.request.encode(request);
    const response = await new Promise<Buffer | undefined>((resolve, reject) => {
      this.client.makeUnaryRequest(
        method.path,
        identity,
        identity,
        bytes,
        metadataOf(options),
        deadlineOf(options),
        (error, value) => {
          if (error === null) resolve(value);
          else reject(errorFromStatus(error, this.address));
        },
      );
    });
    return method.response.decode(response ?? Buffer.alloc(0));
  }

  /** Opens a stream in both directions. */
  open<Request, Response>(
    method: Bidi<Request, Response>,
    options: CallOptions = {},
  ): ClientStream<Request, Response> {
    const raw = this.client.makeBidiStreamRequest(
      method.path,
      identity,
      identity,
      metadataOf(options),
      deadlineOf(options),
    );
    return new ClientStream(raw, method.request, method.response, this.address);
  }

  /** Asks once, to be answered with a stream. */
  subscribe<Request, Response>(
    method: ServerStreaming<Request, Response>,
    request: Request,
    options: CallOptions = {},
  ): ClientStream<never, Response> {
    const raw = this.client.makeServerStreamRequest(
      method.path,
      identity,
      identity,
      method.request.encode(request),
      metadataOf(options),
      deadlineOf(options),
    );
    return new ClientStream<never, Response>(raw, null, method.response, this.address);
  }

  /** Cuts the connection; calls under way fail. */
  close(): void {
    this.client.close();
    this.connections.destroy();
  }
}

function metadataOf(options: CallOptions): Metadata {
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(options.metadata ?? {})) metadata.set(name, value);
  return metadata;
}

function deadlineOf(options: CallOptions): { deadline: number } | object {
  return options.deadlineMs === undefined ? {} : { deadline: Date.now() + options.deadlineMs };
}
