import assert from 'node:assert/strict';
import { memberOf, type MemberId, type TepuiError } from '../../lib/base/index.js';
import type { ChangeReply, MemberChange } from '../../lib/replica/index.js';
import { Group } from './group.js';

const [M1, M2, M3, M4, M5, M6] = ['m1', 'm2', 'm3', 'm4', 'm5', 'm6'] as MemberId[] as [
  MemberId,
  MemberId,
  MemberId,
  MemberId,
  MemberId,
  MemberId,
];

function voters(group: Group): MemberId[] {
  return (group.leader?.configuration.voters ?? []).map(memberOf);
}

function learners(group: Group): MemberId[] {
  return (group.leader?.configuration.learners ?? []).map(memberOf);
}

async function untilVoters(group: Group, ...expected: MemberId[]): Promise<void> {
  await group.until(
    `${expected.join(', ')} vote`,
    () => {
      const { leader } = group;
      if (leader === null || leader.configuration.outgoing.length > 0) return false;
      return voters(group).join() === expected.join();
    },
    60_000,
  );
}

async function leads(group: Group, id: MemberId): Promise<void> {
  await group.untilLeader();
  if (group.leader!.id === id) return;
  group.leader!.member.transferLeadership(id, () => {});
  await group.until(`${id} leads`, () => group.leader?.id === id, 20_000);
}

describe('replica: a member that is added', () => {
  it('enters with a token as a learner, and is promoted when it has kept up', async () => {
    const group = await Group.serving();
    for (let i = 0; i < 10; i++) await group.create(M1);
    await group.join(M4, await group.token(M2), M3);
    await group.until('it is a learner', () => learners(group).includes(M4));
    assert.deepEqual(voters(group), [M1, M2, M3]);
    await untilVoters(group, M1, M2, M3, M4);
    await group.untilServing();
    await group.create(M4);
    await group.untilLevel();
    group.check();
  });

  it('is found again after a restart without its token, by what it noted', async () => {
    const group = await Group.serving();
    await group.join(M4, await group.token(M1), M1);
    await untilVoters(group, M1, M2, M3, M4);
    await group.restart(M4);
    await group.untilServing();
    await group.create(M4);
  });

  it('ends when its token was used by another one', async () => {
    const group = await Group.serving();
    const token = await group.token(M1);
    await group.join(M4, token, M1);
    await group.until('it is let in', () => group.at(M4).disk.log !== null);
    await group.join(M5, token, M1);
    await group.until('it ends', () => group.ends.length > 0);
    assert.match(String(group.ends[0]?.error), /the token was used by m4: each lets one member in/);
  });

  it('ends when its token has expired', async () => {
    const group = await Group.serving();
    const token = await group.token(M1);
    for (const id of [M1, M2, M3]) group.at(id).crash();
    await group.pass(3_600_001);
    await group.startAll();
    await group.untilServing();
    await group.create(M1);
    await group.join(M4, token, M1);
    await group.until('it ends', () => group.ends.length > 0);
    assert.match(String(group.ends[0]?.error), /the token expired \d+ s ago/);
  });

  it('ends when its token is of another group', async () => {
    const group = await Group.serving();
    const foreign = await (await Group.serving({ seed: 2 })).token(M1);
    await group.join(M4, foreign, M1);
    await group.until('it ends', () => group.ends.length > 0);
    assert.match(String(group.ends[0]?.error), /the token is of group/);
  });

  it('gets in although the leader dies at any moment on the way', async () => {
    for (let ms = 0; ms < 3000; ms += 150) {
      const group = await Group.serving({ seed: ms + 7 });
      await leads(group, M1);
      await group.join(M4, await group.token(M1), M2);
      await group.pass(ms);
      await group.restart(M1, () => ms % 2 === 0);
      await untilVoters(group, M1, M2, M3, M4);
      await group.untilServing();
      await group.create(M4);
      await group.untilLevel();
      group.check();
      assert.deepEqual(group.ends, []);
    }
  });

  it('waits for a promotion by hand where the group does not promote', async () => {
    const group = await Group.serving();
    const { upkeep } = await group.change(M1, { kind: 'upkeep', policy: null });
    await group.change(M1, { kind: 'upkeep', policy: { ...upkeep, promoteAfterMs: 0 } });
    await group.join(M4, await group.token(M1), M1);
    await group.until('it is let in', () => learners(group).includes(M4));
    await group.pass(20_000);
    assert.deepEqual(voters(group), [M1, M2, M3]);
    const answer = await group.change(M3, { kind: 'promote', member: M4 });
    assert.deepEqual(answer.voters, [M1, M2, M3, M4]);
  });

  it('takes the place of another one where its token says so', async () => {
    const group = await Group.serving();
    await leads(group, M2);
    await group.join(M4, await group.token(M1, { replaces: M2 }), M1);
    await untilVoters(group, M1, M3, M4);
    await group.until('m2 knows that it is out, and ends', () => !group.at(M2).alive);
    assert.match(
      String(group.ends[0]?.error),
      /m2@\w+ left the group .* m2 is not a member any more; the members are m1, m3, m4/,
    );
  });
});

