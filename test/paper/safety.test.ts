import assert from 'node:assert/strict';
import { simpleConfiguration } from '../../lib/raft/index.js';
import { Cluster, ids } from '../raft/harness.js';
import { Solo, granted, logOf, only } from '../raft/solo.js';

describe('Raft §5.4.1: election restriction', () => {
  it('a candidate names the last entry of its log', () => {
    const solo = new Solo({ log: [1, 3], term: 3 });
    const [request] = only(solo.campaign(), 'vote');
    assert.deepEqual([request!.lastIndex, request!.lastTerm, request!.term], [2, 3, 4]);
  });

  const logs: [voter: number[], lastIndex: number, lastTerm: number, grants: boolean][] = [
    [[1], 1, 1, true],
    [[1], 2, 1, true],
    [[1, 1], 1, 1, false],
    [[1], 1, 2, true],
    [[1], 2, 2, true],
    [[1, 1], 1, 2, true],
    [[2], 1, 1, false],
    [[2], 2, 1, false],
    [[1, 2], 1, 1, false],
  ];
  for (const pre of [true, false]) {
    for (const [voter, lastIndex, lastTerm, grants] of logs) {
      const what = pre ? 'pre-vote' : 'vote';
      it(`terms ${JSON.stringify(voter)} ${grants ? 'grant' : 'deny'} a ${what} to (${lastTerm}, ${lastIndex})`, () => {
        const solo = new Solo({ log: voter, term: 3 });
        assert.equal(granted(solo.askVote('m2', { term: 4, lastIndex, lastTerm, pre })), grants);
      });
    }
  }
});

describe('Raft §5.4.2: entries of earlier terms', () => {
  const cases: [acknowledged: number, committed: number][] = [
    [1, 0],
    [2, 0],
    [3, 3],
  ];
  for (const [acknowledged, committed] of cases) {
    it(`of terms 1, 2 and own term 3, a majority at ${acknowledged} commits ${committed}`, () => {
      const solo = new Solo({ log: [1, 2], term: 2 });
      solo.lead();
      solo.acknowledge('m2', acknowledged);
      assert.equal(solo.view.commit, committed);
    });
  }

  it('Figure 8: an entry of an earlier term may be on a majority and is still not committed, nor safe', () => {
    const configuration = simpleConfiguration(ids('s1', 's2', 's3', 's4', 's5'));
    const cluster = new Cluster([], { settings: { maxAppendBytes: 1 } });
    cluster.add('s1', logOf(configuration, [1, 2], 3));
    cluster.add('s2', logOf(configuration, [1, 2], 3));
    cluster.add('s3', logOf(configuration, [1], 3));
    cluster.add('s4', logOf(configuration, [1], 3));
    cluster.add('s5', logOf(configuration, [1, 3], 3));

    // (c): s1 leads term 4 and brings entry 2 of term 2 to s3, but its own entry reaches nobody.
    const s3 = cluster.node('s3').view;
    cluster.filter = (message) =>
      message.type !== 'append' ||
      message.entries.every((entry) => entry.term < 4) ||
      (message.to === s3.id && s3.lastIndex === 1);
    cluster.isolate('s5');
    cluster.elect('s1');
    cluster.tick('s1', 5);
    for (const name of ['s1', 's2', 's3']) assert.equal(cluster.node(name).view.termAt(2), 2);
    assert.equal(cluster.node('s1').view.commit, 0);

    // (d): s1 fails, s5 leads and overwrites entry 2 everywhere.
    cluster.heal();
    cluster.isolate('s1');
    for (const name of ['s2', 's3', 's4']) cluster.tick(name, 20);
    cluster.filter = (message) => message.from !== 's2' || message.type !== 'vote';
    cluster.elect('s5');
    assert.equal(cluster.node('s3').view.termAt(2), 3);
  });
});

describe('Raft §5.4.3: a committed entry is in the log of every later leader', () => {
  it('a follower without it is not elected, whoever is down', () => {
    const cluster = new Cluster(['m1', 'm2', 'm3']);
    cluster.elect('m1');
    cluster.isolate('m3');
    cluster.propose('m1', 'kept');
    cluster.heal();
    cluster.isolate('m1');
    cluster.tick('m2', 20);
    cluster.tick('m3', 60);
    assert.notEqual(cluster.member('m3').role, 'leader');
    cluster.elect('m2');
    assert.deepEqual(cluster.member('m3').texts, ['kept']);
  });
});
