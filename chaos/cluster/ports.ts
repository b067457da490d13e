import { createServer } from 'node:net';
import { below, type Random } from '../../lib/base/index.js';

/** Below the range from which systems take ports for outgoing connections: a port given up is not taken away. */
const LOW = 11_000;
const HIGH = 31_000;
const ATTEMPTS = 1000;

/** Ports that nothing listens on now. */
export async function choosePorts(count: number, random: Random): Promise<number[]> {
  const ports = new Set<number>();
  for (let attempt = 0; attempt < ATTEMPTS && ports.size < count; attempt++) {
    const port = LOW + below(random, HIGH - LOW);
    if (await isFree(port)) ports.add(port);
  }
  if (ports.size < count)
    throw new Error(`only ${ports.size} of ${count} ports are free after ${ATTEMPTS} tries`);
  return [...ports];
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });
}