/** m3 is lost, and nobody can know yet. */
const LOSSES: Readonly<Record<string, (group: Group) => void>> = {
  'cut off': (group) => group.isolate(M3),
  'cut off in one direction': (group) => [M1, M2].forEach((id) => group.cut(M3, id)),
};

describe('replica: changes of members', () => {
  it('that would cost the quorum are refused with the arithmetic', async () => {
    const group = await Group.serving();
    await leads(group, M1);
    group.at(M3).crash();
    await group.pass(2000);
    await assert.rejects(group.change(M1, { kind: 'remove', member: M2 }), {
      code: 'QUORUM_AT_RISK',
      message: '2 voters, 1 reachable after removal of m2, 2 needed (reachable: m1; not: m3)',
    });
    const answer = await group.change(M1, { kind: 'remove', member: M3 });
    assert.deepEqual(answer.voters, [M1, M2]);
  });

  it('are judged by a new leader from what it heard itself, not from what it takes for granted', async () => {
    const group = await Group.serving();
    await leads(group, M1);
    await group.announceAll();
    group.at(M3).crash();
    group.leader!.member.transferLeadership(M2, () => {});
    await group.until('m2 leads', () => group.leader?.id === M2);
    await assert.rejects(group.changeAtOnce(M2, { kind: 'remove', member: M1 }), { code: 'QUORUM_AT_RISK' });
  });

  it('take the last voter from no group', async () => {
    const group = await Group.serving({ size: 1 });
    await assert.rejects(group.change(M1, { kind: 'remove', member: M1 }), {
      code: 'QUORUM_AT_RISK',
      message: 'removal of m1 would leave no voter',
    });
  });

  it('name the members when they are asked about a stranger', async () => {
    const group = await Group.serving();
    await assert.rejects(group.change(M2, { kind: 'demote', member: 'm9' as MemberId }), {
      code: 'UNKNOWN_MEMBER',
      message: 'm9 is none of m1, m2, m3',
    });
  });

  it('that concern the leader have another one lead first', async () => {
    for (const at of [M1, M2]) {
      const group = await Group.serving();
      await leads(group, M1);
      const answer = await group.change(at, { kind: 'remove', member: M1 });
      assert.deepEqual(answer.voters, [M2, M3]);
      assert.notEqual(group.leader?.id, M1);
      const { outcome } = await group.create(M2);
      assert.equal(outcome?.kind, 'applied');
    }
  });

  it('are made one at a time', async () => {
    const group = await Group.serving({ size: 5 });
    await leads(group, M1);
    const refusals: string[] = [];
    const answers: MemberId[][] = [];
    for (const member of [M4, M5]) {
      group.at(M1).member.changeMembers({ kind: 'remove', member }, (reply) => {
        if (reply.ok) answers.push([...reply.answer.voters]);
        else refusals.push(`${reply.code}: ${reply.message}`);
      });
    }
    await group.until('both are answered', () => refusals.length + answers.length === 2);
    assert.deepEqual(refusals, ['CHANGE_PENDING: one change at a time: removal of m4 is under way']);
    assert.deepEqual(answers, [[M1, M2, M3, M5]]);
  });

  for (const [how, lose] of Object.entries(LOSSES)) {
    it(`that would leave two of which one was ${how} just now are refused: nobody counts unasked`, async () => {
      const group = await Group.serving();
      await leads(group, M1);
      await group.announceAll();
      await group.create(M1);
      await group.untilLevel();
      lose(group);
      const beganMs = group.time.monotonicMs();
      await assert.rejects(group.changeAtOnce(M1, { kind: 'remove', member: M2 }), {
        code: 'QUORUM_AT_RISK',
        message: '2 voters, 1 reachable after removal of m2, 2 needed (reachable: m1; not: m3)',
      });
      const { tickMs, electionTicks } = group.limits;
      const tookMs = group.time.monotonicMs() - beganMs;
      assert(tookMs <= 4 * tickMs * (electionTicks + 1), `${tookMs} ms`);
      assert.deepEqual(voters(group), [M1, M2, M3]);
      // It does not stand in the way of the one that is lost.
      assert.deepEqual((await group.changeAtOnce(M1, { kind: 'remove', member: M3 })).voters, [M1, M2]);
      await group.create(M2);
    });
  }

  it('are made as soon as all have answered', async () => {
    const group = await Group.serving();
    await leads(group, M1);
    await group.announceAll();
    const beganMs = group.time.monotonicMs();
    await group.changeAtOnce(M1, { kind: 'remove', member: M2 });
    const { tickMs, electionTicks } = group.limits;
    const tookMs = group.time.monotonicMs() - beganMs;
    assert(tookMs < (tickMs * electionTicks) / 2, `${tookMs} ms`);
  });

  it('a learner that was lost just now is not made a voter', async () => {
    for (let ms = 3000; ; ms += 100) {
      const group = await Group.serving({ size: 1 });
      await group.join(M2, await group.token(M1), M1);
      await group.until('m2 learns', () => learners(group).includes(M2));
      await group.pass(ms);
      // From here on it had its vote before it could be lost.
      if (group.leader!.configuration.voters.length > 1) break;
      group.isolate(M2);
      await group.pass(10_000);
      assert.deepEqual([voters(group), learners(group)], [[M1], [M2]], `after ${ms} ms`);
      await group.create(M1);
    }
  });

  it('that are asked for again are judged when the one under way is committed, or lost', async () => {
    const group = await Group.serving();
    await leads(group, M1);
    await group.announceAll();
    for (const id of [M2, M3]) group.hangDisk(id);
    const replies: ChangeReply[] = [];
    const ask = (): void => {
      group.at(M1).member.changeMembers({ kind: 'remove', member: M3 }, (reply) => replies.push(reply));
    };
    ask();
    await group.until('it is under way', () => !voters(group).includes(M3));
    ask();
    await group.pass(100);
    assert.equal(replies.length, 0);
    group.isolate(M1);
    await group.until('both are answered', () => replies.length === 2);
    assert.deepEqual(
      replies.map((reply) => !reply.ok && reply.unknown),
      [true, true],
    );
  });

  it('a demoted member stays a learner until it is promoted', async () => {
    const group = await Group.serving({ size: 4 });
    await leads(group, M1);
    await group.change(M2, { kind: 'demote', member: M4 });
    await group.pass(20_000);
    assert.deepEqual([voters(group), learners(group)], [[M1, M2, M3], [M4]]);
    await group.change(M2, { kind: 'promote', member: M4 });
    await untilVoters(group, M1, M2, M3, M4);
  });

  it('a removed member is forgotten, and comes back only with a token and an empty folder', async () => {
    const group = await Group.serving();
    await leads(group, M1);
    await group.change(M1, { kind: 'remove', member: M3 });
    await group.until('m3 knows that it is out, and ends', () => !group.at(M3).alive);
    group.wipe(M3);
    await group.join(M3, await group.token(M2), M1);
    await untilVoters(group, M1, M2, M3);
    await group.untilServing();
    await group.create(M3);
  });

  it('a member that was removed before it heard that it was let in stays out', async () => {
    const group = await Group.serving();
    await leads(group, M1);
    const token = await group.token(M1);
    await group.join(M4, token, M1);
    const isLearner = (): boolean => learners(group).includes(M4);
    await group.until('it is let in', isLearner);
    group.cut(M4, M1);
    await group.change(M1, { kind: 'remove', member: M4 });
    // Its call is over by then: it asks again.
    await group.pass(3_000);
    group.heal(M4, M1);
    await group.until('it ends', () => !group.at(M4).alive, 20_000);
    assert.equal(isLearner(), false);
    const end = group.ends.at(-1)?.error as TepuiError;
    assert.deepEqual([end.code, /left the group/.test(end.message)], ['TOKEN_REFUSED', true]);
  });

  it('a removed member is listed no more, although its streams end later', async () => {
    const group = await Group.serving();
    await leads(group, M1);
    await group.change(M1, { kind: 'remove', member: M3 });
    await group.pass(5_000);
    group.at(M3).crash();
    await group.pass(1_000);
    for (const id of [M1, M2]) {
      const { members } = group.at(id).member.status();
      assert.deepEqual([id, members.map((member) => member.id)], [id, [M1, M2]]);
    }
  });

  it('reach a member although it is at another address after its restart', async () => {
    const group = await Group.serving();
    group.at(M2).crash();
    group.move(M2, 'elsewhere:9');
    await group.start(M2);
    await group.untilServing();
    await group.create(M2);
    await group.untilLevel();
    group.check();
  });

  it('all addresses may change, one after the other', async () => {
    const group = await Group.serving();
    for (const id of [M1, M2, M3]) {
      group.at(id).crash();
      group.move(id, `${id}-new:9`);
      await group.start(id);
      await group.untilServing();
      group.announce(id, `${id}-new:9`);
      await group.create(id);
    }
    // What m1 was told by the others in its former life is gone; what they have on record is not.
    await group.untilLevel();
    await group.restart(M1);
    await group.untilServing();
  });
});

