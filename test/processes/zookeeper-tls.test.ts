import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { connect } from 'node:tls';
import { stringify } from 'yaml';
import { JuteReader, OP, readReplyHeader, ZK_ERROR, type Request } from '../../lib/wire/zookeeper/index.js';
import { RawClient } from '../api/zookeeper/door-world.js';
import { authority, certificate, type Identity } from '../support/certificates.js';
import { freeOffset } from '../support/dev-cluster.js';
import { eventually } from '../support/eventually.js';
import { tempFolder } from '../support/temp-folder.js';
import { TepuiProcess, logTail } from '../support/tepui-process.js';

const LIMIT_MS = 30_000;
const ALL = 31;
const SUPER = 'super:secret';

describe('A real master with TLS, and who its ZooKeeper clients are', function () {
  this.timeout(60_000);
  const folder = tempFolder();
  const ours = authority('ours');
  const clients: RawClient[] = [];
  let port: number;
  let grpc: number;
  let http: number;
  let master: TepuiProcess;

  function write(name: string, bytes: Uint8Array | string): string {
    const file = path.join(folder.path, name);
    writeFileSync(file, bytes);
    return file;
  }

  before(async () => {
    const offset = await freeOffset(1);
    port = 2181 + offset;
    [grpc, http] = [5060 + offset, 5050 + offset];
    const own = certificate('m1', ['127.0.0.1'], ours, 'ours');
    const peer = `127.0.0.1:${5070 + offset}`;
    const sha1 = createHash('sha1').update(SUPER).digest('base64');
    const config = {
      id: 'm1',
      dataDir: path.join(folder.path, 'm1'),
      listen: { grpc: `127.0.0.1:${grpc}`, peer, zookeeper: `127.0.0.1:${port}`, http: `127.0.0.1:${http}` },
      members: { m1: peer },
      tls: { cert: write('m1.pem', own.cert), key: write('m1.key', own.key), ca: write('ca.pem', ours.cert) },
      zookeeper: { superDigest: `super:${sha1}` },
    };
    master = new TepuiProcess(['master', '--config', write('m1.yaml', stringify(config))]);
    await eventually(() => client(null), LIMIT_MS, 'a session').catch((cause: unknown) => {
      throw new Error(`${master.stderr}\n${logTail(config.dataDir)}`, { cause });
    });
  });

  after(async () => {
    for (const one of clients) one.socket.destroy();
    await master.end();
    folder.remove();
  });

  async function client(identity: Identity | null): Promise<RawClient> {
    const one = new RawClient(connect({ port, host: '127.0.0.1', ca: ours.cert, ...identity }));
    clients.push(one);
    await one.greet();
    return one;
  }

  function read(path: string): Request {
    return { op: OP.getData, path, watch: false };
  }

  it('a node for the subject of a certificate is for whoever shows it, and for the super user', async () => {
    const alice = await client(certificate('alice', ['127.0.0.1'], ours, 'ours'));
    const acl = [{ permissions: ALL, scheme: 'x509', id: 'CN=alice' }];
    const made = await alice.ask({ op: OP.create, path: '/hers', data: null, acl, flags: 0, ttlMs: 0 });
    assert.ok(made instanceof JuteReader);
    const again = await client(certificate('alice', ['127.0.0.1'], ours, 'ours'));
    assert.ok((await again.ask(read('/hers'))) instanceof JuteReader);

    const bob = await client(certificate('bob', ['127.0.0.1'], ours, 'ours'));
    assert.equal(await bob.ask(read('/hers')), ZK_ERROR.noAuth);
    const nobody = await client(null);
    assert.equal(await nobody.ask(read('/hers')), ZK_ERROR.noAuth);

    nobody.send({ op: OP.auth, scheme: 'digest', credentials: Buffer.from(SUPER) });
    assert.equal(readReplyHeader(new JuteReader(await nobody.next())).err, ZK_ERROR.ok);
    assert.ok((await nobody.ask(read('/hers'))) instanceof JuteReader);
  });

  it('who authenticates as super with another password is somebody else', async () => {
    const liar = await client(null);
    liar.send({ op: OP.auth, scheme: 'digest', credentials: Buffer.from('super:guess') });
    assert.equal(readReplyHeader(new JuteReader(await liar.next())).err, ZK_ERROR.ok);
    assert.equal(await liar.ask(read('/hers')), ZK_ERROR.noAuth);
  });

  it('a new certificate in its files is shown to all who come, while those who are there stay', async () => {
    const there = await client(null);
    const shown = (where: number): Promise<string> =>
      new Promise((resolve, reject) => {
        const socket = connect({ port: where, host: '127.0.0.1', rejectUnauthorized: false }, () => {
          resolve(String(socket.getPeerCertificate().subject.CN));
          socket.destroy();
        });
        socket.once('error', reject);
      });
    const doors = [port, grpc, http];
    assert.deepEqual(await Promise.all(doors.map(shown)), ['m1', 'm1', 'm1']);
    const { cert, key } = certificate('renewed', ['127.0.0.1'], ours, 'ours');
    write('m1.pem', cert);
    write('m1.key', key);
    const renewed = async (): Promise<boolean> =>
      (await Promise.all(doors.map(shown))).every((name) => name === 'renewed');
    await eventually(renewed, LIMIT_MS, 'all doors show the new certificate');
    assert.equal(await there.ask(read('/nothing')), ZK_ERROR.noNode);
  });

  it('who shows a certificate of another authority is turned away', async () => {
    const theirs = authority('theirs');
    await assert.rejects(client(certificate('alice', ['127.0.0.1'], theirs, 'theirs')), /closed/);
  });
});
