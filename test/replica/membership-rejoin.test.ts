import assert from 'node:assert/strict';
import { memberOf, type MemberId, type NodeId } from '../../lib/base/index.js';
import { MemoryTransport, type PeerHello, type TransportHandlers } from '../../lib/transport/index.js';
import { Group } from './group.js';
import { settled } from './process.js';

const [M1, M2, M3] = ['m1', 'm2', 'm3'] as MemberId[] as [MemberId, MemberId, MemberId];

/** The voters' folders as the leader has them in force. */
function voters(group: Group): readonly NodeId[] {
  return group.leader!.configuration.voters;
}

function isSettled(group: Group): boolean {
  const { leader } = group;
  if (leader === null) return false;
  const { outgoing, learners } = leader.configuration;
  return outgoing.length === 0 && learners.length === 0;
}

async function wiped(group: Group, id: MemberId): Promise<NodeId> {
  const old = group.at(id).disk.identity.nodeId;
  group.at(id).crash();
  group.wipe(id);
  await group.start(id);
  return old;
}

async function untilSwapped(group: Group, id: MemberId): Promise<void> {
  await group.until(
    `the new folder of ${id} has a vote`,
    () => isSettled(group) && voters(group).includes(group.at(id).disk.identity.nodeId),
    60_000,
  );
}

async function leads(group: Group, id: MemberId): Promise<void> {
  await group.untilLeader();
  if (group.leader!.id === id) return;
  group.leader!.member.transferLeadership(id, () => {});
  await group.until(`${id} leads`, () => group.leader?.id === id, 20_000);
}

/** A process that takes itself for a member that is in the group already. */
function impostor(group: Group, node: NodeId): { transport: MemoryTransport; hello: PeerHello } {
  const hello: PeerHello = {
    ...group.at(M2).member.status().self,
    nodeId: node,
    clusterId: null,
    unbound: true,
  };
  const transport = new MemoryTransport({
    network: group.network,
    address: 'impostor:1',
    handlers: { hello: () => hello } as unknown as TransportHandlers,
    clock: group.time,
    timers: group.time,
    random: group.random,
  });
  return { transport, hello };
}

/** Where a leader may be lost on the way. */
const STEPS: Readonly<Record<string, (group: Group) => boolean>> = {
  'the new folder has just become a learner': ({ leader }) => leader!.configuration.learners.length > 0,
  'the new folder was let in': (group) => group.at(M2).disk.log !== null,
  'the swap has begun': ({ leader }) => leader!.configuration.outgoing.length > 0,
  'the swap is done at the leader': (group) =>
    isSettled(group) && voters(group).includes(group.at(M2).disk.identity.nodeId),
};

