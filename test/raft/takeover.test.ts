import assert from 'node:assert/strict';
import { simpleConfiguration } from '../../lib/raft/index.js';
import { Cluster, ids, ledCluster } from './harness.js';
import { MemoryLog } from './memory-log.js';
import { Solo, granted, only } from './solo.js';

describe('a hint that the leader’s process is gone', () => {
  it('lets a follower campaign within two ticks', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const solo = new Solo({ term: 1, seed });
      solo.heartbeat('m2');
      solo.node.campaignHint();
      assert.equal(solo.view.leader, null);
      assert.equal(only(solo.tick(2), 'vote').length, 2);
      assert.equal(solo.view.role, 'pre-candidate');
    }
  });

  it('makes it judge votes by log alone', () => {
    const solo = new Solo({ term: 1 });
    solo.heartbeat('m2');
    assert.deepEqual(solo.askVote('m3', { pre: true }), []);
    solo.node.campaignHint();
    assert.ok(granted(solo.askVote('m3', { pre: true })));
  });

  it('is repeated every few ticks while nobody answers, and not for ever', () => {
    const solo = new Solo({ term: 1 });
    solo.heartbeat('m2');
    solo.node.campaignHint();
    const rounds = Array.from({ length: 80 }, () => only(solo.tick(), 'vote').length / 2);
    const early = rounds.slice(0, 12).reduce((sum, count) => sum + count, 0);
    assert.ok(early >= 4 && early <= 7, `${early} campaigns in 12 ticks`);
    const late = rounds.slice(45).reduce((sum, count) => sum + count, 0);
    assert.ok(late <= 2, `${late} campaigns after the takeover ended`);
  });

  it('is forgotten when a leader is heard', () => {
    const solo = new Solo({ term: 1 });
    solo.heartbeat('m2');
    solo.node.campaignHint();
    solo.heartbeat('m2');
    assert.equal(solo.view.leader, 'm2');
    assert.deepEqual(only(solo.tick(15), 'vote'), []);
  });

  it('replaces a dead leader in a few ticks when all others have it', () => {
    for (let seed = 1; seed <= 30; seed++) {
      const cluster = ledCluster(3, { seed });
      cluster.isolate('m1');
      for (const name of ['m2', 'm3']) cluster.node(name).campaignHint();
      let ticks = 0;
      while (cluster.leader.id === 'm1') {
        for (const name of ['m2', 'm3']) cluster.tick(name);
        assert.ok(++ticks <= 10, `no new leader after ${ticks} ticks`);
      }
    }
  });

  it('does nothing at the leader, and nothing against a leader whom a quorum hears', () => {
    const cluster = ledCluster(3);
    cluster.node('m1').campaignHint();
    cluster.node('m3').campaignHint();
    cluster.tick('m3', 3);
    assert.equal(cluster.leader.id, 'm1');
    assert.equal(cluster.leader.term, 1);
    cluster.tick('m1', 5);
    assert.equal(cluster.node('m3').view.leader, 'm1');
  });

  it('of two that campaign in the same tick the greater wins, at the first attempt', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const cluster = ledCluster(3, { seed });
      cluster.isolate('m1');
      cluster.manual = true;
      for (const name of ['m2', 'm3']) cluster.node(name).campaignHint();
      for (let tick = 0; tick < 2; tick++) for (const name of ['m2', 'm3']) cluster.tick(name);
      // Each has asked before it was asked.
      for (const name of ['m2', 'm3']) cluster.drain(cluster.member(name));
      cluster.manual = false;
      cluster.pump();
      assert.equal(cluster.leader.id, 'm3');
      assert.equal(cluster.leader.term, 2);
    }
  });

  it('a rival that has refused does not keep the other from being elected', () => {
    const solo = new Solo({ term: 1, others: ['m0', 'm2'] });
    solo.heartbeat('m2');
    solo.node.campaignHint();
    solo.tick(2);
    assert.ok(!granted(solo.askVote('m0', { pre: true })));
    solo.vote('m0', false);
    assert.ok(granted(solo.askVote('m0', { pre: true })));
  });

  it('does not spoil an election that waits for the disk of this node', () => {
    const solo = new Solo({ term: 1 });
    solo.heartbeat('m2');
    solo.node.campaignHint();
    solo.slowDisk = true;
    solo.askVote('m3');
    assert.equal(solo.view.vote, 'm3');
    assert.deepEqual(solo.askVote('m2', { pre: true, term: 3 }), []);
    assert.deepEqual(only(solo.tick(15), 'vote'), []);
    assert.equal(solo.view.term, 2);
  });

  it('leaves the one that this node has just voted for time to win', () => {
    for (let seed = 1; seed <= 10; seed++) {
      const solo = new Solo({ term: 1, seed });
      solo.heartbeat('m2');
      solo.node.campaignHint();
      assert.ok(granted(solo.askVote('m3')));
      assert.deepEqual(only(solo.tick(), 'vote'), []);
    }
  });

  it('an election that disks delay is given more time at each attempt', () => {
    const solo = new Solo({ term: 1 });
    solo.heartbeat('m2');
    solo.node.campaignHint();
    solo.tick(2);
    solo.slowDisk = true;
    solo.vote('m2');
    let candidacies = 0;
    for (let i = 0; i < 30; i++) {
      solo.node.tick();
      for (const message of solo.settle()) if (message.type === 'vote' && message.pre) candidacies++;
      if (solo.view.role === 'pre-candidate') solo.vote('m2');
    }
    assert.ok(candidacies <= 10, `${candidacies / 2} attempts in 30 ticks`);
  });
});

describe('leases of the group', () => {
  function leased(): Cluster {
    const configuration = simpleConfiguration(ids('m1', 'm2', 'm3'), [], 300);
    const cluster = new Cluster([]);
    for (const name of ['m1', 'm2', 'm3']) cluster.add(name, new MemoryLog(configuration));
    // The start counts as having heard a leader.
    cluster.tickAll(16);
    cluster.elect('m1');
    return cluster;
  }

  it('a hint works only once the lease of the leader has run out', () => {
    const cluster = leased();
    const { node } = cluster.member('m2');
    node.campaignHint();
    assert.equal(node.view.leader, 'm1');
    cluster.isolate('m1');
    cluster.sent = [];
    // 300 ms are 15 ticks, and one more since the first may come at once.
    cluster.tick('m2', 15);
    assert.deepEqual(cluster.sent, []);
    assert.equal(node.view.leader, 'm1');
    cluster.tick('m2', 5);
    assert.equal(only(cluster.sent, 'vote').length > 0, true);
  });

  it('a leader is not forgotten on demand', () => {
    const { node } = leased().member('m2');
    node.forgetLeader();
    assert.equal(node.view.leader, 'm1');
  });
});

describe('forgetting the leader', () => {
  it('a follower may vote at once, and follows again when it hears the leader', () => {
    const solo = new Solo({ term: 1 });
    solo.heartbeat('m2');
    solo.node.forgetLeader();
    assert.equal(solo.view.leader, null);
    assert.ok(granted(solo.askVote('m3', { pre: true })));
    solo.heartbeat('m2');
    assert.equal(solo.view.leader, 'm2');
  });

  it('means nothing to a leader', () => {
    const solo = new Solo();
    solo.lead();
    solo.node.forgetLeader();
    assert.equal(solo.view.leader, 'm1');
  });
});
