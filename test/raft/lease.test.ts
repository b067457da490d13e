import assert from 'node:assert/strict';
import { RAFT_DEFAULTS, simpleConfiguration, type Configuration } from '../../lib/raft/index.js';
import { Cluster, id, ids, ledCluster } from './harness.js';
import { MemoryLog } from './memory-log.js';
import { Solo, configurationEntry, granted, only } from './solo.js';

const LEASE_MS = 200;
/** Ten ticks of 20 ms, and one more: the first may come at once. */
const PROMISED = 11;
const { heartbeatTicks, electionTicks } = RAFT_DEFAULTS;

const LEASED = simpleConfiguration(ids('m1', 'm2', 'm3'), [], LEASE_MS);

function leasedLeader(configuration: Configuration = LEASED, others: string[] = ['m2', 'm3']): Solo {
  const solo = new Solo({ configuration, others });
  solo.leadAndCommit();
  return solo;
}

/** Ticks until the next heartbeat; returns the number of the round it began. */
function nextRound(solo: Solo): number {
  return only(solo.tick(heartbeatTicks), 'heartbeat')[0]!.round;
}

/** A leader whose last round, begun at this tick, a quorum has answered. */
function withLease(solo: Solo = leasedLeader()): Solo {
  solo.heartbeatReply('m2', nextRound(solo));
  assert.equal(solo.node.leaseAgeTicks(), 0);
  return solo;
}

