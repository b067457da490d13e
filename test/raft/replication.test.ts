import assert from 'node:assert/strict';
import { RAFT_DEFAULTS, simpleConfiguration, type Append, type Message } from '../../lib/raft/index.js';
import { Cluster, data, id, ids, ledCluster } from './harness.js';
import { NO_CHANGE, Solo, entriesOf, logOf, only } from './solo.js';

/** Appends with entries to m2, as index ranges. */
function ranges(messages: readonly Message[]): string[] {
  return only(messages, 'append')
    .filter((message: Append) => message.to === 'm2')
    .map(({ prevIndex, entries }) => `${prevIndex + 1}..${prevIndex + entries.length}`);
}

/** Whom the appends among `messages` are for. */
function recipients(messages: readonly Message[]): string[] {
  return only(messages, 'append').map(({ to }) => to);
}

function leader(settings: Partial<typeof RAFT_DEFAULTS>): Solo {
  const solo = new Solo({ settings });
  solo.leadAndCommit();
  return solo;
}

describe('replication', () => {
  it('applies a proposal on every member without waiting for a heartbeat', () => {
    const cluster = ledCluster(3);
    cluster.propose('m1', 'a', 'b');
    for (const member of cluster.members.values()) assert.deepEqual(member.texts, ['a', 'b']);
  });

  it('a batch is one entry each, in order, and sent in one message', () => {
    const solo = leader({});
    const result = solo.node.propose(['a', 'b', 'c'].map(data));
    assert.deepEqual(result, { ok: true, index: 2, term: 1 });
    assert.deepEqual(ranges(solo.settle()), ['2..4']);
  });

  it('proposals made before the next ready share a message', () => {
    const solo = leader({});
    for (const text of ['a', 'b', 'c']) solo.node.propose([data(text)]);
    assert.deepEqual(ranges(solo.settle()), ['2..4']);
  });

  it('a follower refuses a proposal', () => {
    assert.deepEqual(new Solo().node.propose([data('x')]), { ok: false, reason: 'not-leader' });
  });

  it('appends that overtake each other are sorted out', () => {
    const cluster = ledCluster(3);
    cluster.manual = true;
    for (const text of ['a', 'b', 'c', 'd']) {
      cluster.propose('m1', text);
      cluster.drain(cluster.member('m1'));
    }
    cluster.wire.reverse();
    cluster.manual = false;
    cluster.completeWrite('m1');
    cluster.pump();
    cluster.tick('m1', 10);
    for (const member of cluster.members.values()) assert.deepEqual(member.texts, ['a', 'b', 'c', 'd']);
  });

  it('a duplicated append changes nothing', () => {
    const cluster = ledCluster(3);
    cluster.propose('m1', 'a');
    cluster.propose('m1', 'b');
    for (const message of cluster.sent.filter((sent) => sent.type === 'append')) cluster.step(message);
    cluster.pump();
    assert.deepEqual(cluster.member('m2').texts, ['a', 'b']);
  });

  it('acknowledgements made during one write leave as one', () => {
    const solo = new Solo({ term: 1 });
    solo.append('m2', { entries: entriesOf([1]) });
    solo.slowDisk = true;
    solo.append('m2', { entries: entriesOf([1], 2) });
    solo.append('m2', { entries: entriesOf([1], 3) });
    solo.append('m2', { entries: entriesOf([1], 4) });
    solo.slowDisk = false;
    solo.log.apply({ ...NO_CHANGE, entries: entriesOf([1], 2) });
    solo.node.persisted();
    assert.deepEqual(
      only(solo.settle(), 'append-reply').map((reply) => reply.index),
      [2, 4],
    );
  });
});

describe('back-off after a refusal', () => {
  const cases: [what: string, leader: number[], follower: number[]][] = [
    ['the follower misses many entries', Array.from({ length: 200 }, () => 1), [1]],
    [
      'the follower has many of a term the leader never saw',
      [1, 1, 3],
      [1, 1, ...Array.from({ length: 200 }, () => 2)],
    ],
    [
      'both have long terms of their own',
      [1, ...Array.from({ length: 100 }, () => 2), ...Array.from({ length: 100 }, () => 5)],
      [1, ...Array.from({ length: 100 }, () => 3), ...Array.from({ length: 100 }, () => 4)],
    ],
  ];
  for (const [what, leading, following] of cases) {
    it(`takes at most three questions although ${what}`, () => {
      const configuration = simpleConfiguration(ids('m1', 'm2', 'm3'));
      const cluster = new Cluster([]);
      cluster.add('m1', logOf(configuration, leading, 9));
      cluster.add('m2', logOf(configuration, following, 9));
      cluster.add('m3', logOf(configuration, leading, 9));
      cluster.elect('m1');
      assert.deepEqual(cluster.member('m2').entries, cluster.member('m1').entries);
      const refusals = cluster.sent.filter((message) => message.type === 'append-reply' && message.rejected);
      assert.ok(refusals.length <= 3, `${refusals.length} refusals`);
    });
  }
});

