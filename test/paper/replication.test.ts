import assert from 'node:assert/strict';
import { simpleConfiguration } from '../../lib/raft/index.js';
import { Cluster, ids, text } from '../raft/harness.js';
import { NO_CHANGE, Solo, entriesOf, logOf, only } from '../raft/solo.js';

describe('Raft §5.3: log replication at the leader', () => {
  it('a proposal is appended to the log and sent to all others at once, before it is durable', () => {
    const solo = new Solo();
    solo.leadAndCommit();
    solo.slowDisk = true;
    const sent = only(solo.propose('x'), 'append');
    assert.deepEqual(
      sent.map(({ to, prevIndex, prevTerm, commit, entries }) => ({
        to,
        prevIndex,
        prevTerm,
        commit,
        texts: entries.map(text),
      })),
      ['m2', 'm3'].map((to) => ({ to, prevIndex: 1, prevTerm: 1, commit: 1, texts: ['x'] })),
    );
    assert.equal(solo.log.lastIndex(), 1);
  });

  it('an entry is committed and applied once a majority holds it, and the others are told at once', () => {
    const solo = new Solo();
    solo.leadAndCommit();
    solo.propose('x');
    assert.equal(solo.view.commit, 1);
    const told = only(solo.acknowledge('m2', 2), 'append');
    assert.equal(solo.view.commit, 2);
    assert.equal(text(solo.committed.at(-1)!), 'x');
    assert.deepEqual(
      told.map(({ to, commit }) => ({ to, commit })),
      [
        { to: 'm2', commit: 2 },
        { to: 'm3', commit: 2 },
      ],
    );
  });

  const majorities: [size: number, acknowledging: string[], committed: boolean][] = [
    [1, [], true],
    [3, [], false],
    [3, ['m2'], true],
    [3, ['m2', 'm3'], true],
    [5, ['m2'], false],
    [5, ['m2', 'm3'], true],
    [5, ['m2', 'm3', 'm4'], true],
    [5, ['m2', 'm3', 'm4', 'm5'], true],
  ];
  for (const [size, acknowledging, committed] of majorities) {
    it(`in a group of ${size}, ${acknowledging.length} acknowledgements ${committed ? '' : 'do not '}commit`, () => {
      const solo = new Solo({ others: ['m2', 'm3', 'm4', 'm5'].slice(0, size - 1) });
      solo.leadAndCommit();
      solo.propose('x');
      for (const other of acknowledging) solo.acknowledge(other, 2);
      assert.equal(solo.view.commit === 2, committed);
    });
  }

  it('an acknowledgement counts once, however often it arrives', () => {
    const solo = new Solo({ others: ['m2', 'm3', 'm4', 'm5'] });
    solo.leadAndCommit();
    solo.propose('x');
    for (let i = 0; i < 5; i++) solo.acknowledge('m2', 2);
    assert.equal(solo.view.commit, 1);
  });

  it('the leader counts itself only once its own write is durable', () => {
    const solo = new Solo();
    solo.leadAndCommit();
    solo.slowDisk = true;
    solo.propose('x');
    solo.acknowledge('m2', 2);
    assert.equal(solo.view.commit, 1);
    solo.acknowledge('m3', 2);
    assert.equal(solo.view.commit, 2, 'two others are a majority of three');
    assert.equal(solo.view.handedOut, 1, 'but nothing is applied here before it is durable here');
  });

  for (const earlier of [[], [2], [1, 2], [1]]) {
    it(`committing an entry commits those before it: terms ${JSON.stringify(earlier)}`, () => {
      const solo = new Solo({ log: earlier, term: 2 });
      solo.lead();
      solo.propose('x');
      const last = earlier.length + 2;
      solo.acknowledge('m2', last);
      assert.deepEqual(
        solo.committed.map((entry) => entry.index),
        Array.from({ length: last }, (_, i) => i + 1),
      );
    });
  }
});

