import assert from 'node:assert/strict';
import { TepuiError, type MemberId, type NodeId } from '../../lib/base/index.js';
import { Group } from './group.js';

const [M1, M2, M3, M4, M5] = ['m1', 'm2', 'm3', 'm4', 'm5'] as MemberId[] as [
  MemberId,
  MemberId,
  MemberId,
  MemberId,
  MemberId,
];

async function leads(group: Group, id: MemberId): Promise<void> {
  await group.untilLeader();
  if (group.leader!.id === id) return;
  group.leader!.member.transferLeadership(id, () => {});
  await group.until(`${id} leads`, () => group.leader?.id === id, 20_000);
}

/** The member finds out that it is a copy from the past, and ends. */
async function untilFoundOut(group: Group, id: MemberId, why: RegExp): Promise<void> {
  await group.until('it is found out', () => group.ends.some((end) => end.id === id));
  const { error } = group.ends.at(-1)!;
  assert(error instanceof TepuiError);
  assert.equal(error.code, 'DAMAGED');
  assert.match(error.message, why);
}

/** Started again, as supervisors do (nobody else had to be), it comes back under a new name and gets its vote again. */
async function untilVoter(group: Group, id: MemberId, former: NodeId): Promise<void> {
  assert.deepEqual(new Set(group.ends.map((end) => end.id)), new Set([id]));
  if (!group.at(id).alive) await group.start(id);
  const { nodeId } = group.at(id).disk.identity;
  assert.notEqual(nodeId, former);
  await group.until('it has its vote again', () => {
    const configuration = group.leader?.configuration;
    return configuration?.voters.includes(nodeId) === true && configuration.outgoing.length === 0;
  });
  await group.untilServing();
  await group.untilLevel();
  group.check();
}

describe('replica: a folder restored from an older copy', () => {
  it('that shows a start seen before is found out, and comes back as a new instance with a vote', async () => {
    const group = await Group.serving();
    const past = group.image(M2);
    for (let n = 0; n < 2; n++) {
      await group.restart(M2);
      await group.untilServing();
    }
    // They remember it beyond their own restarts.
    for (const id of [M1, M3]) await group.restart(id);
    await group.untilServing();
    await group.create(M1);
    group.at(M2).crash();
    group.putBack(M2, past);
    const { nodeId } = (await group.start(M2)).disk.identity;
    await untilFoundOut(group, M2, /m2 comes with start 2 of its folder, m\d has seen start 3/);
    await untilVoter(group, M2, nodeId);
  });

  it('that shows the number of a start which the folder made since is found out', async () => {
    const group = await Group.serving();
    await leads(group, M1);
    await group.create(M2);
    await group.untilLevel();
    const past = group.image(M2);
    await group.restart(M2);
    await group.untilServing();
    await group.create(M2);
    group.at(M2).crash();
    group.putBack(M2, past);
    const { nodeId, boot } = (await group.start(M2)).disk.identity;
    assert.equal(boot, 2);
    await untilFoundOut(group, M2, /m2 comes with start 2 of its folder, m\d has seen another start 2/);
    await untilVoter(group, M2, nodeId);
  });

  it('that shows no start seen before is found out by what it acknowledged in a later term', async () => {
    const group = await Group.serving();
    await group.create(M1);
    await group.untilLevel();
    const past = group.image(M2);
    await leads(group, group.leader!.id === M1 ? M3 : M1);
    await group.create(M1);
    await group.untilLevel();
    group.at(M2).crash();
    group.putBack(M2, past);
    const { nodeId } = (await group.start(M2)).disk.identity;
    await untilFoundOut(group, M2, /knows that this member held entry \d+ of term 2, .* no term above 1/);
    await untilVoter(group, M2, nodeId);
  });

  it('taken before the group was formed has no vote: it elects nobody without what it acknowledged', async () => {
    const group = new Group({ size: 5 });
    await group.start(M3);
    await group.pass(100);
    const past = group.image(M3);
    await group.startAll();
    await group.untilServing();
    await leads(group, M1);
    for (const far of [M4, M5]) group.isolate(far);
    const { path, outcome } = await group.create(M1);
    assert.equal(outcome?.kind, 'applied');
    for (const id of [M1, M2, M3]) group.at(id).crash();
    group.putBack(M3, past);
    for (const far of [M4, M5]) group.rejoin(far);
    const { nodeId } = (await group.start(M3)).disk.identity;
    await untilFoundOut(group, M3, /m3 comes with from before the group was formed, m\d has seen start 1/);
    await group.start(M3);
    await group.pass(10_000);
    assert.equal(group.leader, null, 'm3, m4 and m5 elected somebody without what was committed');
    await group.start(M2);
    await group.untilLeader();
    await untilVoter(group, M3, nodeId);
    assert(await group.sees(M4, path));
  });
});
