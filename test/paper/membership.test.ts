import assert from 'node:assert/strict';
import { RAFT_DEFAULTS, isJoint, simpleConfiguration, type Configuration } from '../../lib/raft/index.js';
import { Cluster, id, ids, ledCluster, type Member } from '../raft/harness.js';
import { MemoryLog } from '../raft/memory-log.js';
import { NO_CHANGE, Solo, configurationEntry, entriesOf, granted, only } from '../raft/solo.js';

const THREE = simpleConfiguration(ids('m1', 'm2', 'm3'));

/** Adds members that know the group but are not part of it yet. */
function addServers(cluster: Cluster, ...names: string[]): void {
  for (const name of names) cluster.add(name, new MemoryLog(THREE));
}

/** Proposes at the leader; `autoLeave` unless told otherwise. */
function change(cluster: Cluster, next: Configuration, autoLeave: boolean = true): void {
  const { leader } = cluster;
  const result = leader.node.proposeConfiguration({ ...next, autoLeave });
  assert.equal(result.ok, true, JSON.stringify(result));
  cluster.checker.stepped(leader.id, { type: 'other' });
  cluster.pump();
}

function voters(member: Member): string[] {
  return [...member.node.view.configuration.voters];
}

describe('Raft §6: joint consensus', () => {
  it('a change goes through a joint configuration to the new one', () => {
    const cluster = ledCluster(3);
    addServers(cluster, 'm4', 'm5');
    change(cluster, simpleConfiguration(ids('m1', 'm4', 'm5')));
    for (const name of ['m1', 'm4', 'm5']) {
      const member = cluster.member(name);
      assert.deepEqual(voters(member), ['m1', 'm4', 'm5']);
      assert.equal(isJoint(member.node.view.configuration), false);
    }
    assert.deepEqual(
      cluster.leader.applied.map((entry) => entry.kind),
      ['noop', 'configuration', 'configuration'],
    );
  });

  it('a server acts by the latest configuration in its log, committed or not', () => {
    const solo = new Solo({ term: 1 });
    const next = simpleConfiguration(ids('m1', 'm2'));
    solo.append('m2', { entries: [configurationEntry(1, 1, next)] });
    assert.equal(solo.view.commit, 0);
    assert.deepEqual(solo.view.configuration, next);
  });

  it('a configuration that is truncated gives way to the one before it', () => {
    const solo = new Solo({ term: 1 });
    solo.append('m2', { entries: [configurationEntry(1, 1, simpleConfiguration(ids('m1', 'm2')))] });
    solo.append('m3', { term: 2, prevIndex: 0, prevTerm: 0, entries: entriesOf([2]) });
    assert.deepEqual(solo.view.configuration, THREE);
    assert.deepEqual(solo.log.configuration, THREE, 'and that is what the disk says');
  });

  it('also after a restart, when the one before is only in the log or below it', () => {
    const two = simpleConfiguration(ids('m1', 'm2'));
    const four = simpleConfiguration(ids('m1', 'm2', 'm3', 'm4'));
    const entries = [
      ...entriesOf([1]),
      configurationEntry(1, 2, two),
      ...entriesOf([1], 3),
      configurationEntry(1, 4, four),
      ...entriesOf([1], 5),
    ];
    for (const [from, expected] of [
      [5, four],
      [4, two],
      [2, THREE],
    ] as const) {
      const disk = new MemoryLog(THREE);
      disk.apply({ ...NO_CHANGE, entries, hardState: { term: 1, vote: null }, configuration: four });
      const solo = new Solo({ disk });
      solo.append('m3', { term: 2, prevIndex: from - 1, entries: entriesOf([2], from) });
      assert.deepEqual(solo.view.configuration, expected);
    }
  });

  for (const [half, silent] of [
    ['new', ['m2', 'm3']],
    ['old', ['m4', 'm5']],
  ] as const) {
    it(`while joint, a majority of the ${half} servers alone commits nothing`, () => {
      const cluster = ledCluster(3);
      addServers(cluster, 'm4', 'm5');
      for (const name of silent) cluster.cut('m1', name);
      change(cluster, simpleConfiguration(ids('m1', 'm4', 'm5')));
      assert.equal(isJoint(cluster.node('m1').view.configuration), true);
      assert.equal(cluster.node('m1').view.commit, 1);
      cluster.heal();
      cluster.tick('m1', 10);
      assert.equal(isJoint(cluster.node('m1').view.configuration), false);
    });
  }

  it('while joint, an election needs both majorities', () => {
    const joint = { ...simpleConfiguration(ids('m1', 'm4', 'm5')), outgoing: ids('m1', 'm2', 'm3') };
    const solo = new Solo({ others: ['m2', 'm3', 'm4', 'm5'], configuration: joint });
    solo.campaign();
    solo.vote('m2');
    solo.vote('m3');
    assert.equal(solo.view.role, 'candidate');
    solo.vote('m4');
    assert.equal(solo.view.role, 'leader');
  });

  it('the joint phase stays until it is left by a proposal where that was asked for', () => {
    const cluster = ledCluster(3);
    addServers(cluster, 'm4');
    const next = simpleConfiguration(ids('m1', 'm2', 'm4'));
    change(cluster, next, false);
    assert.equal(isJoint(cluster.leader.node.view.configuration), true);
    const other = simpleConfiguration(ids('m1', 'm2'));
    assert.deepEqual(cluster.leader.node.proposeConfiguration(other), {
      ok: false,
      reason: 'pending-configuration',
    });
    change(cluster, next, false);
    assert.deepEqual(cluster.leader.node.view.configuration, next);
  });

  it('a further change waits until the one before is committed', () => {
    const solo = new Solo();
    solo.leadAndCommit();
    const next = simpleConfiguration(ids('m1', 'm2', 'm3'), ids('m4'));
    assert.equal(solo.node.proposeConfiguration(next).ok, true);
    solo.settle();
    assert.deepEqual(solo.node.proposeConfiguration(THREE), { ok: false, reason: 'pending-configuration' });
    solo.acknowledge('m2', 2);
    assert.equal(solo.node.proposeConfiguration(THREE).ok, true);
  });

  it('no change begins before the leader has committed an entry of its own term (Ongaro 2015)', () => {
    const solo = new Solo();
    solo.lead();
    assert.deepEqual(solo.node.proposeConfiguration(THREE), { ok: false, reason: 'pending-configuration' });
    solo.acknowledge('m2', 1);
    assert.equal(solo.node.proposeConfiguration(THREE).ok, true);
  });
});

