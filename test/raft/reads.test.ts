import assert from 'node:assert/strict';
import { ReadRounds } from '../../lib/raft/read-rounds.js';
import { ledCluster } from './harness.js';
import { Solo, only } from './solo.js';

/** A leader of three that has committed; what it sent is forgotten. */
function leader(others?: string[]): Solo {
  const solo = new Solo(others === undefined ? {} : { others });
  solo.leadAndCommit();
  return solo;
}

describe('read index (thesis §6.4)', () => {
  it('a read is answered with the commit index after a quorum answered a round begun for it', () => {
    const solo = leader();
    solo.node.readIndex(7);
    const [first, second] = only(solo.settle(), 'heartbeat');
    assert.deepEqual([first!.to, second!.to, first!.round], ['m2', 'm3', 1]);
    assert.deepEqual(solo.reads, []);
    solo.heartbeatReply('m3', 1);
    assert.deepEqual(solo.reads, [{ context: 7, index: 1 }]);
  });

  it('an answer to an earlier round does not confirm it (etcd-io/raft#397)', () => {
    const solo = leader();
    solo.node.readIndex(1);
    solo.settle();
    solo.node.readIndex(1);
    solo.settle();
    solo.heartbeatReply('m2', 1);
    assert.equal(solo.reads.length, 1);
    solo.heartbeatReply('m2', 1);
    solo.heartbeatReply('m3', 0);
    assert.equal(solo.reads.length, 1);
    solo.heartbeatReply('m3', 2);
    assert.equal(solo.reads.length, 2);
  });

  it('an answer to a later round confirms the earlier ones', () => {
    const solo = leader();
    for (const context of [1, 2]) {
      solo.node.readIndex(context);
      solo.settle();
    }
    solo.heartbeatReply('m2', 2);
    assert.deepEqual(
      solo.reads.map((read) => read.context),
      [1, 2],
    );
  });

  it('many reads share a round, and rounds under way are few', () => {
    const solo = leader();
    for (let context = 0; context < 100; context++) solo.node.readIndex(context);
    assert.equal(only(solo.settle(), 'heartbeat').length, 2);
    for (let context = 100; context < 200; context++) {
      solo.node.readIndex(context);
      solo.settle();
    }
    assert.equal(only(solo.heartbeatReply('m2', 4), 'heartbeat')[0]!.round, 5);
    solo.heartbeatReply('m2', 5);
    assert.equal(solo.reads.length, 200);
  });

  it('five servers need two answers besides the leader', () => {
    const solo = leader(['m2', 'm3', 'm4', 'm5']);
    solo.node.readIndex(1);
    solo.settle();
    solo.heartbeatReply('m2', 1);
    solo.heartbeatReply('m2', 1);
    assert.equal(solo.reads.length, 0);
    solo.heartbeatReply('m5', 1);
    assert.equal(solo.reads.length, 1);
  });

  it('a group of one answers at once', () => {
    const solo = leader([]);
    solo.node.readIndex(1);
    solo.settle();
    assert.deepEqual(solo.reads, [{ context: 1, index: 1 }]);
  });

  it('a new leader answers no read before it has committed in its term (§8)', () => {
    const solo = new Solo();
    solo.lead();
    solo.node.readIndex(1);
    assert.deepEqual(only(solo.settle(), 'heartbeat'), []);
    const round = only(solo.acknowledge('m2', 1), 'heartbeat')[0]!.round;
    solo.heartbeatReply('m2', round);
    assert.deepEqual(solo.reads, [{ context: 1, index: 1 }]);
  });

  it('a leader that loses its office refuses the reads that wait, its own and those of others', () => {
    const solo = leader();
    solo.node.readIndex(1);
    solo.step({ type: 'read', from: solo.others[0]!, to: solo.view.id, term: 1, context: 5 });
    const sent = solo.heartbeat('m3', { term: 2 });
    assert.deepEqual(solo.reads, [{ context: 1, index: -1 }]);
    const [refusal] = only(sent, 'read-reply');
    assert.deepEqual([refusal!.to, refusal!.context, refusal!.index], ['m2', 5, -1]);
  });

  it('a follower asks its leader and hands on the answer', () => {
    const cluster = ledCluster(3);
    cluster.propose('m1', 'x');
    cluster.node('m2').readIndex(9);
    cluster.pump();
    assert.deepEqual(cluster.member('m2').reads, [{ context: 9, index: 2 }]);
  });

  it('without a leader a read is refused at once', () => {
    const solo = new Solo();
    solo.node.readIndex(3);
    solo.settle();
    assert.deepEqual(solo.reads, [{ context: 3, index: -1 }]);
  });

  it('a follower that is asked refuses', () => {
    const solo = new Solo({ term: 1 });
    const read = { from: solo.others[0]!, to: solo.view.id, term: 1, context: 4 };
    const [reply] = only(solo.step({ type: 'read', ...read }), 'read-reply');
    assert.deepEqual([reply!.context, reply!.index], [4, -1]);
  });

  it('a round whose heartbeats were lost is confirmed by the next ones', () => {
    const cluster = ledCluster(3);
    cluster.filter = (message) => message.type !== 'heartbeat';
    cluster.node('m1').readIndex(1);
    cluster.pump();
    assert.deepEqual(cluster.member('m1').reads, []);
    cluster.heal();
    cluster.tick('m1', 5);
    assert.deepEqual(cluster.member('m1').reads, [{ context: 1, index: 1 }]);
  });

  it('more reads than may wait are refused', () => {
    const solo = new Solo();
    solo.lead();
    for (let context = 0; context <= 65_536; context++) solo.node.readIndex(context);
    solo.settle();
    assert.deepEqual(solo.reads, [{ context: 65_536, index: -1 }]);
  });
});

