import assert from 'node:assert/strict';
import type { Replica } from '../../../lib/replica/index.js';
import { authority, certificate } from '../../support/certificates.js';
import { DoorWorld } from '../zookeeper/door-world.js';
import { HttpWorld } from './http-world.js';

describe('the door for HTTP', () => {
  let world: DoorWorld;
  let http: HttpWorld;

  async function open(opening: Promise<DoorWorld>): Promise<void> {
    world = await opening;
    http = await HttpWorld.open(world);
  }

  afterEach(async () => {
    await http.close();
    await world.close();
  });

  it('says that the process lives and that it serves', async () => {
    await open(DoorWorld.open());
    assert.deepEqual([(await http.get('/livez')).text, (await http.get('/readyz')).text], ['ok\n', 'ok\n']);
    assert.equal((await http.get('/readyz')).status, 200);
  });

  it('says why it is not ready while it knows of no leader; it lives on', async () => {
    await open(DoorWorld.withoutQuorum());
    const { status, text } = await http.get('/readyz');
    assert.equal(status, 503);
    assert.match(text, /founding members/);
    assert.equal((await http.get('/livez')).status, 200);
  });

  it('answers GET and HEAD alone', async () => {
    await open(DoorWorld.open());
    assert.equal((await http.ask('POST', '/commands/stat_reset')).status, 405);
    const { status, headers, text } = await http.ask('HEAD', '/livez');
    assert.deepEqual([status, headers['content-length'], text], [200, '3', '']);
  });

  it('knows no other page, and leaves the query of those that it knows alone', async () => {
    await open(DoorWorld.open());
    assert.equal((await http.get('/')).status, 404);
    assert.equal((await http.get('/livez?verbose')).status, 200);
  });

  it('survives a page that cannot be made', async () => {
    world = await DoorWorld.open();
    const status = (): never => {
      throw new Error('broken');
    };
    const replica = Object.assign(Object.create(world.process.member) as Replica, { status });
    http = await HttpWorld.open(world, { replica });
    assert.equal((await http.get('/readyz')).status, 500);
    assert.equal((await http.get('/livez')).status, 200);
  });

  it('speaks TLS where it is told to, and nothing else', async () => {
    world = await DoorWorld.open();
    const ours = authority('ours');
    const own = certificate('m1', ['127.0.0.1'], ours, 'ours');
    http = await HttpWorld.open(world, { tls: { ...own, ca: ours.cert } });
    assert.equal((await http.ask('GET', '/livez', ours.cert)).text, 'ok\n');
    await assert.rejects(http.get('/livez'));
  });
});
