import assert from 'node:assert/strict';
import { memberOf, TepuiError, type MemberId, type NodeId } from '../../lib/base/index.js';
import { Group } from './group.js';

const [M1, M2, M3, M4] = ['m1', 'm2', 'm3', 'm4'] as MemberId[] as [MemberId, MemberId, MemberId, MemberId];

function folderOf(group: Group, id: MemberId): NodeId {
  return group.at(id).disk.identity.nodeId;
}

async function leads(group: Group, id: MemberId): Promise<void> {
  await group.untilLeader();
  if (group.leader!.id === id) return;
  group.leader!.member.transferLeadership(id, () => {});
  await group.until(`${id} leads`, () => group.leader?.id === id, 20_000);
}

async function untilVotes(group: Group, node: NodeId): Promise<void> {
  await group.until(
    `${node} votes`,
    () => {
      const configuration = group.leader?.configuration;
      return configuration?.voters.includes(node) === true && configuration.outgoing.length === 0;
    },
    60_000,
  );
}

/** m2 comes with a new folder, which gets the vote of the old one. Returns the old folder as it was last. */
async function replaced(group: Group): Promise<{ image: ReturnType<Group['image']>; node: NodeId }> {
  await group.announceAll();
  await group.untilLevel();
  const node = folderOf(group, M2);
  group.at(M2).crash();
  const image = group.image(M2);
  group.wipe(M2);
  await group.start(M2);
  await untilVotes(group, folderOf(group, M2));
  return { image, node };
}

async function untilOnRecord(group: Group, node: NodeId): Promise<void> {
  await group.until('everybody knows that it left', () =>
    group.alive.every((one) => one.member.machine.membership.retired(node) !== null),
  );
}

function endOf(group: Group, id: MemberId): TepuiError {
  const end = group.ends.findLast((one) => one.id === id);
  assert(end?.error instanceof TepuiError, `${id} did not end: ${group.describe()}`);
  return end.error;
}

/** Started again, as supervisors do, it comes back with another folder. */
async function comesBack(group: Group, former: NodeId): Promise<void> {
  await group.start(M2);
  assert.notEqual(folderOf(group, M2), former);
  await untilVotes(group, folderOf(group, M2));
  await group.untilServing();
  await group.create(M2);
  await group.untilLevel();
  group.check();
}

