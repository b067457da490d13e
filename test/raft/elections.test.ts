import assert from 'node:assert/strict';
import { RAFT_DEFAULTS, simpleConfiguration } from '../../lib/raft/index.js';
import { Cluster, ids, ledCluster } from './harness.js';
import { NO_CHANGE, Solo, entriesOf, granted, logOf, only } from './solo.js';

const { electionTicks } = RAFT_DEFAULTS;

describe('pre-vote', () => {
  it('changes nothing at the voter: neither term, vote nor timer', () => {
    const solo = new Solo({ term: 3, vote: 'm3' });
    solo.tick(7);
    const { electionElapsed } = solo.view;
    assert.ok(granted(solo.askVote('m2', { term: 9, pre: true })));
    assert.deepEqual([solo.view.term, solo.view.vote, solo.view.electionElapsed], [3, 'm3', electionElapsed]);
    assert.deepEqual(solo.log.hardState, { term: 3, vote: 'm3' });
  });

  it('is answered without waiting for the disk', () => {
    const solo = new Solo({ term: 3 });
    solo.slowDisk = true;
    solo.append('m3', { entries: entriesOf([3]) });
    solo.node.forgetLeader();
    assert.ok(granted(solo.askVote('m2', { term: 4, pre: true, lastIndex: 1, lastTerm: 3 })));
  });

  it('a member that was cut off returns without raising the term or disturbing the leader', () => {
    const cluster = ledCluster(3);
    cluster.isolate('m3');
    cluster.tick('m3', 300);
    assert.equal(cluster.member('m3').term, 1);
    cluster.heal();
    cluster.tick('m3', 40);
    cluster.tick('m1', 5);
    assert.equal(cluster.leader.id, 'm1');
    assert.equal(cluster.leader.term, 1);
    assert.equal(cluster.node('m3').view.leader, 'm1');
  });

  it('a member whose log is behind loses it and stays in its term', () => {
    const cluster = ledCluster(3);
    cluster.isolate('m3');
    cluster.propose('m1', 'x');
    cluster.heal();
    cluster.isolate('m1');
    cluster.tick('m2', electionTicks);
    cluster.tick('m3', 3 * electionTicks);
    assert.equal(cluster.member('m3').term, 1);
    assert.notEqual(cluster.member('m3').role, 'leader');
  });

  it('two pre-candidates at once: both get each other’s pre-vote, one of them leads in the end', () => {
    const cluster = new Cluster(['m1', 'm2', 'm3']);
    cluster.manual = true;
    for (const name of ['m1', 'm2']) {
      while (cluster.member(name).role === 'follower') cluster.tick(name);
    }
    cluster.manual = false;
    cluster.pump();
    cluster.tickAll(100);
    assert.equal(cluster.leader.node.view.role, 'leader');
    assert.equal(cluster.node('m3').view.leader, cluster.leader.id);
  });

  it('answers with a grant of another term are not counted', () => {
    const solo = new Solo({ term: 4 });
    solo.timeOut();
    solo.step({
      type: 'vote-reply',
      from: ids('m2')[0]!,
      to: ids('m1')[0]!,
      term: 9,
      pre: true,
      granted: true,
    });
    assert.equal(solo.view.role, 'pre-candidate');
  });
});

