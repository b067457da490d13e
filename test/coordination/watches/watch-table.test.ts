import assert from 'node:assert/strict';
import fc from 'fast-check';
import { WatchTable, type WatchKind } from '../../../lib/coordination/watches/index.js';
import { ReferenceWatches, type Told } from './reference.js';

function changed(table: WatchTable, change: 'created' | 'set' | 'deleted', path: string): Told[] {
  const told: Told[] = [];
  table.changed(change, path, (watcher, event, at) => told.push({ watcher, event, path: at }));
  return told;
}

function lines(told: readonly Told[]): string[] {
  return told.map(({ watcher, event, path }) => `${watcher} ${event} ${path}`);
}

describe('watches', () => {
  let table: WatchTable;

  beforeEach(() => {
    table = new WatchTable();
  });

  it('on a node tell of its creation, its data and its end, each once', () => {
    for (const [change, event] of [
      ['created', 'created'],
      ['set', 'data-changed'],
      ['deleted', 'deleted'],
    ] as const) {
      table.add(1, '/a', 'data');
      assert.deepEqual(lines(changed(table, change, '/a')), [`1 ${event} /a`]);
      assert.deepEqual(changed(table, change, '/a'), []);
    }
  });

  it('on children tell of those that come and go, and of the end of their parent', () => {
    table.add(1, '/a', 'children');
    assert.deepEqual(changed(table, 'set', '/a'), []);
    assert.deepEqual(changed(table, 'set', '/a/b'), []);
    assert.deepEqual(lines(changed(table, 'created', '/a/b')), ['1 children-changed /a']);
    table.add(1, '/a', 'children');
    assert.deepEqual(lines(changed(table, 'deleted', '/a')), ['1 deleted /a']);
  });

  it('of both kinds on a node and one on its parent tell of its end as ZooKeeper does: once here, then above', () => {
    table.add(1, '/a/b', 'data');
    table.add(1, '/a/b', 'children');
    table.add(1, '/a', 'children');
    assert.deepEqual(lines(changed(table, 'deleted', '/a/b')), ['1 deleted /a/b', '1 children-changed /a']);
    assert.equal(table.size, 0);
  });

  it('tell of the children of the root', () => {
    table.add(1, '/', 'children');
    assert.deepEqual(lines(changed(table, 'created', '/a')), ['1 children-changed /']);
  });

  it('that are persistent tell of every change, also of children', () => {
    table.add(1, '/a', 'persistent');
    const told = [
      ...changed(table, 'created', '/a'),
      ...changed(table, 'created', '/a/b'),
      ...changed(table, 'set', '/a/b'),
      ...changed(table, 'set', '/a'),
      ...changed(table, 'deleted', '/a'),
    ];
    assert.deepEqual(lines(told), [
      '1 created /a',
      '1 children-changed /a',
      '1 data-changed /a',
      '1 deleted /a',
    ]);
    assert.equal(table.size, 1);
  });

  it('that are recursive tell of everything below, and never of changed children', () => {
    table.add(1, '/a', 'persistent-recursive');
    const told = [
      ...changed(table, 'created', '/a/b'),
      ...changed(table, 'created', '/a/b/c'),
      ...changed(table, 'set', '/a/b/c'),
      ...changed(table, 'deleted', '/a/b/c'),
      ...changed(table, 'created', '/ab'),
    ];
    assert.deepEqual(lines(told), [
      '1 created /a/b',
      '1 created /a/b/c',
      '1 data-changed /a/b/c',
      '1 deleted /a/b/c',
    ]);
  });

  it('that are registered twice tell once', () => {
    table.add(1, '/a', 'data');
    table.add(1, '/a', 'data');
    assert.equal(table.size, 1);
    assert.deepEqual(lines(changed(table, 'set', '/a')), ['1 data-changed /a']);
  });

  it('of one kind leave those of another at the same path alone', () => {
    table.add(1, '/a', 'data');
    table.add(1, '/a', 'persistent');
    assert.deepEqual(lines(changed(table, 'set', '/a')), ['1 data-changed /a']);
    assert.ok(!table.has(1, '/a', 'data') && table.has(1, '/a', 'persistent'));
    assert.ok(!table.remove(1, '/a', 'data') && table.remove(1, '/a', 'any'));
    assert.equal(table.paths, 0);
  });

  it('of a connection that is closed are gone', () => {
    for (const path of ['/a', '/b']) for (const watcher of [1, 2]) table.add(watcher, path, 'data');
    table.removeWatcher(1);
    assert.deepEqual([table.size, table.paths, table.watchers], [2, 2, 1]);
    assert.deepEqual(lines(changed(table, 'set', '/a')), ['2 data-changed /a']);
    assert.deepEqual([...table.pathsOf(2)], ['/b']);
  });

  it('may be registered again while they tell', () => {
    table.add(1, '/a', 'data');
    table.add(2, '/a', 'data');
    const heard: number[] = [];
    table.changed('set', '/a', (watcher) => {
      heard.push(watcher);
      table.add(watcher, '/a', 'data');
    });
    assert.deepEqual([heard, table.size], [[1, 2], 2]);
  });

  it('tell what the plain rules say, in any history', () => {
    const path = fc.constantFrom('/', '/a', '/a/b', '/a/b/c', '/ab', '/b');
    const watcher = fc.integer({ min: 0, max: 3 });
    const kind = fc.constantFrom<WatchKind>('data', 'children', 'persistent', 'persistent-recursive');
    const step = fc.oneof(
      fc.record({ do: fc.constant('add' as const), watcher, path, kind }),
      fc.record({ do: fc.constant('remove' as const), watcher, path, kind }),
      fc.record({ do: fc.constant('close' as const), watcher }),
      fc.record({
        do: fc.constant('change' as const),
        path,
        change: fc.constantFrom('created' as const, 'set' as const, 'deleted' as const),
      }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const real = new WatchTable();
        const reference = new ReferenceWatches();
        for (const one of steps) {
          if (one.do === 'add') {
            real.add(one.watcher, one.path, one.kind);
            reference.add(one.watcher, one.path, one.kind);
          } else if (one.do === 'remove') {
            const expected = reference.remove(one.watcher, one.path, one.kind);
            assert.equal(real.remove(one.watcher, one.path, one.kind), expected);
          } else if (one.do === 'close') {
            real.removeWatcher(one.watcher);
            reference.removeWatcher(one.watcher);
          } else {
            const expected = reference.changed(one.change, one.path);
            const told = changed(real, one.change, one.path);
            for (let w = 0; w <= 3; w++) {
              const own = (all: readonly Told[]): string[] =>
                lines(all.filter((event) => event.watcher === w));
              assert.deepEqual(own(told), own(expected));
            }
          }
          assert.equal(real.size, reference.size);
        }
      }),
      { numRuns: 500 },
    );
  });
});