describe('flow control', () => {
  it('stops at the limit of messages under way', () => {
    const solo = leader({ maxInflightMessages: 3 });
    const sent = Array.from({ length: 6 }, (_, i) => solo.propose(`${i}`)).flat();
    assert.deepEqual(ranges(sent), ['2..2', '3..3', '4..4']);
  });

  it('stops at the limit of bytes under way', () => {
    const solo = leader({ maxInflightBytes: 10, maxAppendBytes: 4 });
    const sent = Array.from({ length: 6 }, () => solo.propose('1234')).flat();
    assert.deepEqual(ranges(sent), ['2..2', '3..3', '4..4']);
  });

  it('splits what waits by the size of one message', () => {
    const solo = leader({ maxAppendBytes: 10 });
    assert.deepEqual(ranges(solo.propose('12345', '12345', '1', '1234567890', '123456789012345')), [
      '2..3',
      '4..4',
      '5..5',
      '6..6',
    ]);
  });

  it('moves on with each acknowledgement', () => {
    const solo = leader({ maxInflightMessages: 2 });
    for (const text of ['a', 'b', 'c', 'd', 'e']) solo.propose(text);
    assert.deepEqual(ranges(solo.acknowledge('m2', 2)), ['4..6']);
    assert.deepEqual(ranges(solo.acknowledge('m2', 3)), [`7..6`], 'only news of the commit index is left');
  });

  it('news of the commit index that the host holds back leave when released', () => {
    const solo = leader({});
    solo.propose('a');
    const { node } = solo;
    const { term } = solo.view;
    const reply = { rejected: false, hintIndex: 0, hintTerm: 0, term, index: 2 };
    node.step({ type: 'append-reply', from: id('m2'), to: id('m1'), ...reply });
    assert.deepEqual(ranges(node.ready('all').messages), []);
    assert.ok(node.newsHeld !== 'none' && !node.hasReady());
    node.releaseNews();
    assert.deepEqual(ranges(node.ready().messages), ['3..2']);
    assert.ok(solo.node.newsHeld === 'none' && !node.hasReady());
  });

  it('entries take along the news of the commit index that were held back', () => {
    const solo = leader({});
    solo.propose('a');
    const { node } = solo;
    const { term } = solo.view;
    const reply = { rejected: false, hintIndex: 0, hintTerm: 0, term, index: 2 };
    node.step({ type: 'append-reply', from: id('m2'), to: id('m1'), ...reply });
    node.ready('all');
    node.propose([data('b')]);
    const appends = only(node.ready('all').messages, 'append').filter(({ to }) => to === 'm2');
    assert.deepEqual(
      appends.map(({ commit, entries }) => [commit, entries.length]),
      [[2, 1]],
    );
    assert.ok(node.newsHeld === 'none');
  });

  it('idle news are kept back from a peer at which nobody waits for them, and from no other', () => {
    const solo = leader({});
    solo.propose('a');
    const { node } = solo;
    node.awaits(id('m3'), 2);
    const { term } = solo.view;
    const reply = { rejected: false, hintIndex: 0, hintTerm: 0, term, index: 2 };
    for (const peer of ['m2', 'm3'])
      node.step({ type: 'append-reply', from: id(peer), to: id('m1'), ...reply });
    assert.deepEqual(recipients(node.ready('idle').messages), ids('m3'));
    assert.equal(node.newsHeld, 'idle');
    node.awaits(id('m2'), 2);
    assert.deepEqual(
      recipients(node.ready('idle').messages),
      ids('m2'),
      'news that were kept back are due now',
    );
    assert.equal(node.newsHeld, 'none');
  });

  it('a read that is answered at a follower takes the news along that it needs', () => {
    const solo = leader({});
    solo.propose('a');
    const { node } = solo;
    const { term } = solo.view;
    const from = { from: id('m2'), to: id('m1'), term };
    node.step({ type: 'append-reply', ...from, rejected: false, hintIndex: 0, hintTerm: 0, index: 2 });
    node.step({ type: 'read', ...from, context: 7 });
    const [beat] = only(node.ready('idle').messages, 'heartbeat');
    node.step({ type: 'heartbeat-reply', ...from, round: beat!.round });
    const { messages } = node.ready('idle');
    assert.equal(only(messages, 'read-reply')[0]?.index, 2);
    const told = [beat!, ...only(messages, 'append').filter(({ to }) => to === id('m2'))];
    assert.ok(told.some(({ commit }) => commit === 2));
  });

  it('an answer to a heartbeat makes it ask whether the entries arrived, once', () => {
    const solo = leader({ maxInflightMessages: 1 });
    solo.propose('a');
    solo.propose('b');
    assert.deepEqual(ranges(solo.heartbeatReply('m2')), ['3..2']);
    assert.deepEqual(ranges(solo.settle()), []);
  });

  it('entries that were lost are sent again when the peer refuses what follows them', () => {
    const cluster = ledCluster(3);
    cluster.cut('m1', 'm2');
    cluster.propose('m1', 'a', 'b');
    cluster.heal();
    cluster.tick('m1', 5);
    assert.deepEqual(cluster.member('m2').texts, ['a', 'b']);
  });

  it('after the host reports a peer unreachable entries are not streamed until it answers', () => {
    const solo = leader({});
    solo.node.unreachable(id('m2'));
    assert.deepEqual(ranges(solo.propose('a')), ['2..2']);
    assert.deepEqual(ranges(solo.propose('b')), []);
    assert.deepEqual(ranges(solo.acknowledge('m2', 2)), ['3..3']);
  });

  it('proposals are refused while too much is not committed, and accepted again afterwards', () => {
    const solo = leader({ maxUncommittedBytes: 10, maxAppendBytes: 8 });
    solo.propose('12345678');
    assert.deepEqual(solo.node.propose([data('123')]), { ok: false, reason: 'overloaded' });
    assert.equal(solo.node.propose([data('12')]).ok, true);
    solo.settle();
    assert.equal(solo.node.status().uncommittedBytes, 10);
    solo.acknowledge('m2', 2);
    assert.equal(solo.node.status().uncommittedBytes, 2);
    assert.equal(solo.node.propose([data('12345678')]).ok, true);
  });

  it('a single proposal above the limit is accepted when nothing else waits', () => {
    const solo = leader({ maxUncommittedBytes: 10, maxAppendBytes: 8 });
    assert.equal(solo.node.propose([data('12345678901234567890')]).ok, true);
    solo.settle();
    assert.deepEqual(solo.node.propose([data('')]), { ok: false, reason: 'overloaded' });
  });

  it('what an earlier leader left uncommitted does not count', () => {
    const solo = new Solo({ log: [1, 1, 1], settings: { maxUncommittedBytes: 4, maxAppendBytes: 4 } });
    solo.lead();
    assert.equal(solo.node.status().uncommittedBytes, 0);
    solo.acknowledge('m2', 4);
    assert.equal(solo.node.status().uncommittedBytes, 0);
  });

  it('the host is given no more than it can apply: the rest waits for applied()', () => {
    const solo = new Solo({ settings: { maxCommittedBytes: 4 }, term: 1 });
    solo.append('m2', { entries: entriesOf([1, 1, 1]) });
    solo.node.step({ type: 'heartbeat', from: id('m2'), to: id('m1'), term: 1, commit: 3, round: 0 });
    assert.deepEqual(
      solo.node.ready().committed.map((entry) => entry.index),
      [1],
    );
    assert.deepEqual(
      solo.node.ready().committed.map((entry) => entry.index),
      [2],
    );
    assert.deepEqual(solo.node.ready().committed, []);
    solo.node.applied(2);
    assert.deepEqual(
      solo.node.ready().committed.map((entry) => entry.index),
      [3],
    );
  });
});

