import { connect } from 'node:net';
import {
  GrpcChannel,
  GrpcServer,
  PEER_MESSAGE_LIMIT_BYTES,
  PEER_WINDOW_BYTES,
  channelCredentials,
  parseAddress,
  peerService,
  serverCredentials,
  type ChannelSecurity,
  type TlsMaterial,
} from '../wire/index.js';
import type { PeerChannel, PeerDoor, PeerWire, ProbeResult } from './wire.js';

export interface GrpcWireOptions {
  readonly host: string;
  /** 0: any free port, see `port`. */
  readonly port: number;
  /** Null: without TLS. With it, both sides of every connection show certificates of the same authority. */
  readonly tls: TlsMaterial | null;
}

/** Calls of other members that are under way get so long to end when this one stops. */
const STOP_GRACE_MS = 100;

/** Peer connections over gRPC. */
export class GrpcWire implements PeerWire {
  private readonly options: GrpcWireOptions;
  private readonly security: ChannelSecurity;
  private readonly server: GrpcServer;
  private boundPort: number;

  constructor(options: GrpcWireOptions) {
    this.options = options;
    this.boundPort = options.port;
    this.security = channelCredentials(options.tls, true);
    this.server = new GrpcServer({
      credentials: serverCredentials(options.tls, 'required'),
      messageLimitBytes: PEER_MESSAGE_LIMIT_BYTES,
      windowBytes: PEER_WINDOW_BYTES,
    });
  }

  /** The port that is listened at, once it is. */
  get port(): number {
    return this.boundPort;
  }

  async listen(door: PeerDoor): Promise<void> {
    this.server.add(peerService(), {
      stream: (stream) => {
        door.stream(stream);
      },
      introduce: (hello) => door.introduce(hello),
      form: (request) => door.form(request),
      join: (request) => door.join(request),
      sendSnapshot: (stream) => {
        door.sendSnapshot(stream);
      },
    });
    this.boundPort = await this.server.listen(this.options.host, this.options.port);
  }

  close(): Promise<void> {
    return this.server.stop(STOP_GRACE_MS);
  }

  channel(address: string): PeerChannel {
    const channel = new GrpcChannel(address, { credentials: this.security, windowBytes: PEER_WINDOW_BYTES });
    const { stream, sendSnapshot, introduce, form, join } = peerService().methods;
    return {
      stream: () => channel.open(stream),
      sendSnapshot: () => channel.open(sendSnapshot),
      introduce: (hello, deadlineMs) => channel.call(introduce, hello, { deadlineMs }),
      form: (request, deadlineMs) => channel.call(form, request, { deadlineMs }),
      join: (request, deadlineMs) => channel.call(join, request, { deadlineMs }),
      close: () => {
        channel.close();
      },
    };
  }

  /** A bare connection: the system's own code tells a process that is gone from a host or a path that is. */
  probe(address: string, done: (result: ProbeResult) => void): () => void {
    const socket = connect({ ...parseAddress(address), noDelay: true });
    let over = false;
    const finish = (result: ProbeResult | null): void => {
      if (over) return;
      over = true;
      socket.destroy();
      if (result !== null) done(result);
    };
    socket.on('connect', () => {
      finish({ kind: 'listening' });
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      finish(error.code === 'ECONNREFUSED' ? { kind: 'refused' } : { kind: 'failed', why: error.message });
    });
    return () => {
      finish(null);
    };
  }
}