describe('Raft §6: new servers join as non-voting members', () => {
  it('a learner receives entries but decides nothing', () => {
    const cluster = ledCluster(3);
    addServers(cluster, 'm4');
    change(cluster, { ...THREE, learners: ids('m4') });
    cluster.cut('m1', 'm2');
    cluster.cut('m1', 'm3');
    cluster.propose('m1', 'x');
    assert.equal(cluster.member('m4').node.view.lastIndex, 3);
    assert.equal(cluster.member('m4').node.view.commit, 2);
    assert.equal(cluster.member('m1').node.view.commit, 2);
  });

  it('a learner does not campaign', () => {
    const solo = new Solo({ configuration: simpleConfiguration(ids('m2', 'm3'), ids('m1')) });
    assert.deepEqual(only(solo.tick(100), 'vote'), []);
  });

  it('a server that believes it is a learner grants its vote all the same', () => {
    const solo = new Solo({ configuration: simpleConfiguration(ids('m2', 'm3'), ids('m1')) });
    assert.ok(granted(solo.askVote('m2')));
  });

  it('a learner can be promoted, and a voter demoted', () => {
    const cluster = ledCluster(3);
    addServers(cluster, 'm4');
    change(cluster, { ...THREE, learners: ids('m4') });
    change(cluster, simpleConfiguration(ids('m1', 'm2', 'm4'), ids('m3')));
    const { configuration } = cluster.leader.node.view;
    assert.deepEqual(configuration, simpleConfiguration(ids('m1', 'm2', 'm4'), ids('m3')));
    cluster.propose('m1', 'x');
    assert.deepEqual(cluster.member('m3').texts, ['x']);
  });
});

describe('Raft §6: the leader may not be part of the new configuration', () => {
  it('it replicates without counting itself and steps down once that is committed', () => {
    const cluster = ledCluster(3);
    change(cluster, simpleConfiguration(ids('m2', 'm3')));
    assert.equal(cluster.member('m1').role, 'follower');
    assert.notEqual(cluster.leader.id, 'm1');
    assert.deepEqual(voters(cluster.leader), ['m2', 'm3']);
  });

  it('it does not count itself', () => {
    const cluster = ledCluster(3);
    cluster.filter = (message) => message.type !== 'append-reply' || message.from !== 'm3';
    change(cluster, simpleConfiguration(ids('m2', 'm3')));
    assert.equal(cluster.member('m1').role, 'leader');
    assert.equal(isJoint(cluster.member('m1').node.view.configuration), true);
  });

  it('a removed server whose removal is not committed still campaigns: nobody else may be electable (thesis §4.2.2)', () => {
    const joint = { ...simpleConfiguration(ids('m2', 'm3')), outgoing: ids('m1'), autoLeave: true };
    const solo = new Solo({ configuration: simpleConfiguration(ids('m1')), others: ['m2', 'm3'], term: 1 });
    const final = simpleConfiguration(ids('m2', 'm3'));
    solo.append('m2', {
      entries: [configurationEntry(1, 1, joint), configurationEntry(1, 2, final)],
      commit: 1,
    });
    assert.deepEqual(
      only(solo.timeOut(), 'vote').map((message) => message.to),
      ['m2', 'm3'],
    );
  });

  it('once it is committed the removed server is silent', () => {
    const cluster = ledCluster(3);
    change(cluster, simpleConfiguration(ids('m2', 'm3')));
    cluster.sent = [];
    cluster.isolate('m1');
    cluster.tick('m1', 100);
    assert.deepEqual(cluster.sent, []);
  });
});

describe('Raft §6: removed servers do not disrupt', () => {
  const { electionTicks } = RAFT_DEFAULTS;
  for (const pre of [true, false]) {
    it(`a ${pre ? 'pre-vote' : 'vote'} is ignored within an election timeout of hearing a leader`, () => {
      const solo = new Solo({ term: 1 });
      solo.heartbeat('m2');
      solo.tick(electionTicks - 1);
      assert.deepEqual(solo.askVote('m3', { term: 9, pre }), []);
      assert.equal(solo.view.term, 1);
      solo.tick(1);
      assert.ok(granted(solo.askVote('m3', { term: 9, pre })));
    });
  }

  it('a leader ignores it too', () => {
    const solo = new Solo();
    solo.leadAndCommit();
    assert.deepEqual(solo.askVote('m3', { term: 9 }), []);
    assert.equal(solo.view.role, 'leader');
  });

  it('a vote on behalf of a transfer of leadership is not ignored', () => {
    const solo = new Solo({ term: 1 });
    solo.heartbeat('m2');
    assert.ok(granted(solo.askVote('m3', { term: 2, transfer: true })));
  });

  it('the votes of strangers do not count', () => {
    const solo = new Solo();
    solo.campaign();
    solo.vote(id('stranger'));
    assert.equal(solo.view.role, 'candidate');
  });
});