describe('replica: addresses', () => {
  it('of members that moved while this one was away are learnt from whoever it reaches', async () => {
    const group = await Group.serving();
    await leads(group, M1);
    for (const id of [M2, M1]) {
      group.at(id).crash();
      group.move(id, `${id}-new:9`);
    }
    await group.start(M1);
    await leads(group, M1);
    // Neither knows where the other is now; m3 has not moved, and hears both.
    await group.start(M2);
    await group.untilServing();
    await group.create(M2);
    await group.untilLevel();
    group.check();
  });
});

describe('replica: a leader that was let in while a member was away', () => {
  for (const how of ['cut off', 'down'] as const) {
    it(`is followed by that member when it is back (${how})`, async () => {
      const group = await Group.serving();
      await leads(group, M1);
      const token = await group.token(M1);
      if (how === 'down') group.at(M3).crash();
      else group.isolate(M3);
      await group.join(M4, token, M1);
      await untilVoters(group, M1, M2, M3, M4);
      await leads(group, M4);
      if (how === 'down') await group.start(M3);
      else group.rejoin(M3);
      await group.untilServing();
      await group.create(M3);
      await group.untilLevel();
      assert.equal(group.leader!.id, M4, 'nobody had to hand over for that');
      group.check();
    });
  }
});

describe('replica: a change whose leader dies', () => {
  const CHANGES: Readonly<Record<string, { change: MemberChange; after: MemberId[] }>> = {
    'a removal': { change: { kind: 'remove', member: M4 }, after: [M1, M2, M3, M5] },
    'a removal of the leader': { change: { kind: 'remove', member: M1 }, after: [M2, M3, M4, M5] },
    'a demotion': { change: { kind: 'demote', member: M4 }, after: [M1, M2, M3, M5] },
    'a replacement': { change: { kind: 'replace', member: M4, by: M6 }, after: [M1, M2, M3, M5, M6] },
  };

  for (const [name, { change, after }] of Object.entries(CHANGES)) {
    it(`${name} is answered, and is done or not, whatever the moment`, async () => {
      for (let ms = 0; ms < 60; ms += 4) {
        const group = await Group.serving({ size: 5, seed: ms + 3 });
        await leads(group, M1);
        const before = change.kind === 'replace' ? await withLearner(group) : [M1, M2, M3, M4, M5];
        await group.announceAll();
        let reply: ChangeReply | null = null;
        group.at(M2).member.changeMembers(change, (one) => (reply = one));
        await group.pass(ms);
        group.at(M1).crash(() => ms % 8 === 0);
        await group.until('an answer', () => reply !== null, 30_000);
        await group.start(M1);
        await group.untilLeader();
        await group.until('no change is under way', () => group.leader?.configuration.outgoing.length === 0);
        const answered = reply as ChangeReply | null;
        const now = voters(group).join();
        if (answered?.ok === true) assert.equal(now, after.join(), `after ${ms} ms`);
        else if (answered?.unknown === false)
          assert.equal(now, before.join(), `${answered.code} after ${ms} ms`);
        else assert(now === before.join() || now === after.join(), `${now} after ${ms} ms`);
        await group.create(M3);
        const ended = group.ends.map(({ id }) => id);
        assert(!ended.some((id) => after.includes(id)), `${ended.join()} ended after ${ms} ms`);
      }
    });
  }
});