describe('leases: what a leader may count on (thesis §6.4.1)', () => {
  it('there is none unless the group has them', () => {
    const solo = leasedLeader(simpleConfiguration(ids('m1', 'm2', 'm3')));
    solo.heartbeatReply('m2', nextRound(solo));
    solo.heartbeatReply('m3', nextRound(solo));
    assert.equal(solo.node.leaseAgeTicks(), null);
  });

  it('its age is the time since the round that a quorum has answered was begun, not since the answer', () => {
    const solo = leasedLeader();
    const round = nextRound(solo);
    assert.equal(solo.node.leaseAgeTicks(), null);
    solo.tick(3);
    solo.heartbeatReply('m2', round);
    assert.equal(solo.node.leaseAgeTicks(), 3);
    solo.tick(1);
    assert.equal(solo.node.leaseAgeTicks(), 4);
  });

  it('every heartbeat is a round, so that it is renewed without reads', () => {
    const solo = leasedLeader();
    for (let n = 0; n < 20; n++) withLease(solo);
  });

  it('an answer to an earlier heartbeat renews nothing', () => {
    const solo = withLease();
    nextRound(solo);
    solo.heartbeatReply('m3', 1);
    assert.equal(solo.node.leaseAgeTicks(), heartbeatTicks);
  });

  it('needs a quorum: two others of five', () => {
    const five = simpleConfiguration(ids('m1', 'm2', 'm3', 'm4', 'm5'), [], LEASE_MS);
    const solo = leasedLeader(five, ['m2', 'm3', 'm4', 'm5']);
    const round = nextRound(solo);
    solo.heartbeatReply('m2', round);
    assert.equal(solo.node.leaseAgeTicks(), null);
    solo.heartbeatReply('m5', round);
    assert.equal(solo.node.leaseAgeTicks(), 0);
  });

  it('while joint it needs both halves', () => {
    const solo = leasedLeader();
    const next = simpleConfiguration(ids('m1', 'm4', 'm5'), [], LEASE_MS);
    assert.ok(solo.node.proposeConfiguration(next).ok);
    solo.settle();
    for (const name of ['m2', 'm3', 'm4', 'm5']) solo.acknowledge(name, 2);
    const round = nextRound(solo);
    solo.heartbeatReply('m4', round);
    assert.equal(solo.node.leaseAgeTicks(), null, 'm1 and m4 are a majority of the new voters only');
    solo.heartbeatReply('m2', round);
    assert.equal(solo.node.leaseAgeTicks(), 0);
  });

  it('learners promise nothing', () => {
    const solo = leasedLeader(simpleConfiguration(ids('m1', 'm2', 'm3'), ids('m4'), LEASE_MS), [
      'm2',
      'm3',
      'm4',
    ]);
    solo.heartbeatReply('m4', nextRound(solo));
    assert.equal(solo.node.leaseAgeTicks(), null);
  });

  it('whoever may not know yet that there are leases has promised nothing', () => {
    const solo = leasedLeader(simpleConfiguration(ids('m1', 'm2', 'm3')));
    assert.ok(solo.node.proposeConfiguration(LEASED).ok);
    solo.settle();
    solo.acknowledge('m2', 2);
    solo.heartbeatReply('m3', nextRound(solo));
    assert.equal(solo.node.leaseAgeTicks(), null, 'm3 answered without having the entry');
    solo.heartbeatReply('m2', nextRound(solo));
    assert.equal(solo.node.leaseAgeTicks(), 0);
  });

  it('whoever may still have a configuration that this leader does not know counts for nothing', () => {
    const solo = new Solo({ configuration: LEASED });
    solo.lead();
    solo.acknowledge('m2', 1);
    solo.heartbeatReply('m3', nextRound(solo));
    assert.equal(solo.node.leaseAgeTicks(), null, 'the log of m3 may end otherwise');
    solo.acknowledge('m3', 1);
    assert.equal(solo.node.leaseAgeTicks(), 0);
  });

  it('there is none before the first commit of the term', () => {
    const solo = new Solo({ configuration: LEASED });
    solo.lead();
    solo.tick(heartbeatTicks);
    solo.heartbeatReply('m2', 0);
    assert.equal(solo.node.leaseAgeTicks(), null);
  });

  it('a pause voids it until a round begun afterwards is answered', () => {
    const solo = withLease();
    solo.node.stalled();
    assert.equal(solo.node.leaseAgeTicks(), null);
    const [heartbeat] = only(solo.settle(), 'heartbeat');
    solo.heartbeatReply('m2', heartbeat!.round - 1);
    assert.equal(solo.node.leaseAgeTicks(), null);
    solo.heartbeatReply('m2', heartbeat!.round);
    assert.equal(solo.node.leaseAgeTicks(), 0);
  });

  it('a transfer gives it up at once', () => {
    const solo = withLease();
    solo.propose('x');
    solo.node.transferLeadership(id('m2'));
    assert.equal(solo.node.leaseAgeTicks(), null);
  });

  it('once somebody was told to campaign there is none in this term: the call may still be on its way', () => {
    const solo = withLease();
    solo.node.transferLeadership(id('m2'));
    for (let n = 0; n < electionTicks; n++) {
      solo.tick();
      solo.heartbeatReply('m3', 0);
    }
    assert.equal(solo.node.status().transferTo, null, 'the transfer is over');
    solo.heartbeatReply('m3', nextRound(solo));
    assert.equal(solo.node.leaseAgeTicks(), null);
  });

  it('a transfer that came to nothing before anybody was told costs it only meanwhile', () => {
    const solo = withLease();
    solo.propose('x');
    solo.node.transferLeadership(id('m2'));
    for (let n = 0; n < electionTicks; n++) {
      solo.tick();
      solo.heartbeatReply('m3', 0);
    }
    // The first answer makes room for new rounds.
    solo.heartbeatReply('m3', nextRound(solo));
    solo.heartbeatReply('m3', nextRound(solo));
    assert.equal(solo.node.leaseAgeTicks(), 0);
  });

  it('heartbeats that nobody answers begin no rounds without end', () => {
    const solo = leasedLeader();
    const rounds = new Set<number>();
    for (let n = 0; n < 10; n++) {
      rounds.add(nextRound(solo));
      solo.acknowledge('m2', 1);
    }
    assert.equal(rounds.size, 4);
    solo.heartbeatReply('m3', 4);
    assert.equal(nextRound(solo), 5);
  });

  it('a group of one has it by itself', () => {
    const solo = leasedLeader(simpleConfiguration(ids('m1'), [], LEASE_MS), []);
    solo.tick(heartbeatTicks);
    assert.equal(solo.node.leaseAgeTicks(), 0);
  });
});

