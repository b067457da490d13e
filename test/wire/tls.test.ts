import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SessionId } from '../../lib/base/index.js';
import {
  GrpcChannel,
  GrpcServer,
  channelCredentials,
  coordinationService,
  loadTls,
  serverCredentials,
  type Caller,
  type ClientCertificates,
  type TlsMaterial,
} from '../../lib/wire/index.js';
import { authority, certificate, type Identity } from '../support/certificates.js';

const ours = authority('ours');
const theirs = authority('theirs');
const server1 = materialOf(certificate('m1', ['127.0.0.1'], ours, 'ours'), ours);
const client1 = materialOf(certificate('a1', [], ours, 'ours'), ours);
const stranger = materialOf(certificate('a1', ['127.0.0.1'], theirs, 'theirs'), ours);

function materialOf(identity: Identity, trusted: Identity): TlsMaterial {
  return { ...identity, ca: trusted.cert };
}

function unexpected(): never {
  throw new Error('not called in this test');
}

describe('TLS', () => {
  const cleanUp: (() => Promise<void> | void)[] = [];
  let caller: Caller | null = null;

  afterEach(async () => {
    for (const step of cleanUp.splice(0)) await step();
    caller = null;
  });

  async function callWith(
    door: { readonly material: TlsMaterial; readonly asks: ClientCertificates },
    material: TlsMaterial | null,
    identify: boolean,
  ): Promise<string> {
    const server = new GrpcServer({
      credentials: serverCredentials(door.material, door.asks),
      messageLimitBytes: 1 << 20,
    });
    server.add(coordinationService(), {
      openSession: async (_, from) => {
        caller = from;
        return { session: 's' as SessionId, timeoutMs: 0, index: 0 };
      },
      closeSession: unexpected,
      write: unexpected,
      read: unexpected,
    });
    const port = await server.listen('127.0.0.1', 0);
    const channel = new GrpcChannel(`127.0.0.1:${port}`, {
      credentials: channelCredentials(material, identify),
    });
    cleanUp.push(() => server.stop(0));
    cleanUp.push(() => {
      channel.close();
    });
    const { openSession } = coordinationService().methods;
    return (await channel.call(openSession, { timeoutMs: 0 }, { deadlineMs: 5000 })).session;
  }

  it('lets in who proves to be of our authority, and says who it is', async () => {
    assert.equal(await callWith({ material: server1, asks: 'required' }, client1, true), 's');
    assert.equal(caller?.certificate?.subject.CN, 'a1');
  });

  it('at a door that requires certificates, keeps everybody else out', async () => {
    const door = { material: server1, asks: 'required' } as const;
    await assert.rejects(callWith(door, client1, false));
    await assert.rejects(callWith(door, stranger, true));
    await assert.rejects(callWith(door, null, false));
    assert.equal(caller, null);
  });

  it('at a door where they are optional, tells who showed a valid one from who did not', async () => {
    const door = { material: server1, asks: 'optional' } as const;
    assert.equal(await callWith(door, client1, true), 's');
    assert.equal(caller?.certificate?.subject.CN, 'a1');
    assert.equal(await callWith(door, client1, false), 's');
    assert.equal(caller?.certificate, null);
    assert.equal(await callWith(door, stranger, true), 's');
    assert.equal(caller?.certificate, null);
  });

  it('keeps clients from a server of another authority, before anything is sent', async () => {
    await assert.rejects(callWith({ material: stranger, asks: 'ignored' }, client1, false), { code: 'TLS' });
    assert.equal(caller, null);
  });

  it('keeps clients from a server whose certificate names another address', async () => {
    const elsewhere = materialOf(certificate('m2', ['127.0.0.9'], ours, 'ours'), ours);
    await assert.rejects(callWith({ material: elsewhere, asks: 'ignored' }, client1, false), { code: 'TLS' });
  });

  it('names the file that cannot be read, and a key that does not fit', () => {
    const folder = mkdtempSync(join(tmpdir(), 'tepui-tls-'));
    cleanUp.push(() => {
      rmSync(folder, { recursive: true });
    });
    const files = {
      cert: join(folder, 'cert.pem'),
      key: join(folder, 'key.pem'),
      ca: join(folder, 'ca.pem'),
    };
    writeFileSync(files.cert, server1.cert);
    writeFileSync(files.ca, server1.ca);
    assert.throws(() => loadTls(files), { code: 'TLS', message: /tls\.key cannot be read.*key\.pem/ });
    writeFileSync(files.key, client1.key);
    assert.throws(() => loadTls(files), { code: 'TLS', message: /are not a certificate and its key/ });
    writeFileSync(files.key, server1.key);
    assert.deepEqual(loadTls(files), server1);
  });
});