/** m6 as a learner that stays one. */
async function withLearner(group: Group): Promise<MemberId[]> {
  const { upkeep } = await group.change(M1, { kind: 'upkeep', policy: null });
  await group.change(M1, { kind: 'upkeep', policy: { ...upkeep, promoteAfterMs: 0 } });
  await group.join(M6, await group.token(M1), M1);
  await group.until('m6 learns', () => learners(group).includes(M6));
  await group.pass(3000);
  return voters(group);
}

describe('replica: a new member of a group whose log begins late', () => {
  const SHORT = { logTailEntries: 4, cutIntervalMs: 20 };

  async function compacted(): Promise<Group> {
    const group = await Group.serving({ limits: SHORT });
    await leads(group, M1);
    for (let i = 0; i < 60; i++) await group.create(M1);
    await group.pass(200);
    assert(group.leader!.disk.log!.firstIndex() > 1, 'the log was not compacted');
    return group;
  }

  it('is sent the state, and then the log', async () => {
    const group = await compacted();
    await group.join(M4, await group.token(M1), M2);
    await untilVoters(group, M1, M2, M3, M4);
    await group.untilServing();
    await group.untilLevel();
    assert.equal(group.at(M4).resets, 1);
    group.check();
  });

  it('that comes back with a new folder is sent the state as well', async () => {
    const group = await compacted();
    group.at(M3).crash();
    group.wipe(M3);
    await group.start(M3);
    const { nodeId } = group.at(M3).disk.identity;
    await group.until(
      'it has its vote',
      () => group.leader?.configuration.voters.includes(nodeId) === true,
      60_000,
    );
    await group.untilServing();
    await group.untilLevel();
    assert.equal(group.at(M3).resets, 1);
    group.check();
  });

  it('gets there although it dies at any moment on the way', async () => {
    for (let ms = 0; ms < 600; ms += 40) {
      const group = await compacted();
      await group.join(M4, await group.token(M1), M2);
      await group.pass(ms);
      await group.restart(M4, () => ms % 80 === 0);
      await untilVoters(group, M1, M2, M3, M4);
      await group.untilServing();
      await group.untilLevel();
      group.check();
      assert.deepEqual(group.ends, [], `after ${ms} ms`);
    }
  });
});