describe('rounds of reads', () => {
  it('that were confirmed keep nothing, however many there were', () => {
    const rounds = new ReadRounds();
    for (let n = 1; n <= 1000; n++) {
      assert.ok(rounds.add({ from: null, context: n }));
      const round = rounds.begin(n, n);
      assert.deepEqual(
        rounds.confirm(round).flatMap(({ index, reads }) => reads.map(({ context }) => [index, context])),
        [[n, n]],
      );
    }
    assert.deepEqual(rounds.takeAll(), []);
    assert.equal(rounds.due, false);
  });

  it('know when they began, for as long as that may matter', () => {
    const rounds = new ReadRounds();
    for (let n = 1; n <= 300; n++) {
      rounds.begin(0, 10 * n);
      rounds.confirm(n);
    }
    assert.equal(rounds.beganAt(300), 3000);
    assert.equal(rounds.beganAt(45), 450);
    assert.equal(rounds.beganAt(44), null, 'its place was taken');
    assert.equal(rounds.beganAt(0), null);
    rounds.voidRounds();
    assert.equal(rounds.beganAt(300), null, 'it began before the pause');
  });
});

describe('a leader that stood still', () => {
  it('answers reads only by a round begun afterwards', () => {
    const solo = leader();
    solo.node.readIndex(1);
    solo.settle();
    solo.node.stalled();
    const [heartbeat] = only(solo.settle(), 'heartbeat');
    solo.heartbeatReply('m2', 1);
    assert.deepEqual(solo.reads, []);
    solo.heartbeatReply('m2', heartbeat!.round);
    assert.deepEqual(solo.reads, [{ context: 1, index: 1 }]);
  });

  it('counts as not heard by a quorum until then', () => {
    const solo = leader();
    assert.equal(solo.node.quorumActiveWithin(5), true);
    solo.node.stalled();
    assert.equal(solo.node.quorumActiveWithin(5), false);
    const [heartbeat] = only(solo.settle(), 'heartbeat');
    solo.heartbeatReply('m3', heartbeat!.round);
    assert.equal(solo.node.quorumActiveWithin(5), true);
  });

  it('freshness is measured in ticks', () => {
    const solo = leader();
    solo.tick(4);
    assert.equal(solo.node.quorumActiveWithin(4), true);
    assert.equal(solo.node.quorumActiveWithin(3), false);
    solo.heartbeatReply('m2');
    assert.equal(solo.node.quorumActiveWithin(0), true);
  });
});
