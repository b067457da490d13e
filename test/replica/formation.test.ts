import assert from 'node:assert/strict';
import type { MemberId } from '../../lib/base/index.js';
import { Group } from './group.js';

const [M1, M2, M3] = ['m1', 'm2', 'm3'] as MemberId[] as [MemberId, MemberId, MemberId];

function clusters(group: Group): (string | null)[] {
  return group.alive.map(({ member }) => member.status().clusterId);
}

describe('replica: formation', () => {
  it('forms one group when every founder is new', async () => {
    const group = await Group.serving();
    assert.equal(new Set(clusters(group)).size, 1);
    assert.notEqual(clusters(group)[0], null);
    assert.deepEqual(
      group.leader!.member.status().members.map(({ id, voter }) => [id, voter]),
      group.ids.map((id) => [id, true]),
    );
  });

  it('does not form while a founder is silent, and names it', async () => {
    const group = new Group();
    await group.start(M1);
    await group.start(M2);
    await group.pass(5000);
    assert.deepEqual(clusters(group), [null, null]);
    assert.equal(group.at(M1).member.status().trouble, 'forming the group: m3 did not answer yet');
  });

  it('tells founders later that were not told because the one that founded stopped in between', async () => {
    const group = new Group();
    await group.startAll();
    await group.until('the lowest has founded', () => group.at(M1).member.status().clusterId !== null);
    group.at(M1).crash();
    await group.pass(3000);
    const told = clusters(group);
    await group.start(M1);
    await group.untilServing();
    assert.equal(new Set(clusters(group)).size, 1, `told before: ${told.join(', ')}`);
    await group.create(M3);
    await group.untilLevel();
    group.check();
  });

  it('forms one group whatever the moment at which a founder stops', async () => {
    for (let ms = 0; ms < 12; ms++) {
      for (const victim of [M1, M2]) {
        const group = new Group({ seed: ms + 1 });
        await group.startAll();
        await group.pass(ms);
        group.at(victim).crash(() => ms % 2 === 0);
        await group.start(victim);
        await group.untilServing();
        assert.equal(new Set(clusters(group)).size, 1);
        await group.create(victim);
        await group.untilLevel();
        group.check();
      }
    }
  });

  it('a wiped member neither founds a group nor helps the old one, and both sides say so', async () => {
    const group = await Group.serving();
    const { clusterId } = group.leader!.member.status();
    group.at(M1).crash();
    group.at(M3).crash();
    group.wipe(M1);
    const wiped = await group.start(M1);
    await group.pass(5000);
    assert.equal(wiped.member.status().clusterId, null);
    assert.match(
      wiped.member.status().trouble!,
      new RegExp(`this folder is new, m2 belongs to group ${clusterId}, and it waits to be let in there`),
    );
    assert.equal(group.leader, null);
    assert.match(
      group.at(M2).member.status().trouble!,
      /1 of 3 voters reachable \(m2; m1 answers with another folder, which has no vote, m3 refused\)/,
    );
    assert.equal(
      group
        .at(M2)
        .member.status()
        .members.find(({ id }) => id === M1)?.voter,
      false,
    );
  });

  it('a member that lost its votes founds nothing, not even when everybody else is new', async () => {
    const group = await Group.serving();
    const { clusterId } = group.leader!.member.status();
    for (const process of group.alive) process.crash();
    group.disks.get(M1)!.files.delete('witness');
    group.wipe(M2);
    group.wipe(M3);
    await group.startAll();
    await group.pass(3000);
    assert.deepEqual(clusters(group), [null, null, null]);
    assert.match(
      group.at(M1).member.status().trouble!,
      new RegExp(`the former folder of this member in group ${clusterId} counts no more`),
    );
    assert.match(group.at(M2).member.status().trouble!, /m1 was in group .*no other group is founded/);
    assert.deepEqual(group.ends, []);
  });

  it('a group of one forms, serves and restarts alone', async () => {
    const group = await Group.serving({ size: 1 });
    const { path } = await group.create(M1);
    await group.restart(M1);
    await group.untilServing();
    assert(group.has(M1, path));
  });
});
