import assert from 'node:assert/strict';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import type { SessionId, TepuiError } from '../../lib/base/index.js';
import { dialGrpc } from '../../lib/client/grpc.js';
import { Tree, type TlsOptions } from '../../lib/client/index.js';
import type { Door } from '../../lib/client/internal.js';
import {
  CLIENT_MESSAGE_LIMIT_BYTES,
  GrpcServer,
  coordinationService,
  serverCredentials,
  type WriteRequest,
} from '../../lib/wire/index.js';
import { authority, certificate } from '../support/certificates.js';
import { outcomeOf } from './outcome.js';

const STAT = { czxid: 1, mzxid: 1, pzxid: 1, ctimeMs: 0, mtimeMs: 0 };
const COUNTS = { version: 0, cversion: 0, dataLength: 0, numChildren: 0 };

function ready(door: Door, timeoutMs: number): Promise<TepuiError | null> {
  return new Promise((resolve) => {
    door.ready(timeoutMs, resolve);
  });
}

/** A member that answers every write, and ends the stream instead at `endAt`. */
async function member(arrived: WriteRequest[], endAt: number): Promise<{ server: GrpcServer; port: number }> {
  const server = new GrpcServer({
    credentials: serverCredentials(null, 'ignored'),
    messageLimitBytes: CLIENT_MESSAGE_LIMIT_BYTES,
  });
  const notUsed = (): Promise<never> => Promise.reject(new Error('not used'));
  server.add(coordinationService(), {
    openSession: () => Promise.resolve({ session: 'abc' as SessionId, timeoutMs: 600_000, index: 1 }),
    closeSession: () => Promise.resolve({ index: 2 }),
    read: () => void notUsed,
    write: (stream) => {
      stream.listen({
        message: (request) => {
          arrived.push(request);
          if (arrived.length === endAt) stream.end();
          else {
            const outcome = {
              kind: 'done',
              index: 10 + request.sequence,
              term: 1,
              stat: { ...STAT, ...COUNTS },
            } as const;
            stream.write({ sequence: request.sequence, outcome });
          }
        },
      });
    },
  });
  return { server, port: await server.listen('127.0.0.1', 0) };
}

describe('the gRPC door', () => {
  let listener: Server;
  let silentPort: number;
  const accepted: Set<Socket> = new Set();

  before(async () => {
    listener = createServer((socket) => {
      // grpc-js closes such a connection only when the other side does.
      accepted.add(socket);
      socket.on('close', () => accepted.delete(socket));
    });
    await new Promise<void>((resolve) => {
      listener.listen(0, '127.0.0.1', resolve);
    });
    silentPort = (listener.address() as AddressInfo).port;
  });

  after((done) => {
    for (const socket of accepted) socket.destroy();
    listener.close(done);
  });

  it('says "refused" of a port where nobody listens, without waiting for its time to be up', async () => {
    const door = dialGrpc(null)('127.0.0.1:1');
    const startedAt = performance.now();
    const error = await ready(door, 5000);
    assert.equal(error?.code, 'UNREACHABLE');
    assert.equal(error?.fields['reason'], 'refused');
    assert.ok(performance.now() - startedAt < 1000);
    door.close();
  });

  it('gives up on a member that accepts connections and says nothing', async () => {
    const door = dialGrpc(null)(`127.0.0.1:${silentPort}`);
    const error = await ready(door, 150);
    assert.equal(error?.code, 'UNREACHABLE');
    assert.equal(error?.fields['reason'], 'no answer');
    door.close();
  });

  it('tells whoever waits for it when it is closed', async () => {
    const door = dialGrpc(null)(`127.0.0.1:${silentPort}`);
    const waiting = ready(door, 60_000);
    door.close();
    assert.equal((await waiting)?.code, 'UNREACHABLE');
  });

  it('carries the calls of the tree, and repeats the one whose stream ended, to another member', async () => {
    const arrived: WriteRequest[] = [];
    const members = [await member(arrived, 2), await member(arrived, 2)];
    const addresses = members.map(({ port }) => `127.0.0.1:${port}`);
    const tree = new Tree({ addresses });
    const first = await tree.set('/a', Buffer.from('1'));
    assert.equal(first.index, 11);
    const second = await outcomeOf(tree.set('/a', Buffer.from('2')));
    assert.equal(second.value?.index, 12);
    assert.deepEqual(
      arrived.map(({ sequence }) => sequence),
      [1, 2, 2],
    );
    await tree.close();
    for (const { server } of members) await server.stop(1000);
  });

  it('refuses a write that is too large without sending it', async () => {
    const { server, port } = await member([], 0);
    const tree = new Tree({ addresses: [`127.0.0.1:${port}`] });
    const { error } = await outcomeOf(tree.set('/a', Buffer.alloc(CLIENT_MESSAGE_LIMIT_BYTES + 1)));
    assert.equal(error?.code, 'TOO_LARGE');
    assert.equal(error?.certainty, 'not-done');
    await tree.close();
    await server.stop(1000);
  });

  describe('with TLS', () => {
    const ours = authority('ours');
    const { cert, key } = certificate('m1', ['127.0.0.1'], ours, 'ours');
    let server: GrpcServer;
    let address: string;

    before(async () => {
      const credentials = serverCredentials({ cert, key, ca: ours.cert }, 'required');
      server = new GrpcServer({ credentials, messageLimitBytes: CLIENT_MESSAGE_LIMIT_BYTES });
      address = `127.0.0.1:${await server.listen('127.0.0.1', 0)}`;
    });

    after(() => server.stop(0));

    async function connect(tls: TlsOptions): Promise<TepuiError | null> {
      const door = dialGrpc(tls)(address);
      const error = await ready(door, 3000);
      door.close();
      return error;
    }

    it('is ready for a client that trusts the authority and shows a certificate of it', async () => {
      const client = certificate('client', [], ours, 'ours');
      const tls = { ca: ours.cert.toString(), cert: client.cert.toString(), key: client.key.toString() };
      assert.equal(await connect(tls), null);
    });

    it('says TLS, not "no answer", of a member that another authority vouches for', async () => {
      const error = await connect({ ca: authority('theirs').cert.toString() });
      assert.equal(error?.code, 'TLS');
    });
  });
});
