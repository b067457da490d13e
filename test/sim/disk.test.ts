import assert from 'node:assert/strict';
import type { NodeId } from '../../lib/base/index.js';
import { simpleConfiguration, type Entry, type Persist } from '../../lib/raft/index.js';
import { SimDisk } from './disk.js';
import { EMPTY_STATE, type Cut } from './machine.js';

const CONFIGURATION = simpleConfiguration(['n1@sim' as NodeId]);
const NOTHING: Persist = {
  truncateFrom: null,
  snapshot: null,
  entries: [],
  hardState: null,
  configuration: null,
};

function cutAt(index: number, term: number): Cut {
  return { meta: { index, term, configuration: CONFIGURATION }, state: { ...EMPTY_STATE, index, term } };
}

function entry(index: number, term: number, sizeBytes = 10): Entry {
  return { index, term, kind: 'normal', data: new Uint8Array(sizeBytes) };
}

function diskWith(...entries: Entry[]): SimDisk {
  const disk = new SimDisk(cutAt(0, 0));
  disk.begin({ ...NOTHING, entries }, null);
  disk.complete();
  return disk;
}

function terms(disk: SimDisk): (number | null)[] {
  const list: (number | null)[] = [];
  for (let index = disk.firstIndex(); index <= disk.lastIndex(); index++) list.push(disk.termAt(index));
  return list;
}

describe('the simulated disk', () => {
  it('shows nothing of a write before it is complete', () => {
    const disk = diskWith(entry(1, 1));
    disk.begin({ ...NOTHING, entries: [entry(2, 1)], hardState: { term: 1, vote: null } }, null);
    assert.equal(disk.lastIndex(), 1);
    assert.equal(disk.hardState.term, 0);
    disk.complete();
    assert.equal(disk.lastIndex(), 2);
    assert.equal(disk.hardState.term, 1);
  });

  it('keeps nothing of a lost write', () => {
    const disk = diskWith(entry(1, 1));
    disk.begin({ ...NOTHING, truncateFrom: 1, entries: [entry(1, 2)] }, null);
    disk.lose();
    assert.deepEqual(terms(disk), [1]);
    assert.equal(disk.busy, false);
  });

  it('refuses a second write while one is in flight', () => {
    const disk = diskWith();
    disk.begin(NOTHING, null);
    assert.throws(() => disk.begin(NOTHING, null), /second write/);
  });

  it('truncates before it appends, and counts what it replaced', () => {
    const disk = diskWith(entry(1, 1), entry(2, 1), entry(3, 1));
    disk.begin({ ...NOTHING, truncateFrom: 2, entries: [entry(2, 2)] }, null);
    disk.complete();
    assert.deepEqual(terms(disk), [1, 2]);
    assert.equal(disk.truncated, 2);
  });

  it('refuses an entry that leaves a gap', () => {
    const disk = diskWith(entry(1, 1));
    disk.begin({ ...NOTHING, entries: [entry(3, 1)] }, null);
    assert.throws(() => disk.complete(), /entry 3 written where 2 belongs/);
  });

  it('replaces log and state by a snapshot', () => {
    const disk = diskWith(entry(1, 1), entry(2, 1));
    const cut = cutAt(9, 3);
    disk.begin({ ...NOTHING, snapshot: cut.meta, entries: [entry(10, 3)] }, cut);
    disk.complete();
    assert.equal(disk.base().index, 9);
    assert.equal(disk.termAt(9), 3);
    assert.equal(disk.termAt(2), null);
    assert.equal(disk.cut, cut);
    assert.equal(disk.lastIndex(), 10);
  });

  it('compacts up to a point at or below its cut', () => {
    const disk = diskWith(entry(1, 1), entry(2, 1), entry(3, 2));
    assert.throws(() => disk.compact(cutAt(2, 1).meta), /beyond the cut/);
    disk.writeCut(cutAt(2, 1));
    disk.compact(cutAt(2, 1).meta);
    assert.equal(disk.firstIndex(), 3);
    assert.equal(disk.termAt(2), 1);
    assert.equal(disk.termAt(1), null);
  });

  it('reads at least one entry, then as many as fit', () => {
    const disk = diskWith(entry(1, 1, 100), entry(2, 1, 10), entry(3, 1, 10));
    assert.deepEqual(
      disk.read(1, 4, 0).map((e) => e.index),
      [1],
    );
    assert.deepEqual(
      disk.read(2, 4, 15).map((e) => e.index),
      [2],
    );
    assert.deepEqual(
      disk.read(1, 4, 120).map((e) => e.index),
      [1, 2, 3],
    );
    assert.throws(() => disk.read(3, 5, 10), /outside/);
  });
});
