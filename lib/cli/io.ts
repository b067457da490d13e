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

export function processIo(): CliIo {
  return {
    out: (text) => {
      process.stdout.write(text);
    },
    err: (text) => {
      process.stderr.write(text);
    },
    env: process.env,
    onInterrupt: (handler) => {
      process.on('SIGINT', handler);
      process.on('SIGTERM', handler);
      return () => {
        process.off('SIGINT', handler);
        process.off('SIGTERM', handler);
      };
    },
    ports: systemPorts,
  };
}
