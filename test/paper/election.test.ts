import assert from 'node:assert/strict';
import { RAFT_DEFAULTS, type Role } from '../../lib/raft/index.js';
import { ids } from '../raft/harness.js';
import { Solo, entriesOf, granted, only } from '../raft/solo.js';

const { electionTicks, heartbeatTicks } = RAFT_DEFAULTS;

/** A node in each role, in term 1 at least. */
const inRole: Record<Role, () => Solo> = {
  follower: () => new Solo({ term: 1 }),
  'pre-candidate': () => {
    const solo = new Solo({ term: 1 });
    solo.timeOut();
    return solo;
  },
  candidate: () => {
    const solo = new Solo({ term: 1 });
    solo.campaign();
    return solo;
  },
  leader: () => {
    const solo = new Solo({ term: 1 });
    solo.lead();
    return solo;
  },
};
const ROLES = Object.keys(inRole) as Role[];

describe('Raft §5.1: terms', () => {
  for (const role of ROLES) {
    it(`a ${role} that sees a larger term updates its own and follows`, () => {
      const solo = inRole[role]();
      assert.equal(solo.view.role, role);
      solo.append('m2', { term: 7 });
      assert.equal(solo.view.term, 7);
      assert.equal(solo.view.role, 'follower');
      assert.equal(solo.view.leader, 'm2');
    });
  }

  it('a message with a stale term is rejected: nothing is appended, and the sender learns the term', () => {
    const solo = new Solo({ term: 4 });
    const [reply, ...more] = only(solo.append('m2', { term: 3, entries: entriesOf([3]) }), 'append-reply');
    assert.equal(more.length, 0);
    assert.equal(reply!.rejected, true);
    assert.equal(reply!.term, 4);
    assert.equal(solo.view.lastIndex, 0);
    assert.equal(solo.view.leader, null);
  });

  it('a vote asked for with a stale term is denied with the present term', () => {
    const solo = new Solo({ term: 4 });
    const [reply] = only(solo.askVote('m2', { term: 3 }), 'vote-reply');
    assert.equal(reply!.granted, false);
    assert.equal(reply!.term, 4);
  });

  it('term and vote are on stable storage before a vote leaves (Figure 2)', () => {
    const solo = new Solo({ term: 1 });
    solo.slowDisk = true;
    assert.deepEqual(solo.askVote('m2', { term: 5 }), []);
    assert.deepEqual(solo.log.hardState, { term: 1, vote: null });
    solo.log.hardState = { term: 5, vote: ids('m2')[0]! };
    solo.node.persisted();
    assert.ok(granted(solo.settle()));
  });
});