describe('replica: upkeep', () => {
  const POLICY = {
    promoteAfterMs: 2000,
    removeDeadAfterMs: 60_000,
    unstableLosses: 3,
    unstableWindowMs: 60_000,
  };

  it('removes a member that was silent for long, while three voters are left', async () => {
    const group = await Group.serving({ size: 4 });
    await leads(group, M1);
    await group.change(M1, { kind: 'upkeep', policy: POLICY });
    group.at(M4).crash();
    await group.pass(55_000);
    assert.deepEqual(voters(group), [M1, M2, M3, M4]);
    await group.pass(10_000);
    assert.deepEqual(voters(group), [M1, M2, M3]);
    group.at(M3).crash();
    await group.pass(120_000);
    assert.deepEqual(voters(group), [M1, M2, M3]);
  });

  it('removes nobody where that is turned off', async () => {
    const group = await Group.serving({ size: 4 });
    await leads(group, M1);
    await group.change(M1, { kind: 'upkeep', policy: { ...POLICY, removeDeadAfterMs: 0 } });
    group.at(M4).crash();
    await group.pass(200_000);
    assert.deepEqual(voters(group), [M1, M2, M3, M4]);
  });

  it('takes the vote from a member that is lost again and again', async () => {
    const group = await Group.serving({ size: 4 });
    await leads(group, M1);
    await group.change(M1, { kind: 'upkeep', policy: POLICY });
    for (let i = 0; i < 3; i++) {
      assert.deepEqual(voters(group), [M1, M2, M3, M4], `after ${i} losses`);
      group.at(M4).crash();
      await group.pass(2000);
      await group.start(M4);
      await group.pass(2000);
    }
    await untilVoters(group, M1, M2, M3);
    await group.pass(20_000);
    assert.deepEqual(learners(group), [M4], 'it is not promoted again by itself');
  });
});