describe('Raft §5.3: log replication at a follower', () => {
  it('entries are applied once the leader says that they are committed', () => {
    const entries = entriesOf([1, 1, 1]);
    for (let commit = 0; commit <= 3; commit++) {
      const solo = new Solo({ term: 1 });
      solo.append('m2', { entries, commit });
      assert.deepEqual(solo.committed, entries.slice(0, commit));
    }
  });

  it('an append is acknowledged only once its entries are durable (Figure 2)', () => {
    const solo = new Solo({ term: 1 });
    solo.slowDisk = true;
    assert.deepEqual(solo.append('m2', { entries: entriesOf([1]) }), []);
    solo.log.apply({ ...NO_CHANGE, entries: entriesOf([1]) });
    solo.node.persisted();
    const [reply] = only(solo.settle(), 'append-reply');
    assert.equal(reply!.index, 1);
    assert.equal(reply!.rejected, false);
  });

  const consistency: [prevIndex: number, prevTerm: number, reply: { index: number; rejected: boolean }][] = [
    [0, 0, { index: 0, rejected: false }],
    [1, 1, { index: 1, rejected: false }],
    [2, 2, { index: 2, rejected: false }],
    [1, 2, { index: 1, rejected: true }],
    [2, 1, { index: 2, rejected: true }],
    [3, 3, { index: 3, rejected: true }],
    [9, 1, { index: 9, rejected: true }],
  ];
  for (const [prevIndex, prevTerm, expected] of consistency) {
    const verb = expected.rejected ? 'refuses' : 'accepts';
    it(`a log of terms 1, 2 ${verb} entries after ${prevIndex} of term ${prevTerm}`, () => {
      const solo = new Solo({ log: [1, 2] });
      const [reply] = only(solo.append('m2', { term: 2, prevIndex, prevTerm }), 'append-reply');
      assert.equal(reply!.index, expected.index);
      assert.equal(reply!.rejected, expected.rejected);
    });
  }

  const stores: [what: string, prevIndex: number, prevTerm: number, sent: number[], terms: number[]][] = [
    ['new entries follow', 2, 2, [3], [1, 2, 3]],
    ['a conflict replaces what is there', 1, 1, [3, 4], [1, 3, 4]],
    ['a conflict at the first entry replaces all', 0, 0, [3], [3]],
    ['what is there already is left alone', 0, 0, [1, 2], [1, 2]],
    ['a delayed append does not cut off later entries', 0, 0, [1], [1, 2]],
    ['an empty append changes nothing', 1, 1, [], [1, 2]],
  ];
  for (const [what, prevIndex, prevTerm, sent, terms] of stores) {
    it(`${what}: ${JSON.stringify(sent)} after ${prevIndex}`, () => {
      const solo = new Solo({ log: [1, 2], term: 4 });
      solo.append('m2', { prevIndex, prevTerm, entries: entriesOf(sent, prevIndex + 1) });
      assert.deepEqual(solo.terms, terms);
      assert.equal(solo.log.lastIndex(), terms.length);
    });
  }

  it('the acknowledgement names what the message proves to match, not the end of the log', () => {
    const solo = new Solo({ log: [1, 1, 1], term: 2 });
    const [reply] = only(solo.append('m2', { prevIndex: 1, prevTerm: 1 }), 'append-reply');
    assert.equal(reply!.index, 1);
  });

  it('the commit index never passes what the message proves to match', () => {
    const solo = new Solo({ log: [1, 1, 1], term: 2 });
    solo.append('m2', { prevIndex: 0, prevTerm: 0, entries: entriesOf([1]), commit: 3 });
    assert.equal(solo.view.commit, 1);
  });

  it('a refusal skips back a whole term at a time', () => {
    const solo = new Solo({ log: [1, 1, 2, 2, 2, 2], term: 3 });
    const [reply] = only(solo.append('m2', { prevIndex: 6, prevTerm: 1 }), 'append-reply');
    assert.equal(reply!.rejected, true);
    assert.deepEqual([reply!.hintIndex, reply!.hintTerm], [2, 1]);
  });
});

/** Figure 7: what a follower may look like when the leader of term 8 begins. */
const FIGURE_7: Record<string, number[]> = {
  a: [1, 1, 1, 4, 4, 5, 5, 6, 6],
  b: [1, 1, 1, 4],
  c: [1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 6],
  d: [1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 7, 7],
  e: [1, 1, 1, 4, 4, 4, 4],
  f: [1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3],
};

describe('Raft §5.3, Figure 7: the leader brings every follower to its own log', () => {
  for (const [name, terms] of Object.entries(FIGURE_7)) {
    it(`follower (${name})`, () => {
      const leaderTerms = [1, 1, 1, 4, 4, 5, 5, 6, 6, 6];
      const configuration = simpleConfiguration(ids('lead', name, 'x'));
      const cluster = new Cluster([]);
      cluster.add('lead', logOf(configuration, leaderTerms, 7));
      cluster.add(name, logOf(configuration, terms, 7));
      cluster.add('x', logOf(configuration, []));
      cluster.elect('lead');
      assert.deepEqual(cluster.member(name).entries, cluster.member('lead').entries);
      assert.equal(cluster.member(name).entries.length, 11);
      const probes = cluster.sent.filter(
        (message) => message.type === 'append-reply' && message.from === name,
      );
      assert.ok(probes.length <= 4, `${probes.length} answers were needed`);
    });
  }
});
