import assert from 'node:assert/strict';
import { judgeWatches } from '../../chaos/judges/zookeeper/watches.js';
import { Recorder, stat } from './wire-histories.js';

const [CREATED, DELETED, CHANGED, CHILDREN] = [1, 2, 3, 4];
const watcher = new Recorder('watcher');
const armed = { watch: true };

function restored(at: number, ...names: string[]) {
  return watcher.reply(at, { op: 'setWatches2', path: '', names });
}

function resumed(at: number) {
  return [watcher.lost(at), watcher.granted(at + 0.1, { connection: 2 })];
}

describe('a watch that is over with its first event', () => {
  it('is told of a change before a read shows it', () => {
    const records = [
      watcher.read(1, '/n', 5, armed),
      watcher.event(2, CHANGED, '/n'),
      watcher.read(3, '/n', 6, armed),
      watcher.read(4, '/n', 6),
    ];
    assert.deepEqual(judgeWatches(records), []);
  });

  it('misses a change: a read shows it first', () => {
    const records = [watcher.read(1, '/n', 5, armed), watcher.read(2, '/n', 6)];
    assert.match(
      judgeWatches(records)[0] ?? '',
      /read \/n .* as zxid 6: no event had told of a change since zxid 5/,
    );
  });

  it('misses the end of a node, and the beginning of one that it waits for', () => {
    assert.equal(judgeWatches([watcher.read(1, '/n', 5, armed), watcher.read(2, '/n', null)]).length, 1);
    const waiting = watcher.read(1, '/n', null, { op: 'exists', ...armed });
    assert.equal(judgeWatches([waiting, watcher.read(2, '/n', 6)]).length, 1);
    assert.deepEqual(
      judgeWatches([waiting, watcher.event(1.5, CREATED, '/n'), watcher.read(2, '/n', 6)]),
      [],
    );
  });

  it('misses a child', () => {
    const list = (at: number, pzxid: number, watch: boolean) => {
      return watcher.reply(at, { op: 'getChildren2', watch, names: [], stat: stat({ pzxid }) });
    };
    assert.equal(judgeWatches([list(1, 5, true), list(2, 6, false)]).length, 1);
    assert.deepEqual(
      judgeWatches([list(1, 5, true), watcher.event(1.5, CHILDREN, '/n'), list(2, 6, false)]),
      [],
    );
  });

  it('is not set by reading a node that is not there', () => {
    assert.deepEqual(judgeWatches([watcher.read(1, '/n', null, armed), watcher.read(2, '/n', 6)]), []);
  });

  it('is told on the next connection of what it missed, before the answer that it is set again', () => {
    const records = [
      watcher.read(1, '/n', 5, armed),
      ...resumed(2),
      watcher.event(3, CHANGED, '/n'),
      restored(3, '/n'),
      watcher.read(4, '/n', 6),
    ];
    assert.deepEqual(judgeWatches(records), []);
  });

  it('misses on the next connection what changed in between, or since', () => {
    const records = [
      watcher.read(1, '/n', 5, armed),
      ...resumed(2),
      restored(3, '/n'),
      watcher.read(4, '/n', 6),
    ];
    assert.equal(judgeWatches(records).length, 1);
  });

  it('is gone with its connection when nobody sets it again', () => {
    const records = [watcher.read(1, '/n', 5, armed), ...resumed(2), watcher.read(4, '/n', 6)];
    assert.deepEqual(judgeWatches(records), []);
  });
});

describe('a watch on a whole tree', () => {
  const begin = [watcher.granted(0), watcher.reply(0.5, { op: 'addWatch', path: '/' })];

  it('is told of each change, on and on', () => {
    const records = [
      ...begin,
      watcher.read(1, '/n', 5),
      watcher.event(2, CHANGED, '/n'),
      watcher.event(2, CHANGED, '/n'),
      watcher.read(3, '/n', 7),
      watcher.event(4, DELETED, '/n'),
      watcher.read(5, '/n', null),
    ];
    assert.deepEqual(judgeWatches(records), []);
  });

  it('misses one change of two', () => {
    const records = [
      ...begin,
      watcher.read(1, '/n', 5),
      watcher.event(2, CHANGED, '/n'),
      watcher.read(3, '/n', 7),
    ];
    assert.match(judgeWatches(records)[0] ?? '', /2 changes since it was last read, and 1 events/);
  });

  it('is told of nothing that happened between two connections', () => {
    const again = watcher.reply(2.5, { op: 'addWatch', path: '/' });
    const records = [...begin, watcher.read(1, '/n', 5), ...resumed(2), again, watcher.read(3, '/n', 7)];
    assert.deepEqual(judgeWatches(records), []);
  });
});
