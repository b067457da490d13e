import type { ConnectionOptions, TlsOptions } from '../client/index.js';
import { SYSTEM, systemPorts, type Ports } from '../client/internal.js';
import { socketWires, type SessionPorts } from '../client/zookeeper/index.js';

/** What a command touches of the process it runs in. Tests bring their own. */
export interface CliIo {
  /** Writes to standard output: results, and nothing else. */
  out(text: string): void;
  /** The same for what is no text. */
  outBytes(bytes: Uint8Array): void;
  /** Writes to standard error: warnings, errors, notes to the person. */
  err(text: string): void;
  /** Standard input, to its end. */
  input(): Promise<Uint8Array>;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Calls `handler` at every SIGINT and SIGTERM, until the returned function is called. */
  onInterrupt(handler: () => void): () => void;
  ports(options: ConnectionOptions): Ports;
  /** What a client of the ZooKeeper protocol touches of the outside world. */
  zooKeeper(tls: TlsOptions | null): SessionPorts;
}

/** The real process. A reader that goes away (`tepui events | head`) interrupts the command. */
export function processIo(): CliIo {
  const handlers = new Set<() => void>();
  let readerIsGone = false;
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    if (readerIsGone) return;
    readerIsGone = true;
    for (const handler of handlers) handler();
  });
  const out = (text: string | Uint8Array): void => {
    if (!readerIsGone) process.stdout.write(text);
  };
  return {
    out,
    outBytes: out,
    err: (text) => {
      process.stderr.write(text);
    },
    input: async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
      return Buffer.concat(chunks);
    },
    env: process.env,
    onInterrupt: (handler) => {
      handlers.add(handler);
      process.on('SIGINT', handler);
      process.on('SIGTERM', handler);
      return () => {
        handlers.delete(handler);
        process.off('SIGINT', handler);
        process.off('SIGTERM', handler);
      };
    },
    ports: systemPorts,
    zooKeeper: (tls) => ({ connect: socketWires(tls), world: SYSTEM }),
  };
}