describe('elections', () => {
  it('a group of one elects itself, but only once its vote is durable', () => {
    const solo = new Solo({ others: [] });
    solo.slowDisk = true;
    solo.timeOut();
    solo.settle();
    assert.equal(solo.view.role, 'candidate');
    solo.log.hardState = { term: 1, vote: ids('m1')[0]! };
    solo.node.persisted();
    assert.equal(solo.view.role, 'leader');
  });

  it('a group of one hands out nothing as committed before it is durable (etcd-io/etcd#14370)', () => {
    const solo = new Solo({ others: [] });
    solo.timeOut();
    solo.slowDisk = true;
    solo.propose('x');
    assert.equal(solo.committed.length, 1);
    assert.equal(solo.view.commit, 1);
  });

  it('an own vote that becomes durable after the election was lost does not count', () => {
    const solo = new Solo({ others: ['m2', 'm3', 'm4', 'm5'] });
    solo.slowDisk = true;
    solo.campaign();
    solo.append('m2', { term: 1 });
    assert.equal(solo.view.role, 'follower');
    solo.log.hardState = { term: 1, vote: ids('m1')[0]! };
    solo.node.persisted();
    assert.equal(solo.view.role, 'follower');
  });

  it('an own vote of an earlier candidacy does not count in the next', () => {
    const solo = new Solo({ others: ['m2', 'm3'] });
    solo.slowDisk = true;
    solo.campaign();
    solo.campaign();
    assert.equal(solo.view.term, 2);
    solo.vote('m2');
    solo.log.hardState = { term: 1, vote: ids('m1')[0]! };
    solo.node.persisted();
    assert.equal(solo.view.role, 'candidate');
  });

  it('a write of a deposed leader that completes later commits nothing', () => {
    const solo = new Solo();
    solo.leadAndCommit();
    solo.slowDisk = true;
    solo.propose('x');
    const write = entriesOf([1], 2);
    solo.append('m2', { term: 2, prevIndex: 1, prevTerm: 1, entries: entriesOf([2], 2) });
    solo.log.apply({ ...NO_CHANGE, entries: write });
    solo.node.persisted();
    assert.equal(solo.view.commit, 1);
    assert.equal(solo.view.stableIndex, 1);
  });

  it('entries of an earlier term do not commit before one of the new term does', () => {
    const cluster = ledCluster(5);
    for (const name of ['m3', 'm4', 'm5']) cluster.cut('m1', name);
    cluster.propose('m1', 'x', 'y');
    assert.equal(cluster.leader.node.view.commit, 1);
    cluster.heal();
    cluster.filter = (message) => message.type !== 'append';
    for (const name of ['m3', 'm4', 'm5']) cluster.tick(name, electionTicks);
    cluster.elect('m2');
    assert.equal(cluster.node('m2').view.commit, 1);
    cluster.filter = () => true;
    cluster.tick('m2', 10);
    assert.equal(cluster.node('m2').view.commit, 4);
    assert.deepEqual(cluster.member('m5').texts, ['x', 'y']);
  });

  it('the entries of leaders whom nobody heard of give way', () => {
    // m1 led term 1, m2 term 2 and m3 term 3, each alone with its entry; m4 and m5 have voted for m3.
    const configuration = simpleConfiguration(ids('m1', 'm2', 'm3', 'm4', 'm5'));
    const cluster = new Cluster([]);
    const logs: [string, number[]][] = [
      ['m1', [1]],
      ['m2', [2]],
      ['m3', [3]],
      ['m4', []],
      ['m5', []],
    ];
    for (const [name, terms] of logs) cluster.add(name, logOf(configuration, terms, 3));
    cluster.isolate('m3');
    cluster.elect('m2');
    cluster.heal();
    cluster.tick('m2', 10);
    const expected = cluster.member('m2').entries;
    for (const member of cluster.members.values()) assert.deepEqual(member.entries, expected);
  });

  it('messages of an earlier term are not followed', () => {
    const cluster = ledCluster(3);
    cluster.propose('m1', 'x');
    const [old] = cluster.sent.filter((message) => message.type === 'append' && message.entries.length > 0);
    for (const name of ['m2', 'm3']) cluster.tick(name, electionTicks);
    cluster.timeoutNow('m2');
    cluster.propose('m2', 'y');
    const before = cluster.member('m3').entries;
    cluster.step({ ...old!, to: cluster.member('m3').id });
    assert.deepEqual(cluster.member('m3').entries, before);
    assert.equal(cluster.node('m3').view.leader, 'm2');
  });

  it('a message for somebody else is ignored', () => {
    const solo = new Solo({ term: 1 });
    const common = { from: ids('m2')[0]!, to: ids('m3')[0]!, term: 9 };
    solo.step({ type: 'heartbeat', ...common, commit: 0, round: 0 });
    assert.equal(solo.view.term, 1);
  });
});