describe('leases: what a member promises', () => {
  function follower(fields: { readonly configuration?: Configuration } = {}): Solo {
    const solo = new Solo({ configuration: LEASED, term: 1, ...fields });
    // Its start counts as having heard a leader.
    solo.tick(PROMISED);
    solo.heartbeat('m2');
    return solo;
  }

  for (const pre of [true, false]) {
    it(`to grant nobody else a ${pre ? 'pre-vote' : 'vote'} until the lease is over`, () => {
      const solo = follower();
      solo.node.forgetLeader();
      solo.tick(PROMISED - 1);
      assert.deepEqual(solo.askVote('m3', { term: 9, pre }), []);
      solo.tick(1);
      solo.node.forgetLeader();
      assert.ok(granted(solo.askVote('m3', { term: 9, pre })));
    });
  }

  it('also after it learnt of a later term, which ends following but not the promise', () => {
    const solo = follower();
    solo.step({ type: 'vote-reply', from: id('m3'), to: id('m1'), term: 2, pre: true, granted: false });
    assert.deepEqual([solo.view.term, solo.view.leader], [2, null]);
    assert.equal(granted(solo.askVote('m3', { term: 2 })), false);
    assert.equal(granted(solo.askVote('m3', { term: 3 })), false);
    solo.tick(PROMISED);
    assert.ok(granted(solo.askVote('m3', { term: 3 })));
  });

  it('also when it has just started: it may have heard a leader before', () => {
    const solo = new Solo({ configuration: LEASED, term: 1 });
    assert.equal(granted(solo.askVote('m3')), false);
    solo.tick(PROMISED);
    assert.ok(granted(solo.askVote('m3')));
  });

  it('without leases a member that has just started votes at once', () => {
    assert.ok(granted(new Solo({ term: 1 }).askVote('m3')));
  });

  it('not to stand itself, even if the lease is longer than its election timeout', () => {
    const long = simpleConfiguration(ids('m1', 'm2', 'm3'), [], 3 * electionTicks * RAFT_DEFAULTS.tickMs);
    const solo = new Solo({ configuration: long, term: 1 });
    assert.deepEqual(solo.tick(3 * electionTicks), []);
    assert.ok(only(solo.tick(1), 'vote').length > 0);
  });

  it('a transfer of leadership passes: the leader has given its lease up', () => {
    assert.ok(granted(follower().askVote('m3', { term: 2, transfer: true })));
    assert.ok(only(follower().campaign(), 'vote').length > 0);
  });

  it('holds from the entry that brings leases on', () => {
    const solo = new Solo({ term: 1 });
    solo.append('m2', { entries: [configurationEntry(1, 1, LEASED)] });
    solo.node.campaignHint();
    assert.equal(solo.view.leader, 'm2');
    assert.deepEqual(only(solo.tick(PROMISED - 1), 'vote'), []);
  });
});

describe('leases: of the group', () => {
  function leased(): Cluster {
    const cluster = new Cluster([]);
    for (const name of ['m1', 'm2', 'm3']) cluster.add(name, new MemoryLog(LEASED));
    cluster.tickAll(PROMISED);
    cluster.elect('m1');
    return cluster;
  }

  it('are turned on and off by a change of the configuration, without a joint phase', () => {
    const cluster = ledCluster(3);
    const { node } = cluster.member('m1');
    for (const leaseMs of [LEASE_MS, 0]) {
      assert.ok(node.proposeConfiguration({ ...node.view.configuration, leaseMs }).ok);
      cluster.pump();
      cluster.tick('m1', heartbeatTicks);
      for (const { node: member } of cluster.members.values()) {
        assert.equal(member.view.configuration.leaseMs, leaseMs);
      }
      assert.equal(node.leaseAgeTicks(), leaseMs === 0 ? null : 0);
    }
  });

  it('nobody takes over while one may hold, and somebody does once it cannot', () => {
    const cluster = leased();
    cluster.tick('m1', heartbeatTicks);
    cluster.isolate('m1');
    for (const name of ['m2', 'm3']) cluster.node(name).campaignHint();
    let ticks = 0;
    while (cluster.leader.id === 'm1') {
      ticks++;
      for (const name of ['m2', 'm3']) cluster.tick(name);
      assert.ok(ticks < PROMISED + 10, `no leader after ${ticks} ticks`);
    }
    assert.ok(ticks >= PROMISED, `${ticks} ticks`);
  });

  it('a lease that no configuration can have is refused', () => {
    const { node } = ledCluster(3).member('m1');
    for (const leaseMs of [-1, 0.5, Number.NaN]) {
      assert.throws(() => node.proposeConfiguration({ ...node.view.configuration, leaseMs }));
    }
  });
});
