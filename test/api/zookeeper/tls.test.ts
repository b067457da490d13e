import assert from 'node:assert/strict';
import { OP } from '../../../lib/wire/zookeeper/index.js';
import { authority, certificate, type Identity } from '../../support/certificates.js';
import { DoorWorld, type RawClient } from './door-world.js';

const ours = authority('ours');
const others = authority('others');
const server = certificate('m1', ['127.0.0.1'], ours, 'ours');

async function identities(client: RawClient): Promise<string[]> {
  const r = await client.ask({ op: OP.whoAmI });
  assert.notEqual(typeof r, 'number');
  if (typeof r === 'number') return [];
  return r.vector(8, () => `${r.requiredText('a scheme')}:${r.requiredText('an id')}`);
}

describe('the door for ZooKeeper clients with TLS', () => {
  let world: DoorWorld;

  beforeEach(async () => {
    world = await DoorWorld.open({ tls: { ...server, ca: ours.cert } });
  });

  afterEach(() => world.close());

  async function clientWith(own: Identity | null): Promise<RawClient> {
    const client = world.secureClient({ ca: ours.cert, ...own });
    await client.greet();
    return client;
  }

  it('knows a client by the subject of its certificate', async () => {
    const client = await clientWith(certificate('client', ['127.0.0.1'], ours, 'ours'));
    assert.deepEqual(await identities(client), ['ip:127.0.0.1', 'x509:CN=client']);
  });

  it('lets a client in without a certificate, as its address alone', async () => {
    assert.deepEqual(await identities(await clientWith(null)), ['ip:127.0.0.1']);
  });

  it('turns away who shows a certificate of another authority', async () => {
    await assert.rejects(clientWith(certificate('client', ['127.0.0.1'], others, 'others')), /closed/);
  });

  it('turns away who speaks no TLS', async () => {
    await assert.rejects(world.client().greet(), /closed/);
  });

  it('sends the last answer before it closes', async () => {
    const client = await clientWith(null);
    assert.equal(typeof (await client.ask({ op: OP.closeSession })), 'object');
    await client.end();
  });

  it('answers words, and says in conf that it is secure', async () => {
    const client = world.secureClient({ ca: ours.cert });
    let text = '';
    client.socket.removeAllListeners('data');
    client.socket.on('data', (chunk) => (text += chunk.toString()));
    client.socket.write('conf');
    await client.end();
    assert.match(text, new RegExp(`^clientPort=-1\nsecureClientPort=${world.port}\n`));
  });
});
