import type { Socket } from 'node:net';
import { isIP } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { CallCredentials, ChannelCredentials } from '@grpc/grpc-js';
import type { ChannelSecurity } from './tls.js';

type SecureConnector = ReturnType<ChannelCredentials['_createSecureConnector']>;

/**
 * Credentials of one channel that also know its sockets. grpc-js offers no other hold on them: closing a
 * channel lets calls go on, and a connection on which the other side says nothing stays open for ever
 * (grpc/grpc-node#2785).
 */
export class OwnedConnections extends ChannelCredentials {
  private readonly security: ChannelSecurity;
  private readonly host: string;
  private readonly sockets: Set<Socket> = new Set();
  private cut = false;

  constructor(security: ChannelSecurity, host: string) {
    super();
    this.security = security;
    this.host = host;
  }

  /** Cuts every connection, those being made included; later ones are cut as they come. */
  destroy(): void {
    this.cut = true;
    for (const socket of this.sockets) socket.destroy();
  }

  override _isSecure(): boolean {
    return this.security !== null;
  }

  override _equals(other: ChannelCredentials): boolean {
    return this === other;
  }

  override _createSecureConnector(): SecureConnector {
    return {
      connect: async (socket) => {
        this.own(socket);
        return this.security === null
          ? { socket, secure: false }
          : { socket: await this.secure(socket, this.security), secure: true };
      },
      waitForReady: async () => {},
      getCallCredentials: () => CallCredentials.createEmpty(),
      destroy: () => {},
    };
  }

  private own(socket: Socket): void {
    if (this.cut) {
      socket.destroy();
      throw new Error('the channel was closed');
    }
    socket.setNoDelay(true);
    this.sockets.add(socket);
    socket.once('close', () => this.sockets.delete(socket));
  }

  /** Verified against the authority and the host. An IP address is no server name (RFC 6066, section 3). */
  private secure(socket: Socket, security: NonNullable<ChannelSecurity>): Promise<Socket> {
    return new Promise((resolve, reject) => {
      const secured = connectTls({
        socket,
        secureContext: security,
        host: this.host,
        ALPNProtocols: ['h2'],
        ...(isIP(this.host) === 0 ? { servername: this.host } : {}),
      });
      secured.once('secureConnect', () => {
        resolve(secured);
      });
      // Also without authorization, since `rejectUnauthorized` is on; and for as long as the socket lives, so that
      // no late error of it ends the process.
      secured.on('error', reject);
      secured.once('close', () => {
        reject(new Error('connection closed during the TLS handshake'));
      });
    });
  }
}