describe('check of the quorum', () => {
  it('a leader that hears no quorum for an election timeout steps down and keeps its vote', () => {
    const solo = new Solo();
    solo.leadAndCommit();
    solo.tick(electionTicks);
    assert.equal(solo.view.role, 'leader');
    solo.tick(1);
    assert.equal(solo.view.role, 'follower');
    assert.deepEqual([solo.view.term, solo.view.vote, solo.view.leader], [1, 'm1', null]);
  });

  it('a quorum of answers within the timeout is enough, a learner’s does not count', () => {
    const configuration = simpleConfiguration(ids('m1', 'm2', 'm3'), ids('m4'));
    for (const [answering, stays] of [
      ['m2', true],
      ['m4', false],
    ] as const) {
      const solo = new Solo({ others: ['m2', 'm3', 'm4'], configuration });
      solo.leadAndCommit();
      for (let i = 0; i < 60; i++) {
        solo.tick();
        if (solo.view.role === 'leader') solo.heartbeatReply(answering);
      }
      assert.equal(solo.view.role === 'leader', stays);
    }
  });

  it('it is one-way too: a leader that can send but not receive does not last', () => {
    const cluster = ledCluster(3);
    cluster.cutOneWay('m2', 'm1');
    cluster.cutOneWay('m3', 'm1');
    cluster.tickAll(5 * electionTicks);
    assert.notEqual(cluster.member('m1').role, 'leader');
    assert.notEqual(cluster.leader.id, 'm1');
  });

  it('voters that hear a leader ignore a candidate; once it is silent for a timeout they elect', () => {
    const cluster = ledCluster(3);
    cluster.cut('m1', 'm3');
    cluster.tick('m3', 60);
    assert.equal(cluster.member('m3').role, 'pre-candidate');
    assert.equal(cluster.leader.id, 'm1');
    cluster.isolate('m1');
    cluster.tick('m2', electionTicks);
    cluster.heal();
    cluster.cut('m1', 'm3');
    cluster.tick('m3', 60);
    assert.equal(cluster.leader.id, 'm3');
  });

  it('a member stuck in a later term is freed: its answer makes the leader step down', () => {
    const cluster = ledCluster(3);
    cluster.isolate('m3');
    cluster.timeoutNow('m3');
    cluster.timeoutNow('m3');
    assert.equal(cluster.member('m3').term, 3);
    cluster.heal();
    cluster.tick('m1', 10);
    assert.equal(cluster.member('m1').role, 'follower');
    assert.equal(cluster.member('m1').term, 3);
    cluster.elect('m1');
    assert.equal(cluster.node('m3').view.leader, 'm1');
  });

  it('a voter that may not campaign does not keep others from it', () => {
    const cluster = new Cluster(['m1', 'm2']);
    cluster.node('m2').setCampaignAllowed(false);
    cluster.tick('m2', 100);
    assert.equal(cluster.member('m2').role, 'follower');
    cluster.elect('m1');
    assert.equal(cluster.node('m2').view.leader, 'm1');
  });
});

describe('gates of the host', () => {
  it('a member that may not vote grants nothing and stands for nothing, but follows', () => {
    const solo = new Solo({ term: 1, options: { voting: false } });
    assert.equal(granted(solo.askVote('m2', { term: 2 })), false);
    assert.equal(granted(solo.askVote('m2', { term: 3, pre: true })), false);
    assert.deepEqual(only(solo.tick(100), 'vote'), []);
    solo.append('m2', { term: 2, entries: entriesOf([2]) });
    assert.equal(solo.log.lastIndex(), 1);
    solo.node.setVoting(true);
    assert.equal(solo.timeOut().length, 2);
  });

  it('a member that lost entries it had acknowledged is refilled', () => {
    const cluster = ledCluster(3);
    cluster.propose('m1', 'a', 'b', 'c');
    const lost = cluster.member('m3');
    lost.log.apply({ ...NO_CHANGE, truncateFrom: 2 });
    lost.applied = [];
    lost.appliedIndex = 0;
    cluster.checker.damaged(lost.id);
    cluster.restart('m3', { voting: false });
    cluster.propose('m1', 'd');
    cluster.tick('m1', 10);
    assert.deepEqual(lost.texts, ['a', 'b', 'c', 'd']);
    cluster.checker.repaired(lost.id);
    lost.node.setVoting(true);
    cluster.propose('m1', 'e');
    assert.equal(lost.texts.at(-1), 'e');
  });

  it('a transfer request is declined while campaigning is not allowed', () => {
    const solo = new Solo({ term: 1, options: { campaignAllowed: false } });
    assert.deepEqual(solo.campaign(), []);
    assert.equal(solo.view.role, 'follower');
  });
});

describe('a disk that hangs', () => {
  it('a leader whose write takes an election timeout hands over', () => {
    const solo = new Solo();
    solo.leadAndCommit();
    solo.slowDisk = true;
    solo.propose('x');
    solo.acknowledge('m3', 2);
    const sent = [];
    for (let i = 0; i < electionTicks; i++) {
      sent.push(...solo.tick());
      if (solo.view.role === 'leader') solo.heartbeatReply('m2');
    }
    assert.equal(solo.view.role, 'follower');
    assert.deepEqual(
      only(sent, 'timeout-now').map((message) => message.to),
      ['m3'],
    );
  });

  it('and does not campaign before the disk answers', () => {
    const solo = new Solo({ term: 1 });
    solo.slowDisk = true;
    solo.append('m2', { entries: entriesOf([1]) });
    solo.tick(3 * electionTicks);
    assert.equal(solo.view.role, 'follower');
  });
});
