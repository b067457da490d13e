import assert from 'node:assert/strict';
import { simpleConfiguration } from '../../lib/raft/index.js';
import { data, id, ids } from './harness.js';
import { NO_CHANGE, Solo, configurationEntry, entriesOf, only } from './solo.js';

describe('ready: what the host has to do', () => {
  it('nothing at the start, and then nothing twice', () => {
    const solo = new Solo({ term: 1 });
    assert.equal(solo.node.hasReady(), false);
    solo.node.step({ type: 'heartbeat', from: id('m2'), to: id('m1'), term: 1, commit: 0, round: 0 });
    assert.equal(solo.node.hasReady(), true);
    assert.equal(solo.node.ready().messages.length, 1);
    assert.equal(solo.node.hasReady(), false);
    assert.deepEqual(solo.node.ready(), {
      messages: [],
      persist: null,
      committed: [],
      reads: [],
      snapshotsWanted: [],
      leadership: null,
    });
  });

  it('one write at a time: what comes meanwhile is the next', () => {
    const solo = new Solo();
    solo.leadAndCommit();
    solo.node.propose([data('a')]);
    assert.deepEqual(
      solo.node.ready().persist?.entries.map((entry) => entry.index),
      [2],
    );
    solo.node.propose([data('b'), data('c')]);
    assert.equal(solo.node.ready().persist, null);
    solo.log.apply({ ...NO_CHANGE, entries: [{ term: 1, index: 2, kind: 'normal', data: data('a') }] });
    solo.node.persisted();
    assert.deepEqual(
      solo.node.ready().persist?.entries.map((entry) => entry.index),
      [3, 4],
    );
  });

  it('a write names what it truncates, the term and vote that changed, and the configuration', () => {
    const solo = new Solo({ log: [1, 1, 1], term: 1 });
    const next = simpleConfiguration(ids('m1', 'm2'));
    const entries = [...entriesOf([2], 2), configurationEntry(2, 3, next)];
    const append = { prevIndex: 1, prevTerm: 1, entries, commit: 0 };
    solo.node.step({ type: 'append', from: id('m2'), to: id('m1'), term: 2, ...append });
    assert.deepEqual(solo.node.ready().persist, {
      truncateFrom: 2,
      snapshot: null,
      entries,
      hardState: { term: 2, vote: null },
      configuration: next,
    });
  });

  it('promises wait for the write that holds what they promise, not for an earlier one', () => {
    const solo = new Solo({ term: 1 });
    solo.node.step({
      type: 'append',
      from: id('m2'),
      to: id('m1'),
      term: 1,
      prevIndex: 0,
      prevTerm: 0,
      entries: entriesOf([1]),
      commit: 0,
    });
    const first = solo.node.ready();
    assert.deepEqual(only(first.messages, 'append-reply'), []);
    solo.node.step({
      type: 'append',
      from: id('m2'),
      to: id('m1'),
      term: 1,
      prevIndex: 1,
      prevTerm: 1,
      entries: entriesOf([1], 2),
      commit: 0,
    });
    solo.log.apply(first.persist!);
    solo.node.persisted();
    const second = solo.node.ready();
    assert.deepEqual(
      only(second.messages, 'append-reply').map((reply) => reply.index),
      [1],
    );
    assert.deepEqual(
      second.persist?.entries.map((entry) => entry.index),
      [2],
    );
  });

  it('a promise that needs no write leaves at once', () => {
    const solo = new Solo({ log: [1], term: 1 });
    const [reply] = only(solo.append('m2', { entries: [] }), 'append-reply');
    assert.equal(reply!.index, 1);
  });

  it('promises of an earlier term are withdrawn', () => {
    const solo = new Solo({ term: 1 });
    solo.slowDisk = true;
    solo.append('m2', { entries: entriesOf([1]) });
    solo.heartbeat('m3', { term: 2 });
    solo.log.apply({ ...NO_CHANGE, entries: entriesOf([1]) });
    solo.node.persisted();
    assert.deepEqual(only(solo.node.ready().messages, 'append-reply'), []);
  });

  it('an acknowledged write without one outstanding is a defect of the host', () => {
    assert.throws(() => new Solo().node.persisted(), /without an outstanding write/);
  });

  it('so is applying what was never handed out', () => {
    const solo = new Solo({ log: [1], term: 1 });
    assert.throws(() => solo.node.applied(1), /handed out/);
  });

  it('leadership is told when role, term or leader changes', () => {
    const solo = new Solo({ term: 1 });
    solo.node.step({ type: 'heartbeat', from: id('m2'), to: id('m1'), term: 1, commit: 0, round: 0 });
    assert.deepEqual(solo.node.ready().leadership, { role: 'follower', term: 1, leader: 'm2' });
    solo.node.step({ type: 'heartbeat', from: id('m2'), to: id('m1'), term: 1, commit: 0, round: 0 });
    assert.equal(solo.node.ready().leadership, null);
    solo.node.step({ type: 'heartbeat', from: id('m3'), to: id('m1'), term: 2, commit: 0, round: 0 });
    assert.deepEqual(solo.node.ready().leadership, { role: 'follower', term: 2, leader: 'm3' });
  });

  it('status is a picture of the node', () => {
    const solo = new Solo();
    solo.leadAndCommit();
    const { peers, ...rest } = solo.node.status();
    assert.deepEqual(rest, {
      id: 'm1',
      role: 'leader',
      term: 1,
      vote: 'm1',
      leader: 'm1',
      commit: 1,
      applied: 1,
      lastIndex: 1,
      configuration: simpleConfiguration(ids('m1', 'm2', 'm3')),
      round: 0,
      transferTo: null,
      counters: { doubts: 0, diskHandOvers: 0, quorumLosses: 0 },
      uncommittedBytes: 0,
    });
    assert.deepEqual(peers[0], {
      id: 'm2',
      state: 'replicate',
      match: 1,
      next: 2,
      recentlyActive: true,
      inflightMessages: 0,
      inflightBytes: 0,
      learner: false,
      catchUp: 'caught-up',
      slowRounds: 0,
      answeredRound: 0,
    });
  });
});
