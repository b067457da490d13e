import { createServer } from 'node:net';
import { TepuiError } from '../../base/index.js';
import { parseAddress } from '../addresses.js';

/** Throws PORT_IN_USE for the first address that cannot be listened on. */
export async function checkPortsFree(addresses: readonly string[]): Promise<void> {
  for (const address of addresses) {
    if (await isFree(address)) continue;
    const { port } = parseAddress(address);
    throw new TepuiError(
      'PORT_IN_USE',
      `port ${port} is in use: stop the program that holds it, or move all ports with --port-offset`,
      { fields: { port } },
    );
  }
}

function isFree(address: string): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    const { host, port } = parseAddress(address);
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(true)));
  });
}
