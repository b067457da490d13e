import assert from 'node:assert/strict';
import { OPEN_ACL, pathFault } from '../../lib/state/index.js';
import { bytes, Driver } from './support/driver.js';

function tree(...paths: readonly string[]): Driver {
  const driver = new Driver();
  for (const path of paths) driver.done({ kind: 'tree-create', path, data: bytes('1') });
  return driver;
}

describe('Paths follow ZooKeeper', () => {
  it('and accept absolute ones without trailing slash', () => {
    for (const path of ['/', '/a', '/a/b', '/.a/..b', '/a.b/...', '/ü/日本'])
      assert.equal(pathFault(path), null, path);
  });

  it('and refuse the others', () => {
    const bad = [
      '',
      'a',
      '/a/',
      '//',
      '/a//b',
      '/.',
      '/..',
      '/a/./b',
      '/a/..',
      '/a\u0000',
      '/\u007f',
      '/\ud800',
      '/\uf8ff',
      '/\ufff0',
    ];
    for (const path of bad) assert.notEqual(pathFault(path), null, JSON.stringify(path));
  });
});

describe('The tree', () => {
  it('has a root from the start, which cannot be created or deleted', () => {
    const driver = tree();
    assert.equal(driver.refused({ kind: 'tree-create', path: '/', data: bytes('') }), 'NODE_EXISTS');
    assert.equal(driver.refused({ kind: 'tree-delete', path: '/', expectedVersion: -1 }), 'BAD_PATH');
    assert.equal(driver.machine.tree.size, 1);
  });

  it('creates a node under a parent that exists, once', () => {
    const driver = tree('/a');
    assert.equal(driver.refused({ kind: 'tree-create', path: '/a', data: bytes('') }), 'NODE_EXISTS');
    assert.equal(driver.refused({ kind: 'tree-create', path: '/b/c', data: bytes('') }), 'NO_NODE');
  });

  it('keeps the stat of a node as ZooKeeper does', () => {
    const driver = tree('/a');
    driver.nowMs += 10;
    driver.done({ kind: 'tree-set', path: '/a', data: bytes('four'), expectedVersion: 0 });
    const stat = driver.machine.tree.exists('/a')!;
    assert.deepEqual(stat, {
      czxid: 1,
      mzxid: 2,
      pzxid: 1,
      ctimeMs: driver.nowMs - 10,
      mtimeMs: driver.nowMs,
      version: 1,
      cversion: 0,
      aversion: 0,
      ephemeralOwner: null,
      dataLength: 4,
      numChildren: 0,
    });
  });

  it('counts creations and deletions of children in cversion, and their revision in pzxid', () => {
    const driver = tree('/a', '/a/b', '/a/c');
    driver.done({ kind: 'tree-delete', path: '/a/b', expectedVersion: -1 });
    const stat = driver.machine.tree.exists('/a')!;
    assert.deepEqual([stat.cversion, stat.numChildren, stat.pzxid, stat.mzxid], [3, 1, 4, 1]);
  });

  it('refuses a wrong version and changes nothing', () => {
    const driver = tree('/a');
    assert.equal(
      driver.refused({ kind: 'tree-set', path: '/a', data: bytes('2'), expectedVersion: 1 }),
      'BAD_VERSION',
    );
    assert.equal(driver.refused({ kind: 'tree-delete', path: '/a', expectedVersion: 7 }), 'BAD_VERSION');
    assert.deepEqual(driver.machine.tree.get('/a')!.data, bytes('1'));
  });

  it('shows a node with a copy of its data, or with a view that costs nothing', () => {
    const driver = tree('/a', '/a/b');
    driver.done({ kind: 'tree-set', path: '/a', data: bytes('x'.repeat(1000)), expectedVersion: -1 });
    const { tree: nodes } = driver.machine;
    for (const path of ['/', '/a', '/a/b', '/c']) assert.deepEqual(nodes.peek(path), nodes.get(path));
    assert.equal(nodes.peek('/a')!.data.buffer, nodes.peek('/a')!.data.buffer, 'no memory of its own');
    assert.notEqual(nodes.get('/a')!.data.buffer, nodes.get('/a')!.data.buffer);
  });

  it('deletes only nodes without children', () => {
    const driver = tree('/a', '/a/b');
    assert.equal(driver.refused({ kind: 'tree-delete', path: '/a', expectedVersion: -1 }), 'NOT_EMPTY');
    driver.done({ kind: 'tree-delete', path: '/a/b', expectedVersion: 0 });
    driver.done({ kind: 'tree-delete', path: '/a', expectedVersion: 0 });
    assert.equal(driver.machine.tree.exists('/a'), null);
    assert.equal(
      driver.refused({ kind: 'tree-set', path: '/a', data: bytes(''), expectedVersion: -1 }),
      'NO_NODE',
    );
  });

  it('lists children by name, whatever order they came in', () => {
    const driver = tree('/c', '/a', '/b', '/a/x', '/ä');
    driver.done({ kind: 'tree-delete', path: '/b', expectedVersion: -1 });
    assert.deepEqual(driver.machine.tree.children('/'), ['a', 'c', 'ä']);
    assert.equal(driver.machine.tree.children('/b'), null);
  });

  it('tells each change with its revision', () => {
    const driver = tree('/a');
    driver.run({ kind: 'tree-delete', path: '/a', expectedVersion: -1 });
    assert.deepEqual(driver.events, [
      {
        kind: 'tree-changed',
        revision: 2,
        change: 'deleted',
        path: '/a',
        acl: OPEN_ACL,
        parentAcl: OPEN_ACL,
      },
    ]);
  });

  it('refuses data and paths above their limits', () => {
    const driver = new Driver({ nodeDataBytes: 10, pathBytes: 10 });
    assert.equal(driver.refused({ kind: 'tree-create', path: '/a', data: new Uint8Array(11) }), 'TOO_LARGE');
    assert.equal(driver.refused({ kind: 'tree-create', path: '/aaaaaaaaaa', data: bytes('') }), 'TOO_LARGE');
  });
});
