import assert from 'node:assert/strict';
import { RAFT_DEFAULTS, simpleConfiguration } from '../../lib/raft/index.js';
import { data, id, ids, ledCluster, type Cluster } from './harness.js';
import { Solo, only } from './solo.js';

const { electionTicks } = RAFT_DEFAULTS;

function transfer(cluster: Cluster, to: string): 'started' | 'refused' {
  const { leader } = cluster;
  const result = leader.node.transferLeadership(id(to));
  cluster.checker.stepped(leader.id, { type: 'other' });
  cluster.pump();
  return result;
}

describe('transfer of leadership (thesis §3.10)', () => {
  it('to a member that holds the whole log happens at once, although everyone hears the leader', () => {
    const cluster = ledCluster(3);
    assert.equal(transfer(cluster, 'm2'), 'started');
    assert.equal(cluster.leader.id, 'm2');
    assert.equal(cluster.leader.term, 2);
    assert.equal(cluster.member('m1').role, 'follower');
  });

  it('and back', () => {
    const cluster = ledCluster(3);
    transfer(cluster, 'm2');
    transfer(cluster, 'm1');
    assert.equal(cluster.leader.id, 'm1');
  });

  it('to a member that is behind waits until it has caught up', () => {
    const cluster = ledCluster(3);
    cluster.isolate('m3');
    cluster.propose('m1', 'x');
    cluster.heal();
    transfer(cluster, 'm3');
    assert.equal(cluster.leader.id, 'm1');
    cluster.tick('m1', 5);
    assert.equal(cluster.leader.id, 'm3');
    assert.deepEqual(cluster.member('m3').texts, ['x']);
  });

  it('to a member that needs a snapshot waits for that', () => {
    const cluster = ledCluster(3, { nodeOptions: { cacheBytes: 0 } });
    cluster.isolate('m3');
    cluster.propose('m1', 'x');
    cluster.compact('m1');
    cluster.heal();
    cluster.tick('m1', 10);
    transfer(cluster, 'm3');
    assert.equal(cluster.leader.id, 'm1');
    cluster.sendSnapshot('m1', 'm3');
    assert.equal(cluster.leader.id, 'm3');
  });

  it('to itself, to a stranger or to a learner is refused', () => {
    const configuration = simpleConfiguration(ids('m1', 'm2', 'm3'), ids('m4'));
    const solo = new Solo({ others: ['m2', 'm3', 'm4'], configuration });
    solo.leadAndCommit();
    for (const name of ['m1', 'm4', 'm9']) assert.equal(solo.node.transferLeadership(id(name)), 'refused');
    assert.equal(solo.node.status().transferTo, null);
  });

  it('a follower refuses to start one', () => {
    assert.equal(new Solo().node.transferLeadership(id('m2')), 'refused');
  });

  it('meanwhile proposals are refused; after an election timeout the leader goes on', () => {
    const cluster = ledCluster(3);
    cluster.isolate('m3');
    transfer(cluster, 'm3');
    const { node } = cluster.leader;
    assert.deepEqual(node.propose([data('x')]), { ok: false, reason: 'transferring' });
    assert.deepEqual(node.proposeConfiguration(node.view.configuration), {
      ok: false,
      reason: 'transferring',
    });
    cluster.tick('m1', electionTicks - 1);
    assert.equal(node.status().transferTo, 'm3');
    cluster.tick('m1');
    assert.equal(node.status().transferTo, null);
    cluster.propose('m1', 'x');
    assert.deepEqual(cluster.member('m2').texts, ['x']);
  });

  it('a second one to the same member changes nothing, not even the deadline', () => {
    const solo = new Solo();
    solo.lead();
    solo.node.transferLeadership(id('m2'));
    solo.tick(electionTicks - 1);
    solo.node.transferLeadership(id('m2'));
    solo.heartbeatReply('m3');
    solo.tick(1);
    assert.equal(solo.node.status().transferTo, null);
  });

  it('a second one to another member takes the place of the first', () => {
    const cluster = ledCluster(3);
    cluster.isolate('m3');
    transfer(cluster, 'm3');
    transfer(cluster, 'm2');
    assert.equal(cluster.leader.id, 'm2');
  });

  it('the member is told once', () => {
    const solo = new Solo();
    solo.leadAndCommit();
    solo.node.transferLeadership(id('m2'));
    const sent = [...solo.settle(), ...solo.acknowledge('m2', 1), ...solo.tick(3)];
    assert.equal(only(sent, 'timeout-now').length, 1);
  });

  it('it ends when somebody else is elected', () => {
    const cluster = ledCluster(3);
    cluster.isolate('m3');
    transfer(cluster, 'm3');
    cluster.heal();
    cluster.timeoutNow('m2');
    assert.equal(cluster.leader.id, 'm2');
    assert.equal(cluster.node('m1').status().transferTo, null);
  });

  it('it ends when the member may no longer lead', () => {
    const solo = new Solo();
    solo.leadAndCommit();
    const next = simpleConfiguration(ids('m1', 'm2'), ids('m3'));
    solo.node.proposeConfiguration({ ...next, autoLeave: true });
    solo.settle();
    solo.node.transferLeadership(id('m3'));
    assert.equal(solo.node.status().transferTo, 'm3', 'in the joint phase it still is a voter');
    solo.acknowledge('m2', 2);
    solo.tick(1);
    assert.equal(solo.node.status().transferTo, null);
  });

  it('a member that is not part of the group ignores the call', () => {
    const solo = new Solo({ configuration: simpleConfiguration(ids('m2', 'm3')) });
    assert.deepEqual(solo.campaign(), []);
    assert.equal(solo.view.role, 'follower');
  });
});