describe('Raft §5.2: leader election', () => {
  it('servers start as followers', () => {
    assert.equal(new Solo().view.role, 'follower');
  });

  it('a leader sends heartbeats to all at its interval', () => {
    const solo = new Solo();
    solo.leadAndCommit();
    const sent = only(solo.tick(heartbeatTicks), 'heartbeat');
    assert.deepEqual(
      sent.map((message) => message.to),
      ['m2', 'm3'],
    );
  });

  it('a follower that hears nothing for an election timeout campaigns', () => {
    const solo = new Solo({ term: 1 });
    const asked = only(solo.timeOut(), 'vote');
    assert.equal(solo.view.role, 'pre-candidate');
    assert.deepEqual(
      asked.map(({ to, pre, term }) => ({ to, pre, term })),
      [
        { to: 'm2', pre: true, term: 2 },
        { to: 'm3', pre: true, term: 2 },
      ],
    );
  });

  it('a candidate whose pre-vote succeeded raises its term, votes for itself and asks all others', () => {
    const solo = new Solo({ term: 1 });
    solo.timeOut();
    const asked = only(solo.vote('m2'), 'vote');
    assert.equal(solo.view.role, 'candidate');
    assert.deepEqual(solo.log.hardState, { term: 2, vote: 'm1' });
    assert.deepEqual(
      asked.map(({ to, pre, term }) => ({ to, pre, term })),
      [
        { to: 'm2', pre: false, term: 2 },
        { to: 'm3', pre: false, term: 2 },
      ],
    );
  });

  it('a candidate that times out without a decision begins anew', () => {
    const solo = new Solo({ term: 1 });
    solo.campaign();
    assert.equal(solo.view.term, 2);
    solo.timeOut();
    assert.equal(solo.view.role, 'pre-candidate');
    solo.vote('m3');
    assert.equal(solo.view.role, 'candidate');
    assert.equal(solo.view.term, 3);
  });

  const rounds: [size: number, grants: string[], denials: string[], role: Role][] = [
    [1, [], [], 'leader'],
    [3, ['m2', 'm3'], [], 'leader'],
    [3, ['m2'], [], 'leader'],
    [5, ['m2', 'm3', 'm4', 'm5'], [], 'leader'],
    [5, ['m2', 'm3', 'm4'], [], 'leader'],
    [5, ['m2', 'm3'], [], 'leader'],
    [3, [], ['m2', 'm3'], 'follower'],
    [5, [], ['m2', 'm3', 'm4', 'm5'], 'follower'],
    [5, ['m2'], ['m3', 'm4', 'm5'], 'follower'],
    [3, [], [], 'candidate'],
    [5, ['m2'], [], 'candidate'],
    [5, [], ['m2', 'm3'], 'candidate'],
  ];
  for (const [size, grants, denials, role] of rounds) {
    it(`of ${size} with ${grants.length} grants and ${denials.length} denials the candidate is ${role}`, () => {
      const others = ['m2', 'm3', 'm4', 'm5'].slice(0, size - 1);
      const solo = new Solo({ others });
      solo.campaign();
      for (const other of grants) solo.vote(other);
      for (const other of denials) solo.vote(other, false);
      assert.equal(solo.view.role, role);
      assert.equal(solo.view.term, 1);
    });
  }

  it('a vote counts once, however often it arrives', () => {
    const solo = new Solo({ others: ['m2', 'm3', 'm4', 'm5'] });
    solo.campaign();
    for (let i = 0; i < 3; i++) solo.vote('m2');
    assert.equal(solo.view.role, 'candidate');
  });

  const votes: [voted: string | null, asker: string, grants: boolean][] = [
    [null, 'm2', true],
    [null, 'm3', true],
    ['m2', 'm2', true],
    ['m3', 'm3', true],
    ['m2', 'm3', false],
    ['m3', 'm2', false],
  ];
  for (const [vote, asker, grants] of votes) {
    it(`a voter that gave its vote to ${vote ?? 'nobody'} ${grants ? 'grants' : 'denies'} it to ${asker}`, () => {
      const solo = new Solo({ term: 1, vote });
      assert.equal(granted(solo.askVote(asker, { term: 1 })), grants);
    });
  }

  for (const role of ['pre-candidate', 'candidate'] as const) {
    it(`a ${role} that hears a leader of its term follows it`, () => {
      const solo = inRole[role]();
      const { term } = solo.view;
      solo.append('m3', { term });
      assert.equal(solo.view.role, 'follower');
      assert.equal(solo.view.leader, 'm3');
      assert.equal(solo.view.term, term);
    });
  }

  it('a candidate that falls back keeps the vote of its term', () => {
    const solo = inRole.candidate();
    solo.append('m3', { term: solo.view.term });
    assert.equal(solo.view.vote, 'm1');
    assert.equal(granted(solo.askVote('m2', { term: solo.view.term })), false);
  });

  it('election timeouts are spread over one to two base timeouts', () => {
    const seen = new Set<number>();
    for (let seed = 1; seed <= 500; seed++) {
      const solo = new Solo({ seed });
      let ticks = 0;
      while (solo.view.role === 'follower') {
        solo.tick();
        ticks++;
      }
      seen.add(ticks);
    }
    assert.deepEqual(
      [...seen].sort((a, b) => a - b),
      Array.from({ length: electionTicks }, (_, i) => electionTicks + i),
    );
  });

  it('a candidate draws a new timeout for each try', () => {
    const solo = new Solo({ seed: 3 });
    const waits = new Set<number>();
    solo.timeOut();
    for (let round = 0; round < 20; round++) {
      let ticks = 0;
      while (only(solo.tick(), 'vote').length === 0) ticks++;
      waits.add(ticks);
    }
    assert.ok(waits.size >= 5, `only ${waits.size} different waits`);
  });

  it('of five followers rarely two time out in the same tick', () => {
    let conflicts = 0;
    for (let round = 0; round < 300; round++) {
      const solos = Array.from({ length: 5 }, (_, i) => new Solo({ seed: 1 + round * 5 + i }));
      while (solos.every((solo) => solo.view.role === 'follower')) for (const solo of solos) solo.tick();
      if (solos.filter((solo) => solo.view.role !== 'follower').length > 1) conflicts++;
    }
    assert.ok(conflicts < 120, `${conflicts} of 300 rounds would split the votes`);
  });

  it('a new leader announces itself at once and appends an entry of its term (§8)', () => {
    const solo = new Solo();
    const appends = only(solo.lead(), 'append');
    assert.deepEqual(
      appends.map(({ to, term, entries }) => ({ to, term, kinds: entries.map((entry) => entry.kind) })),
      [
        { to: 'm2', term: 1, kinds: ['noop'] },
        { to: 'm3', term: 1, kinds: ['noop'] },
      ],
    );
  });
});
