import type { ConnectionOptions } from '../client/index.js';
import { systemPorts, type Ports } from '../client/internal.js';

/** What a command touches of the process it runs in. Tests bring their own. */
export interface CliIo {
  /** Writes to standard output: results, and nothing else. */
  out(text: string): void;
  /** Writes to standard error: warnings, errors, notes to the person. */
  err(text: string): void;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Calls `handler` at every SIGINT and SIGTERM, until the returned function is called. */
  onInterrupt(handler: () => void): () => void;
  ports(options: ConnectionOptions): Ports;
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
  return {
    out: (text) => {
      if (!readerIsGone) process.stdout.write(text);
    },
    err: (text) => {
      process.stderr.write(text);
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
  };
}