describe('replica: a group that grows and shrinks under load', () => {
  it('goes from one to three to five and back, and no acknowledged write is lost or refused', async () => {
    const group = await Group.serving({ size: 1, seed: 11 });
    const load = startLoad(group);
    for (const id of [M2, M3, M4, M5]) await group.join(id, await group.token(M1), M1);
    await untilVoters(group, M1, M2, M3, M4, M5);
    for (const member of [M1, M5, M2, M4]) await group.change(M3, { kind: 'remove', member });
    await untilVoters(group, M3);
    const outcomes = await load.stop();
    assert(outcomes.length > 200, `${outcomes.length} writes`);
    assert.deepEqual(
      outcomes.filter((one) => one !== 'applied'),
      [],
    );
    for (const id of [M1, M2, M4, M5]) group.at(id).crash();
    group.check();
  });
});

/** Writes at m3 from when it serves, at m1 before, each when the one before has ended. */
function startLoad(group: Group): { stop(): Promise<string[]> } {
  const outcomes: string[] = [];
  let going = true;
  let waiting = false;
  const next = (): void => {
    waiting = false;
    if (!going) return;
    const third = group.processes.get(M3);
    const serves = third?.alive === true && third.member.status().trouble === null;
    const proposal = group.propose(serves ? M3 : M1);
    waiting = true;
    const look = (): void => {
      if (proposal.outcome === null) group.time.after(1, look);
      else {
        outcomes.push(proposal.outcome.kind);
        next();
      }
    };
    look();
  };
  next();
  return {
    stop: async () => {
      going = false;
      await group.until('the last write ends', () => !waiting);
      return outcomes;
    },
  };
}
