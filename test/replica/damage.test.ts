import assert from 'node:assert/strict';
import type { MemberId } from '../../lib/base/index.js';
import { Group } from './group.js';
import { logOf } from '../storage/helpers.js';

const [M1, M2, M3] = ['m1', 'm2', 'm3'] as MemberId[] as [MemberId, MemberId, MemberId];

async function leads(group: Group, id: MemberId): Promise<void> {
  await group.untilLeader();
  if (group.leader!.id === id) return;
  group.leader!.member.transferLeadership(id, () => {});
  await group.until(`${id} leads`, () => group.leader?.id === id, 20_000);
}

describe('replica: the last round of one member, which its witness did not see', () => {
  it('is healed by the leader that counted it', async () => {
    const group = await Group.serving({ keepBatches: 20 });
    await leads(group, M1);
    await group.create(M1);
    await group.untilLevel();
    // What is committed now is held by m1 and m2 alone.
    group.at(M3).crash();
    const { path, outcome } = await group.create(M1);
    assert.equal(outcome?.kind, 'applied');
    const last = group.at(M1).member.status().lastIndex;
    // The power goes: of the witness only what was synced stays. And the disk loses the last batch it said was synced.
    group.at(M2).crash(() => false);
    group.disks.get(M2)!.loseBatches('raft', 1);
    const victim = await group.start(M2);
    assert.equal(logOf(victim.disk).health.kind, 'intact', 'its own folder does not know better');
    assert(logOf(victim.disk).lastIndex() < last);
    await group.until('it knows better', () => victim.member.status().role === 'recovering');
    assert.equal(group.leader?.id, M1);
    await group.until('it is whole', () => victim.member.status().role === 'follower');
    assert(logOf(victim.disk).lastIndex() >= last);
    // Now its word counts again: without m1, m2 and m3 go on with what was committed.
    group.at(M1).crash();
    await group.start(M3);
    await group.untilServing();
    assert(await group.sees(M3, path));
    assert.deepEqual(group.ends, []);
  });

  it('elects nobody before the leader that counted it was heard', async () => {
    const group = await Group.serving({ size: 5, keepBatches: 20 });
    await leads(group, M1);
    await group.untilLevel();
    for (const far of ['m4', 'm5']) group.at(far).crash();
    const { path, outcome } = await group.create(M1);
    assert.equal(outcome?.kind, 'applied');
    group.at(M3).crash(() => false);
    group.disks.get(M3)!.loseBatches('raft', 1);
    // m3, m4 and m5 would be a majority; m1 still leads, so m3 hears from it, and is not yet whole.
    group.cut(M1, M3);
    await group.start(M3);
    for (const far of ['m4', 'm5'] as MemberId[]) await group.start(far);
    await group.pass(5000);
    group.healAll();
    await group.untilServing();
    await group.untilLevel();
    group.check();
    assert(await group.sees('m5', path));
  });
});
