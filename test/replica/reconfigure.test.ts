import assert from 'node:assert/strict';
import type { MemberId } from '../../lib/base/index.js';
import type { MemberChange, Membership } from '../../lib/replica/index.js';
import { Group } from './group.js';

const [M1, M2, M3, M4, M5] = ['m1', 'm2', 'm3', 'm4', 'm5'] as MemberId[] as [
  MemberId,
  MemberId,
  MemberId,
  MemberId,
  MemberId,
];

function members(voters: readonly MemberId[], learners: readonly MemberId[] = []): Membership {
  return { voters, learners };
}

function reconfigure(from: Membership, to: Membership): MemberChange {
  return { kind: 'reconfigure', from, ...to };
}

async function leads(group: Group, id: MemberId): Promise<void> {
  await group.untilLeader();
  if (group.leader!.id === id) return;
  group.leader!.member.transferLeadership(id, () => {});
  await group.until(`${id} leads`, () => group.leader?.id === id, 20_000);
}

describe('replica: several members changed at once', () => {
  const FIVE = members([M1, M2, M3, M4, M5]);

  it('one leaves, one learns, in one step', async () => {
    const group = await Group.serving({ size: 5 });
    await leads(group, M1);
    const { voters, learners } = await group.change(M2, reconfigure(FIVE, members([M1, M2, M3], [M4])));
    assert.deepEqual([voters, learners], [[M1, M2, M3], [M4]]);
    await group.create(M2);
  });

  it('who was made a learner stays one, and gets its vote back when that is asked for', async () => {
    const group = await Group.serving({ size: 5 });
    await leads(group, M1);
    const less = members([M1, M2, M3], [M4, M5]);
    await group.change(M1, reconfigure(FIVE, less));
    await group.pass(30_000);
    assert.equal(group.leader!.configuration.voters.length, 3);
    const { voters } = await group.change(M1, reconfigure(less, FIVE));
    assert.deepEqual([...voters].sort(), FIVE.voters);
  });

  it('repeated it changes nothing', async () => {
    const group = await Group.serving();
    const change = reconfigure(members([M1, M2, M3]), members([M1, M2], [M3]));
    await group.change(M1, change);
    const { voters } = await group.change(M2, change);
    assert.deepEqual([...voters].sort(), [M1, M2]);
  });

  it('is refused when the members are not those any more of which it was thought', async () => {
    const group = await Group.serving();
    await group.change(M1, { kind: 'demote', member: M3 });
    const change = reconfigure(members([M1, M2, M3]), members([M1, M3]));
    await assert.rejects(group.change(M1, change), { code: 'BAD_VERSION' });
  });

  it('is refused as a whole when one of them is not in the group', async () => {
    const group = await Group.serving();
    const change = reconfigure(members([M1, M2, M3]), members([M1, M2, M4]));
    await assert.rejects(group.change(M1, change), { code: 'UNKNOWN_MEMBER' });
    assert.equal(group.leader!.configuration.voters.length, 3);
  });

  it('is refused when too few of those who would vote are up', async () => {
    const group = await Group.serving();
    await leads(group, M1);
    await group.announceAll();
    group.at(M3).crash();
    const change = reconfigure(members([M1, M2, M3]), members([M1, M3], [M2]));
    await assert.rejects(group.changeAtOnce(M1, change), { code: 'QUORUM_AT_RISK' });
  });

  it('a leader that is to lose its vote hands over first', async () => {
    const group = await Group.serving();
    await leads(group, M3);
    const { voters } = await group.change(M3, reconfigure(members([M1, M2, M3]), members([M1, M2], [M3])));
    assert.deepEqual([...voters].sort(), [M1, M2]);
    assert.notEqual(group.leader?.id, M3);
  });
});
