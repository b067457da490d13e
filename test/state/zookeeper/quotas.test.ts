import assert from 'node:assert/strict';
import { bytes, Driver } from '../support/driver.js';
import { Client, create, remove, set } from './client.js';

describe('Quotas', () => {
  let driver: Driver;
  let client: Client;

  beforeEach(() => {
    driver = new Driver();
    client = new Client(driver, '1');
    for (const path of ['/app', '/app/one'])
      client.done(create(path, 'persistent', undefined, bytes('1234')));
  });

  /** As ZooKeeper's clients set one. */
  function limit(path: string, limits: string): void {
    client.create(`/zookeeper/quota${path}`);
    client.done(create(`/zookeeper/quota${path}/zookeeper_limits`, 'persistent', undefined, bytes(limits)));
    const use = bytes('count=0,bytes=0');
    client.done(create(`/zookeeper/quota${path}/zookeeper_stats`, 'persistent', undefined, use));
  }

  function use(path: string): string {
    return Buffer.from(driver.machine.tree.get(`/zookeeper/quota${path}/zookeeper_stats`)!.data).toString();
  }

  it('count what is there when they are set, and every change after', () => {
    limit('/app', 'count=10,bytes=100');
    assert.equal(use('/app'), 'count=2,bytes=8');
    client.done(create('/app/two', 'persistent', undefined, bytes('123')));
    client.done(set('/app/one', -1, bytes('1')));
    client.done(remove('/app/two'));
    assert.equal(use('/app'), 'count=2,bytes=5');
    client.done(create('/apple', 'persistent', undefined, bytes('x')));
    assert.equal(use('/app'), 'count=2,bytes=5');
  });

  it('that are hard refuse what would pass them, and allow what shrinks', () => {
    limit('/app', 'count=-1,bytes=-1=;byteHardLimit=10;countHardLimit=3');
    client.done(create('/app/two', 'persistent', undefined, bytes('1')));
    assert.equal(client.refused(create('/app/three', 'persistent', undefined, null)), 'QUOTA_EXCEEDED');
    assert.equal(client.refused(set('/app/two', -1, bytes('1234'))), 'QUOTA_EXCEEDED');
    client.done(set('/app/one', -1, bytes('1')));
    client.done(set('/app/two', -1, bytes('1234')));
    client.done(remove('/app/two'));
  });

  it('below others count alone what they cover', () => {
    limit('/app', 'count=-1,bytes=-1=;countHardLimit=2');
    limit('/app/one', 'count=-1,bytes=-1=;countHardLimit=3');
    client.create('/app/one/a');
    client.create('/app/one/b');
    assert.deepEqual([use('/app'), use('/app/one')], ['count=2,bytes=8', 'count=3,bytes=6']);
    assert.equal(client.refused(create('/app/one/c')), 'QUOTA_EXCEEDED');
    assert.equal(client.refused(create('/app/two')), 'QUOTA_EXCEEDED');
  });

  it('answer the create of their statistics with the length that was sent', () => {
    client.create('/zookeeper/quota/app');
    const made = client.done(
      create('/zookeeper/quota/app/zookeeper_stats', 'persistent', undefined, bytes('x')),
    );
    assert.equal(made.kind === 'created' && made.stat.dataLength, 1);
    assert.equal(use('/app'), 'count=2,bytes=8');
  });

  it('that are soft refuse nothing', () => {
    limit('/app', 'count=1,bytes=1');
    client.create('/app/two');
    assert.equal(use('/app'), 'count=3,bytes=9');
  });

  it('count ephemeral nodes that end with their session', () => {
    limit('/app', 'count=10,bytes=100');
    const other = new Client(driver, '2');
    other.create('/app/e', 'ephemeral');
    other.close();
    assert.equal(use('/app'), 'count=2,bytes=8');
  });

  it('are as before when several writes are taken back', () => {
    limit('/app', 'count=-1,bytes=-1=;countHardLimit=3');
    assert.equal(client.multi(create('/app/a'), create('/app/b')).at(-1), 'QUOTA_EXCEEDED');
    assert.equal(use('/app'), 'count=2,bytes=8');
    client.create('/app/a');
  });

  it('end with the node that sets them', () => {
    limit('/app', 'count=-1,bytes=-1=;countHardLimit=2');
    assert.equal(client.refused(create('/app/x')), 'QUOTA_EXCEEDED');
    client.done(remove('/zookeeper/quota/app/zookeeper_limits'));
    client.create('/app/x');
  });

  it('of text that cannot be read limit nothing', () => {
    limit('/app', 'countHardLimit=many');
    client.create('/app/x');
  });
});