describe('the commit index of a follower', () => {
  it('news of it alone are not answered where everything was acknowledged', () => {
    const solo = new Solo({ term: 1 });
    assert.equal(only(solo.append('m2', { entries: entriesOf([1, 1]) }), 'append-reply').length, 1);
    assert.deepEqual(solo.append('m2', { commit: 2 }), []);
    assert.equal(solo.view.commit, 2);
  });

  it('are answered where nothing was acknowledged to this leader', () => {
    const solo = new Solo({ log: [1, 1], term: 1 });
    assert.equal(only(solo.append('m2', { term: 2, commit: 2 }), 'append-reply')[0]?.index, 2);
  });

  it('and a question is always answered: it tells of no commit', () => {
    const solo = new Solo({ term: 1 });
    solo.append('m2', { entries: entriesOf([1, 1]) });
    assert.equal(only(solo.append('m2'), 'append-reply')[0]?.index, 2);
    const asking = leader({ maxInflightMessages: 1 });
    asking.propose('a');
    asking.acknowledge('m2', 2);
    asking.propose('b');
    const [question] = only(asking.heartbeatReply('m2'), 'append');
    assert.deepEqual([question?.entries.length, question?.commit], [0, 0]);
  });

  it('a heartbeat carries no more than the follower is known to hold', () => {
    const cluster = ledCluster(3);
    cluster.filter = (message) => message.to !== 'm3' || message.type !== 'append';
    cluster.propose('m1', 'a');
    cluster.sent = [];
    cluster.tick('m1', 5);
    const commits = only(cluster.sent, 'heartbeat').map(({ to, commit }) => `${to}:${commit}`);
    assert.deepEqual(commits, ['m2:2', 'm3:1']);
  });

  it('one above the log is fatal: entries were lost (etcd-io/etcd#10166)', () => {
    const solo = new Solo({ log: [1], term: 1 });
    assert.throws(() => solo.heartbeat('m2', { commit: 2 }), /entries were lost/);
  });

  it('unless the host said that the log is damaged', () => {
    const solo = new Solo({ log: [1], term: 1, options: { voting: false } });
    solo.heartbeat('m2', { commit: 2 });
    assert.equal(solo.view.commit, 0);
  });

  it('after a restart it begins at what is applied', () => {
    const solo = new Solo({ log: [1, 1, 1], commit: 2 });
    assert.equal(solo.view.commit, 2);
    assert.deepEqual(solo.settle(), []);
    assert.deepEqual(solo.committed, []);
  });

  it('a state ahead of the log is refused at the start', () => {
    assert.throws(() => new Solo({ log: [1], commit: 2 }), /the log ends at 1/);
  });
});

