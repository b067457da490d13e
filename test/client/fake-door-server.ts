import type { TepuiError } from '../../lib/base/index.js';
import {
  CLIENT_MESSAGE_LIMIT_BYTES,
  GrpcServer,
  coordinationService,
  schedulerService,
  serverCredentials,
} from '../../lib/wire/index.js';
import type { ServerEnd } from './fake-door.js';
import type { FakeGroup } from './fake-group.js';

/** The in-memory group behind a real gRPC door. */
export async function serve(group: FakeGroup): Promise<{ server: GrpcServer; address: string }> {
  const server = new GrpcServer({
    credentials: serverCredentials(null, 'ignored'),
    messageLimitBytes: CLIENT_MESSAGE_LIMIT_BYTES,
  });
  let address = '';
  server.add(schedulerService(), {
    connect: (stream) => {
      const end: ServerEnd<'scheduler'> = {
        address,
        method: 'scheduler',
        reply: (message) => void stream.write(message),
        end: (error?: TepuiError) => {
          if (error === undefined) stream.end();
          else stream.fail(error);
        },
      };
      stream.listen({
        message: (request) => group.request(end, request),
        closed: () => group.ended(end),
      });
    },
    call: () => Promise.reject(new Error('not used')),
  });
  server.add(coordinationService(), {
    openSession: (request) => group.call(address, 'openSession', request),
    closeSession: (request) => group.call(address, 'closeSession', request),
    read: (stream) => stream.end(),
    write: (stream) => stream.end(),
  });
  address = `127.0.0.1:${await server.listen('127.0.0.1', 0)}`;
  return { server, address };
}