describe('replica: a folder that another one replaced', () => {
  it('is on record with everybody once the group has gone on without it', async () => {
    const group = await Group.serving();
    const { node } = await replaced(group);
    await untilOnRecord(group, node);
    const { index } = group.at(M1).member.machine.membership.retired(node)!;
    assert(index > 0 && index <= group.leader!.member.status().commitIndex, `index ${index}`);
  });

  it('that is put back hears so, ends, and comes back as a new one, since the one that replaced it is gone', async () => {
    const group = await Group.serving();
    const { image, node } = await replaced(group);
    const successor = folderOf(group, M2);
    await untilOnRecord(group, node);
    group.at(M2).crash();
    group.putBack(M2, image);
    await group.start(M2);
    assert.equal(folderOf(group, M2), node);
    await group.until('it ends', () => !group.at(M2).alive);
    const { code, message } = endOf(group, M2);
    assert.equal(code, 'RETIRED');
    assert.match(
      message,
      new RegExp(`${node} left the group \\(entry \\d+\\): m2 is in it with .* ${successor}`),
    );
    await comesBack(group, node);
    assert.equal(group.leader!.configuration.voters.includes(successor), false);
  });

  it('hears so too when it comes back before anybody noted that it left', async () => {
    const group = await Group.serving();
    await leads(group, M1);
    // Nobody of this group tells what it is, so nothing is forgotten by itself; the new folder told when it asked.
    const node = folderOf(group, M2);
    await group.create(M2);
    await group.untilLevel();
    group.at(M2).crash();
    const image = group.image(M2);
    group.wipe(M2);
    await group.start(M2);
    await untilVotes(group, folderOf(group, M2));
    for (const id of [M1, M3]) group.announce(id);
    group.at(M2).crash();
    group.putBack(M2, image);
    await group.start(M2);
    await group.until('it ends', () => !group.at(M2).alive);
    assert.equal(endOf(group, M2).code, 'RETIRED');
    await comesBack(group, node);
  });

  it('stays out while the one that replaced it is alive, and says so; when that one is gone it takes its place', async () => {
    const group = await Group.serving();
    const { image, node } = await replaced(group);
    await untilOnRecord(group, node);
    const heir = folderOf(group, M2);
    const heirDisk = group.disks.get(M2)!;
    const heirLife = group.at(M2);
    // A second process of m2, elsewhere, on the old folder.
    group.putBack(M2, image);
    group.move(M2, 'elsewhere:1');
    const second = await group.start(M2);
    await group.until('it ends', () => !second.alive);
    assert.equal(endOf(group, M2).code, 'RETIRED');
    const third = await group.start(M2);
    await group.pass(20_000);
    assert.equal(third.disk.log, null, 'nobody lets it in');
    assert.match(
      third.member.status().trouble!,
      new RegExp(`the former folder of this member in group .* counts no more .*${heir}, which is alive`),
    );
    assert(group.leader!.configuration.voters.includes(heir));
    assert(heirLife.alive && heirLife.member.status().trouble === null);
    heirLife.crash();
    assert.notEqual(heirDisk, group.disks.get(M2));
    await untilVotes(group, third.disk.identity.nodeId);
  });

  it('never has a say: with it and one other member nobody is elected', async () => {
    const group = await Group.serving();
    const { image, node } = await replaced(group);
    await untilOnRecord(group, node);
    for (const id of [M1, M2]) group.at(id).crash();
    group.putBack(M2, image);
    await group.start(M2);
    await group.pass(10_000);
    assert.equal(group.leader, null);
    // m3 alone knows and tells.
    assert.equal(endOf(group, M2).code, 'RETIRED');
  });

  it('is not what a member that lags behind takes the new folder for', async () => {
    const group = await Group.serving({ size: 5 });
    await leads(group, M1);
    await group.announceAll();
    await group.untilLevel();
    group.isolate(M4);
    const node = folderOf(group, M2);
    group.at(M2).crash();
    group.wipe(M2);
    await group.start(M2);
    await untilVotes(group, folderOf(group, M2));
    group.rejoin(M4);
    await untilOnRecord(group, node);
    await group.untilLevel();
    assert.deepEqual(group.ends, []);
    assert(group.leader!.configuration.voters.includes(folderOf(group, M2)));
  });
});

describe('replica: a member that was removed', () => {
  it('hears so and ends, and the others go on as if it had never been', async () => {
    const group = await Group.serving();
    await leads(group, M1);
    const node = folderOf(group, M3);
    await group.change(M1, { kind: 'remove', member: M3 });
    await group.until('it ends', () => !group.at(M3).alive, 10_000);
    const { code, message } = endOf(group, M3);
    assert.equal(code, 'REMOVED');
    assert.match(
      message,
      new RegExp(`${node} left the group .*, and m3 is not a member any more; the members are m1, m2`),
    );
    await group.create(M1);
    await group.untilLevel();
    group.check();
  });

  it('that was away then hears so at its next start, and so at each', async () => {
    const group = await Group.serving();
    await leads(group, M1);
    await group.announceAll();
    group.at(M3).crash();
    await group.pass(2000);
    await group.changeAtOnce(M1, { kind: 'remove', member: M3 });
    await group.pass(10_000);
    for (let n = 0; n < 2; n++) {
      const life = await group.start(M3);
      await group.until('it ends', () => !life.alive, 10_000);
      assert.equal(endOf(group, M3).code, 'REMOVED');
    }
    assert.equal(group.leader?.id, M1, 'nobody was disturbed');
  });

  it('comes back with an empty folder and a token, and its old folder still has no place', async () => {
    const group = await Group.serving();
    await leads(group, M1);
    await group.announceAll();
    await group.change(M1, { kind: 'remove', member: M3 });
    await group.until('it ends', () => !group.at(M3).alive, 10_000);
    const image = group.image(M3);
    group.wipe(M3);
    await group.join(M3, await group.token(M1, { member: M3 }), M1);
    await untilVotes(group, folderOf(group, M3));
    group.at(M3).crash();
    group.putBack(M3, image);
    await group.start(M3);
    await group.until('it ends', () => !group.at(M3).alive, 10_000);
    assert.equal(endOf(group, M3).code, 'RETIRED');
    assert.deepEqual([...new Set(group.leader!.configuration.voters.map(memberOf))], [M1, M2, M3]);
  });
});
