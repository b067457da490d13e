import assert from 'node:assert/strict';
import { simpleConfiguration, type InstallSnapshot, type SnapshotMeta } from '../../lib/raft/index.js';
import { id, ids, ledCluster } from '../raft/harness.js';
import { Solo, entriesOf, only } from '../raft/solo.js';

const THREE = simpleConfiguration(ids('m1', 'm2', 'm3'));

function snapshot(meta: Partial<SnapshotMeta>, term: number = 2): InstallSnapshot {
  return {
    type: 'snapshot',
    from: id('m2'),
    to: id('m1'),
    term,
    meta: { index: 5, term: 2, configuration: THREE, ...meta },
  };
}

describe('Raft §7: snapshots', () => {
  it('a snapshot beyond the log replaces it, and is acknowledged once durable', () => {
    const solo = new Solo({ log: [1, 1], term: 2 });
    const [reply] = only(solo.step(snapshot({})), 'append-reply');
    assert.deepEqual([reply!.index, reply!.rejected], [5, false]);
    assert.equal(solo.log.base().index, 5);
    assert.equal(solo.log.lastIndex(), 5);
    assert.equal(solo.view.commit, 5);
  });

  it('its acknowledgement waits for the disk', () => {
    const solo = new Solo({ log: [1, 1], term: 2 });
    solo.slowDisk = true;
    assert.deepEqual(solo.step(snapshot({})), []);
  });

  it('a log that holds its last entry is kept, and committed up to there', () => {
    const solo = new Solo({ log: [1, 1, 2, 2, 2, 2, 2], term: 2 });
    const [reply] = only(solo.step(snapshot({})), 'append-reply');
    assert.equal(reply!.index, 5);
    assert.equal(solo.view.lastIndex, 7);
    assert.equal(solo.log.base().index, 0);
    assert.equal(solo.committed.length, 5);
  });

  it('a log that conflicts with it is dropped whole', () => {
    const solo = new Solo({ log: [1, 1, 1, 1, 1, 1, 1], term: 2 });
    solo.step(snapshot({}));
    assert.equal(solo.view.lastIndex, 5);
    assert.equal(solo.view.termAt(5), 2);
    assert.equal(solo.log.lastIndex(), 5);
  });

  it('a snapshot older than what is committed changes nothing', () => {
    const solo = new Solo({ log: [1, 1, 2, 2, 2, 2], term: 2 });
    solo.heartbeat('m2', { commit: 6 });
    const [reply] = only(solo.step(snapshot({ index: 3 })), 'append-reply');
    assert.equal(reply!.index, 6);
    assert.equal(solo.view.lastIndex, 6);
    assert.equal(solo.log.base().index, 0);
  });

  it('the configuration in force at its index comes with it', () => {
    const solo = new Solo({ log: [1, 1], term: 2 });
    const configuration = simpleConfiguration(ids('m1', 'm2', 'm3', 'm4'), ids('m5'));
    solo.step(snapshot({ configuration }));
    assert.deepEqual(solo.view.configuration, configuration);
    assert.deepEqual(solo.log.configuration, configuration);
  });

  it('entries go on after it', () => {
    const solo = new Solo({ log: [1, 1], term: 2 });
    solo.step(snapshot({}));
    solo.node.applied(5);
    solo.append('m2', { prevIndex: 5, prevTerm: 2, entries: entriesOf([2, 2], 6), commit: 7 });
    assert.deepEqual(
      solo.committed.map((entry) => entry.index),
      [6, 7],
    );
  });

  it('a leader sends the state to a follower whose next entry was compacted away, and then entries', () => {
    const cluster = ledCluster(3, { nodeOptions: { cacheBytes: 0 } });
    cluster.isolate('m3');
    cluster.propose('m1', 'a', 'b');
    cluster.propose('m1', 'c');
    cluster.compact('m1');
    cluster.heal();
    cluster.tick('m1', 10);
    assert.deepEqual(cluster.member('m1').snapshotsWanted, ['m3']);
    cluster.sendSnapshot('m1', 'm3');
    cluster.propose('m1', 'd');
    assert.deepEqual(cluster.member('m3').texts, ['a', 'b', 'c', 'd']);
    assert.deepEqual(cluster.member('m1').snapshotsWanted, ['m3'], 'asked for once');
  });

  it('a snapshot is not wanted for a follower that is not there', () => {
    const cluster = ledCluster(3, { nodeOptions: { cacheBytes: 0 } });
    cluster.isolate('m3');
    cluster.propose('m1', 'a');
    for (let i = 0; i < 30; i++) for (const name of ['m1', 'm2']) cluster.tick(name);
    cluster.compact('m1');
    cluster.node('m1').unreachable(id('m3'));
    cluster.tick('m1', 10);
    assert.deepEqual(cluster.leader.snapshotsWanted, []);
  });
});
