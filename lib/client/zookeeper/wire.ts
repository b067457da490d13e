import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { TepuiError } from '../../base/index.js';
import { parseAddress } from '../../wire/index.js';
import type { TlsOptions } from '../connection.js';
import { reasonOf } from '../tcp-probe.js';

/** One connection as bytes. After `destroy` its listener hears nothing more. */
export interface Wire {
  send(bytes: Uint8Array): void;
  destroy(): void;
}

export interface WireListener {
  /** Bytes can be sent. */
  open(): void;
  data(chunk: Buffer): void;
  /** Never opened, or lost: UNREACHABLE or TLS, with `reason` among its fields. Called once, and last. */
  closed(error: TepuiError): void;
}

export type ConnectWire = (address: string, listener: WireListener) => Wire;

/** Sockets to `host:port`; with `tls` the server is verified against the authority and its host name. */
export function socketWires(tls: TlsOptions | null): ConnectWire {
  return (address, listener) => new SocketWire(address, tls, listener);
}

class SocketWire implements Wire {
  private readonly socket: Socket;
  private readonly address: string;
  private readonly listener: WireListener;
  /** How far it came, for the words of its end. */
  private reached: 'nothing' | 'host' | 'server' = 'nothing';
  private over = false;

  constructor(address: string, tls: TlsOptions | null, listener: WireListener) {
    this.address = address;
    this.listener = listener;
    const { host, port } = parseAddress(address);
    // An IP address is no server name (RFC 6066, section 3).
    const name = isIP(host) === 0 ? { servername: host } : {};
    this.socket =
      tls === null ? connectTcp({ host, port, noDelay: true }) : connectTls({ host, port, ...name, ...tls });
    this.socket.once('connect', () => {
      this.reached = tls === null ? 'server' : 'host';
      this.socket.setNoDelay(true);
      if (tls === null) this.listener.open();
    });
    this.socket.once('secureConnect', () => {
      this.reached = 'server';
      this.listener.open();
    });
    this.socket.on('data', (chunk: Buffer) => {
      if (!this.over) this.listener.data(chunk);
    });
    this.socket.on('error', (error: NodeJS.ErrnoException) => this.end(error));
    this.socket.on('close', () => this.end(null));
  }

  send(bytes: Uint8Array): void {
    this.socket.write(bytes);
  }

  destroy(): void {
    this.over = true;
    this.socket.destroy();
  }

  private end(error: NodeJS.ErrnoException | null): void {
    if (this.over) return;
    this.destroy();
    // What breaks between the host and the server is the handshake of TLS: a certificate, mostly.
    const untrusted = this.reached === 'host' && error !== null;
    const reason =
      error === null
        ? 'closed the connection'
        : untrusted
          ? error.message
          : reasonOf(error.code ?? error.message);
    const fields = { reason };
    this.listener.closed(
      new TepuiError(untrusted ? 'TLS' : 'UNREACHABLE', `${this.address} ${reason}`, { fields }),
    );
  }
}
