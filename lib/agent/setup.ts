import type { TlsFiles } from '../wire/index.js';
import { grpcConnector } from './grpc/connector.js';
import type { MasterConnector } from './link.js';
import type { AgentOptions } from './options.js';

/** Options of an agent that finds its own way to the masters: over gRPC, unless another one is given. */
export interface AgentSetup extends Omit<AgentOptions, 'connector'> {
  readonly connector?: MasterConnector;
  /** Certificate of this agent, its key, and the authority of the masters; null or absent: no TLS. */
  readonly tls?: TlsFiles | null;
}

export function withConnector<S extends Omit<AgentSetup, 'onFatal'>>(
  setup: S,
): S & { readonly connector: MasterConnector } {
  return { ...setup, connector: setup.connector ?? grpcConnector(setup.tls ?? null) };
}
