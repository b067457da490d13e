import { createServer } from 'node:net';

/** Below the range from which kernels take the ports of outgoing connections (32,768 and up, RFC 6056 and Linux). */
const RANGE = { from: 12_000, to: 32_000 } as const;

/**
 * Neighbouring ports that nobody uses now. A killed member needs its port again when it is restarted, and its clients
 * dial that port in the meantime: from the range of outgoing ports, one of them could take it, or meet itself there.
 */
export async function memberPorts(count: number): Promise<number[]> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const first = RANGE.from + Math.floor(Math.random() * (RANGE.to - RANGE.from - count));
    const ports = Array.from({ length: count }, (_, i) => first + i);
    const free = await Promise.all(ports.map(isFree));
    if (free.every(Boolean)) return ports;
  }
  throw new Error(`no ${count} free ports in a row between ${RANGE.from} and ${RANGE.to}`);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1' }, () => server.close(() => resolve(true)));
  });
}
