import assert from 'node:assert/strict';
import { bytes, Driver } from '../support/driver.js';
import { acl, check, Client, create, remove, set, setAcl } from './client.js';

describe('Writes of coordination sessions', () => {
  let driver: Driver;
  let client: Client;

  beforeEach(() => {
    driver = new Driver();
    client = new Client(driver, '1');
  });

  it('are judged in ZooKeeper’s order: a create', () => {
    client.create('/p');
    client.create('/e', 'ephemeral');
    const faults: [string, ReturnType<typeof create>][] = [
      ['BAD_ARGUMENTS', create('p')],
      ['BAD_ARGUMENTS', create('/p\0')],
      ['INVALID_ACL', create('/none/x', 'persistent', [])],
      ['NO_NODE', create('/none/x')],
      ['NO_NODE', create('/p//a')],
      ['NO_NODE', create('p/a')],
      ['BAD_ARGUMENTS', create('/p/')],
      ['BAD_ARGUMENTS', create('/p/.')],
      ['BAD_ARGUMENTS', create('/p/..')],
      ['BAD_ARGUMENTS', create('/p/\u0001')],
      ['NODE_EXISTS', create('/')],
      ['NODE_EXISTS', create('/p')],
      ['NO_CHILDREN_FOR_EPHEMERALS', create('/e/x')],
    ];
    for (const [code, op] of faults) assert.equal(client.refused(op), code, JSON.stringify(op.path));
  });

  it('are judged in ZooKeeper’s order: set, delete, check', () => {
    client.create('/p');
    client.create('/p/c');
    assert.equal(client.refused(set('/p/')), 'BAD_ARGUMENTS');
    assert.equal(client.refused(set('/x', 7)), 'NO_NODE');
    assert.equal(client.refused(set('/p', 7)), 'BAD_VERSION');
    for (const path of ['/', '/zookeeper', '/zookeeper/quota', '/zookeeper/config', 'p']) {
      assert.equal(client.refused(remove(path)), 'BAD_ARGUMENTS', path);
    }
    assert.equal(client.refused(remove('/p/')), 'NO_NODE');
    assert.equal(client.refused(remove('/p', 7)), 'BAD_VERSION');
    assert.equal(client.refused(remove('/p', 0)), 'NOT_EMPTY');
    assert.equal(client.refused(check('/x', 0)), 'NO_NODE');
    assert.equal(client.refused(check('/p', 1)), 'BAD_VERSION');
    assert.deepEqual(client.done(check('/p', 0)), { kind: 'nothing' });
  });

  it('keep null data apart from empty data', () => {
    client.done(create('/a', 'persistent', undefined, null));
    assert.equal(driver.machine.tree.get('/a')!.dataIsNull, true);
    client.done(set('/a', -1, bytes('')));
    assert.equal(driver.machine.tree.get('/a')!.dataIsNull, false);
    client.done(set('/a', -1, null));
    assert.equal(driver.machine.tree.get('/a')!.dataIsNull, true);
  });

  it('number sequential nodes by all children that were ever created, in ten digits', () => {
    client.create('/p');
    assert.equal(client.create('/p/a-', 'persistent-sequential'), '/p/a-0000000000');
    client.create('/p/b');
    client.done(remove('/p/b'));
    assert.equal(client.create('/p/', 'ephemeral-sequential'), '/p/0000000002');
  });

  it('leave mzxid and mtime alone when they set an ACL, and raise aversion', () => {
    client.create('/a');
    const before = client.stat('/a')!;
    driver.nowMs += 50;
    client.done(setAcl('/a', acl(1, 'world', 'anyone')));
    assert.deepEqual(client.stat('/a'), { ...before, aversion: 1 });
    assert.equal(client.refused(setAcl('/a', acl(31, 'world', 'anyone'), 1)), 'NO_AUTH');
  });

  it('take a revision each, refused ones too', () => {
    const before = driver.machine.revision;
    client.refused(remove('/none'));
    client.create('/a');
    assert.equal(client.stat('/a')!.czxid, before + 2);
  });

  it('begin with the nodes that ZooKeeper’s trees have, as if they had always been there', () => {
    assert.deepEqual(driver.machine.tree.children('/'), ['zookeeper']);
    assert.deepEqual(driver.machine.tree.children('/zookeeper'), ['config', 'quota']);
    assert.equal(client.stat('/zookeeper')!.czxid, 0);
    assert.equal(client.refused(set('/zookeeper/config')), 'NO_AUTH');
  });
});

describe('Several writes at once', () => {
  let driver: Driver;
  let client: Client;

  beforeEach(() => {
    driver = new Driver();
    client = new Client(driver, '1', [{ scheme: 'ip', id: '10.0.0.1' }]);
    client.create('/p');
  });

  it('see what those before them did, under one revision', () => {
    const outcomes = client.multi(create('/p/a'), set('/p/a', 0), remove('/p/a', 1), create('/p/a'));
    assert.ok(outcomes.every((outcome) => typeof outcome === 'object'));
    assert.equal(client.stat('/p/a')!.czxid, driver.machine.revision);
    assert.equal(client.stat('/p')!.cversion, 3);
  });

  it('that hold none are done', () => {
    assert.deepEqual(client.multi(), []);
  });

  it('are all taken back when one is refused, with their events', () => {
    client.create('/p/old', 'ephemeral', acl(31, 'ip', '10.0.0.0/8'));
    client.done(set('/p/old', 0));
    const picture = (): unknown =>
      ['/', '/p', '/p/old', '/p/a', '/p/old/x'].map((path) => driver.machine.tree.get(path));
    const before = picture();
    const outcomes = client.multi(
      create('/p/a', 'container'),
      set('/p/a'),
      remove('/p/old'),
      create('/p/old'),
      create('/p/old/x'),
      setAcl('/p', acl(1, 'world', 'anyone')),
      remove('/p/a'),
      check('/p', 9),
      create('/q'),
    );
    assert.deepEqual(
      outcomes.map((outcome) => (typeof outcome === 'string' ? outcome : 'done')),
      ['done', 'done', 'done', 'done', 'done', 'done', 'NO_AUTH'],
    );
    assert.deepEqual(picture(), before);
    assert.deepEqual(driver.events, []);
    assert.deepEqual(driver.machine.coordination.ephemerals(client.session), ['/p/old']);
  });
});
