import assert from 'node:assert/strict';
import type { MemberId } from '../../lib/base/index.js';
import { Group } from './group.js';
import { ALL_ENTRIES } from '../../lib/storage/keys.js';
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

/** The end of a process: what it wrote is there, the witness's last points included. */
const WITNESSED = (): boolean => true;

/** Cuts the end off a member's log while it is down: all but the first `keep` entries. */
function cutLog(group: Group, id: MemberId, keep: number): void {
  const disk = group.disks.get(id)!;
  const lost = disk.databases
    .get('raft')!
    .read(ALL_ENTRIES, 1e6, 1e9)
    .slice(keep)
    .map(([key]) => ({ type: 'delete' as const, key }));
  disk.tamper('raft', lost);
}

describe('replica: more than a minority damaged', () => {
  it('stops the group, which says who is damaged and what each still holds', async () => {
    const group = await Group.serving();
    for (let n = 0; n < 10; n++) await group.create(M1);
    await group.untilLevel();
    const { lastIndex, term } = group.at(M1).member.status();
    for (const id of group.ids) group.at(id).crash(WITNESSED);
    cutLog(group, M2, 4);
    cutLog(group, M3, 6);
    await group.startAll();
    await group.pass(20_000);
    assert.equal(group.leader?.id, undefined);
    const remains = [
      '2 of 3 voters lost data and cannot vote, 2 votes are needed. What is left: ',
      `m1 holds entries up to ${lastIndex} of term ${term}; `,
      `m2 holds entries up to 4 of term ${term}, and had more; m3 holds entries up to 6 of term ${term}, and had more`,
    ].join('');
    for (const id of group.ids) {
      const trouble = group.at(id).member.status().trouble!;
      assert(trouble.endsWith(remains), `${id}: ${trouble}`);
      assert.match(trouble, /3 of 3 voters reachable/);
    }
    assert.deepEqual(group.ends, []);
    // Nothing was given up: they keep what they have, and say so as long as it lasts.
    assert.equal(logOf(group.at(M3).disk).lastIndex(), 6);
  });

  it('names folders that are new, too', async () => {
    const group = await Group.serving();
    await group.create(M1);
    await group.untilLevel();
    for (const id of group.ids) group.at(id).crash(WITNESSED);
    cutLog(group, M2, 1);
    group.wipe(M3);
    await group.startAll();
    await group.pass(20_000);
    assert.equal(group.leader, null);
    assert.match(
      group.at(M1).member.status().trouble!,
      /2 of 3 voters lost data .*m2 holds entries up to 1 of term 1, and had more; m3 has a new folder, which holds nothing$/,
    );
  });

  it('a damaged minority is refilled without anybody, and nothing is said any more', async () => {
    const group = await Group.serving({ size: 5 });
    for (let n = 0; n < 10; n++) await group.create(M1);
    await group.untilLevel();
    for (const id of group.ids) group.at(id).crash(WITNESSED);
    cutLog(group, M2, 4);
    cutLog(group, M3, 0);
    await group.startAll();
    await group.untilServing();
    await group.until('all are whole', () =>
      group.alive.every(({ member }) => member.status().role !== 'recovering'),
    );
    await group.untilLevel();
    group.check();
  });
});