describe('peers that need the state', () => {
  /** m3 is behind the log of m1, which wants the state sent. */
  function waiting(): Cluster {
    const cluster = ledCluster(3, { nodeOptions: { cacheBytes: 0 } });
    cluster.isolate('m3');
    cluster.propose('m1', 'a', 'b');
    cluster.compact('m1');
    cluster.heal();
    cluster.tick('m1', 10);
    assert.deepEqual(cluster.member('m1').snapshotsWanted, ['m3']);
    return cluster;
  }

  function state(cluster: Cluster): string {
    return cluster
      .node('m1')
      .status()
      .peers.find((peer) => peer.id === 'm3')!.state;
  }

  it('get nothing else meanwhile', () => {
    const cluster = waiting();
    cluster.sent = [];
    cluster.propose('m1', 'c');
    assert.deepEqual(
      only(cluster.sent, 'append').filter((message) => message.to === 'm3'),
      [],
    );
    assert.equal(state(cluster), 'snapshot');
  });

  it('are asked about again after a failure, once they answer', () => {
    const cluster = waiting();
    cluster.node('m1').snapshotFailed(id('m3'));
    assert.equal(state(cluster), 'probe');
    cluster.tick('m1', 5);
    assert.deepEqual(cluster.member('m1').snapshotsWanted, ['m3', 'm3']);
  });

  it('stream again as soon as they acknowledge enough, even before the transfer is reported', () => {
    const cluster = waiting();
    const { node } = cluster.member('m1');
    node.step({
      type: 'append-reply',
      from: id('m3'),
      to: id('m1'),
      term: 1,
      index: 3,
      rejected: false,
      hintIndex: 0,
      hintTerm: 0,
    });
    assert.equal(state(cluster), 'replicate');
    node.snapshotSent(id('m3'));
    node.snapshotFailed(id('m3'));
    assert.equal(state(cluster), 'replicate');
  });

  it('are probed when the acknowledgement of the state is lost', () => {
    const cluster = waiting();
    cluster.filter = (message) => message.type !== 'append-reply';
    cluster.sendSnapshot('m1', 'm3');
    assert.equal(state(cluster), 'snapshot');
    cluster.heal();
    cluster.tick('m1', 40);
    assert.equal(state(cluster), 'replicate');
    cluster.propose('m1', 'c');
    assert.deepEqual(cluster.member('m3').texts, ['a', 'b', 'c']);
  });
});
