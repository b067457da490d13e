import { connect } from 'node:net';

/**
 * Whether somebody takes connections at `host:port`: calls `done` once, with null or why not in a word or two,
 * unless the returned function is called before.
 *
 * grpc-js cannot be asked to give a connection attempt up: a dial to a host that answers nothing holds its
 * socket, and the process, until the kernel gives up after two minutes, and a refused one is repeated in
 * silence. So it is only let loose on an address that has just taken a connection.
 */
export function probeTcp(
  address: string,
  timeoutMs: number,
  done: (reason: string | null) => void,
): () => void {
  const separator = address.lastIndexOf(':');
  const host = address.slice(0, separator).replace(/^\[(.*)\]$/, '$1');
  const socket = connect({ host, port: Number(address.slice(separator + 1)) });
  const end = (): void => {
    clearTimeout(timer);
    socket.destroy();
  };
  const timer = setTimeout(() => {
    end();
    done('no answer');
  }, timeoutMs);
  socket.once('connect', () => {
    end();
    done(null);
  });
  socket.on('error', (error: NodeJS.ErrnoException) => {
    end();
    done(reasonOf(error.code ?? error.message));
  });
  return end;
}

/** A word or two of an error that a socket raised. */
export function reasonOf(code: string): string {
  if (code === 'ECONNREFUSED') return 'refused';
  if (code === 'EHOSTUNREACH' || code === 'ENETUNREACH') return 'no route';
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'unknown host';
  if (code === 'ECONNRESET') return 'connection reset';
  return code;
}
