import { createServer } from 'node:net';
import { TepuiError } from '../base/index.js';
import { parseAddress } from './addresses.js';

/**
 * Throws PORT_IN_USE for the first address that another program listens on, CONFIG for one that cannot be
 * listened on at all; `remedy` says how to choose others.
 */
export async function checkPortsFree(addresses: readonly string[], remedy: string): Promise<void> {
  for (const address of addresses) {
    const problem = await problemAt(address);
    if (problem === null) continue;
    const { port } = parseAddress(address);
    if (problem !== 'EADDRINUSE') throw new TepuiError('CONFIG', `cannot listen at ${address}: ${problem}`);
    throw new TepuiError(
      'PORT_IN_USE',
      `port ${port} (${address}) is in use: stop the program that holds it, or ${remedy}`,
      { fields: { port } },
    );
  }
}

function problemAt(address: string): Promise<string | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    const { host, port } = parseAddress(address);
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(null)));
  });
}