describe('replica: a member whose folder was lost', () => {
  it('comes back by itself: its new folder takes the place of the old one', async () => {
    const group = await Group.serving();
    for (let i = 0; i < 20; i++) await group.create(M1);
    const old = await wiped(group, M2);
    await untilSwapped(group, M2);
    assert.equal(voters(group).includes(old), false);
    assert.deepEqual(voters(group).map(memberOf), [M1, M2, M3]);
    await group.untilServing();
    await group.create(M2);
    await group.untilLevel();
    group.check();
    assert.deepEqual(group.ends, []);
  });

  it('gets its vote back so that the group survives the loss of another one', async () => {
    const group = await Group.serving();
    await wiped(group, M1);
    await untilSwapped(group, M1);
    group.at(M3).crash();
    await group.untilLeader(10_000);
    const { outcome } = await group.create(M1);
    assert.equal(outcome?.kind, 'applied');
  });

  it('comes back when only its term and vote were lost', async () => {
    const group = await Group.serving();
    const old = group.at(M2).disk.identity.nodeId;
    group.at(M2).crash();
    group.disks.get(M2)!.files.delete('witness');
    await group.start(M2);
    await untilSwapped(group, M2);
    assert.notEqual(group.at(M2).disk.identity.nodeId, old);
    assert.deepEqual(voters(group).map(memberOf), [M1, M2, M3]);
  });

  it('leaves nothing of its old folder in the record of members', async () => {
    const group = await Group.serving();
    const old = group.at(M2).disk.identity.nodeId;
    await group.announceAll();
    await wiped(group, M2);
    await untilSwapped(group, M2);
    await group.announceAll();
    await group.until('it is forgotten', () => group.leader!.member.machine.cluster.member(old) === null);
  });

  it('has no say before its new folder has a vote: a forgotten vote elects nobody', async () => {
    // Five voters. m1 leads with m2 and m3 in its quorum; m4 and m5 were cut off. Then m3 forgets everything. With
    // the memory of m3 gone, m3, m4 and m5 would be a majority that knows nothing of what m1 committed.
    const group = await Group.serving({ size: 5 });
    const [m4, m5] = ['m4', 'm5'] as [MemberId, MemberId];
    await leads(group, M1);
    for (const far of [m4, m5]) group.isolate(far);
    const { path, outcome } = await group.create(M1);
    assert.equal(outcome?.kind, 'applied');
    for (const id of [M1, M2]) group.at(id).crash();
    await wiped(group, M3);
    for (const far of [m4, m5]) group.rejoin(far);
    await group.pass(20_000);
    assert.equal(group.leader, null, 'm3, m4 and m5 elected somebody without what was committed');
    assert.equal(group.at(M3).disk.log, null, 'nobody can let m3 in');
    assert.match(
      group.at(m4).member.status().trouble!,
      /2 of 5 voters reachable .*m3 answers with another folder/,
    );
    await group.start(M2);
    await group.untilLeader(20_000);
    await untilSwapped(group, M3);
    assert(await group.sees(M3, path));
  });

  it('has no say in what is committed either', async () => {
    const group = await Group.serving({ size: 5 });
    await leads(group, M1);
    for (const id of ['m4', 'm5']) group.at(id).crash();
    await wiped(group, M3);
    // Of five voters' folders two are left: m1 and m2. Whatever m3 holds now does not count.
    const proposal = group.propose(M1);
    await group.pass(15_000);
    assert.notEqual(proposal.outcome?.kind, 'applied');
    assert.equal(group.leader, null);
  });

  it('a majority of lost folders stops the group, which says what remains', async () => {
    const group = await Group.serving();
    await group.create(M1);
    for (const id of [M1, M2]) group.at(id).crash();
    for (const id of [M1, M2]) group.wipe(id);
    for (const id of [M1, M2]) await group.start(id);
    await group.pass(20_000);
    assert.equal(group.leader, null);
    assert.match(
      group.at(M3).member.status().trouble!,
      /1 of 3 voters reachable \(m3; m1 answers with another folder, which has no vote, m2 answers with/,
    );
    assert.match(group.at(M1).member.status().trouble!, /m3 belongs to group .*waits to be let in/);
    assert.deepEqual(group.ends, []);
  });

  it('keeps its vote when the old folder turns up again before the new one has taken over', async () => {
    const group = await Group.serving();
    await group.untilLevel();
    await leads(group, M1);
    const old = group.at(M2).disk.identity.nodeId;
    group.at(M2).crash();
    const image = group.image(M2);
    group.wipe(M2);
    const renewed = await group.start(M2);
    await group.until('the new folder is let in', () => renewed.disk.log !== null);
    renewed.crash();
    group.putBack(M2, image);
    await group.start(M2);
    await group.until('the new folder is let go', () => isSettled(group), 60_000);
    assert(voters(group).includes(old));
    await group.untilServing();
    await group.create(M2);
    await group.untilLevel();
    group.check();
  });

  it('is refused while its folder is alive elsewhere', async () => {
    const group = await Group.serving();
    await leads(group, M1);
    const node = 'm2@00000000000000ff' as NodeId;
    const { transport, hello } = impostor(group, node);
    await assert.rejects(settled(group.time, transport.joinVia('m1:1', '', 1)), {
      code: 'FOREIGN_MEMBER',
      message: new RegExp(
        `m2 is in the group with the folder ${group.at(M2).disk.identity.nodeId}, which is alive`,
      ),
    });
    assert.equal(hello.nodeId, node);
  });

  for (const [name, reached] of Object.entries(STEPS)) {
    it(`comes back although the leader dies when ${name}`, async () => {
      const group = await Group.serving();
      await leads(group, M1);
      for (let i = 0; i < 5; i++) await group.create(M1);
      await wiped(group, M2);
      await group.until(name, () => reached(group), 60_000);
      group.at(M1).crash();
      // m3 alone has no majority: m2 has no vote yet, or its vote needs m1 as well.
      await group.pass(500);
      await group.start(M1);
      await untilSwapped(group, M2);
      await group.untilServing();
      await group.create(M2);
      await group.untilLevel();
      group.check();
      assert.deepEqual(group.ends, []);
    });
  }

  it('comes back in a group of five whose leader dies for good at any moment on the way', async () => {
    for (let ms = 0; ms < 1500; ms += 75) {
      const group = await Group.serving({ size: 5, seed: ms + 1 });
      await leads(group, M1);
      await wiped(group, M2);
      await group.pass(ms);
      group.at(M1).crash(() => ms % 2 === 0);
      await group.untilLeader(20_000);
      await untilSwapped(group, M2);
      await group.create(M2);
      await group.untilLevel();
      group.check();
      assert.deepEqual(group.ends, []);
    }
  });
});
