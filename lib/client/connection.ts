import { TepuiError } from '../base/index.js';
import type { Dial } from './door.js';
import { dialGrpc } from './grpc.js';
import { SYSTEM, type World } from './system.js';

/** PEM texts. With `cert` and `key` the client shows who it is. */
export interface TlsOptions {
  readonly ca: string;
  readonly cert?: string;
  readonly key?: string;
}

export interface ConnectionOptions {
  /** gRPC doors of some or all members, `host:port`. Any one serves; several survive the loss of a host. */
  readonly addresses: readonly string[];
  readonly tls?: TlsOptions;
}

/** What a client touches of the outside world. Tests bring their own. */
export interface Ports {
  readonly dial: Dial;
  readonly world: World;
}

export function systemPorts(options: ConnectionOptions): Ports {
  return { dial: dialGrpc(options.tls ?? null), world: SYSTEM };
}

/** Checks addresses of the form `host:port`, IPv6 hosts in brackets. Throws INVALID_ARGUMENT. */
export function checkAddresses(addresses: readonly string[]): void {
  if (addresses.length === 0) throw new TepuiError('INVALID_ARGUMENT', 'no address of a master given');
  for (const address of addresses) {
    const port = Number(/^(?:\[[0-9a-fA-F:.]+\]|[^:\s]+):(\d{1,5})$/.exec(address)?.[1] ?? Number.NaN);
    if (port >= 1 && port <= 65_535) continue;
    throw new TepuiError('INVALID_ARGUMENT', `"${address}" is not an address of the form host:port`);
  }
}
