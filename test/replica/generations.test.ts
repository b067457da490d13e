import assert from 'node:assert/strict';
import { TepuiError, utf8Decode, utf8Encode, type MemberId } from '../../lib/base/index.js';
import { Group } from './group.js';

const [M1, M2, M3] = ['m1', 'm2', 'm3'] as MemberId[] as [MemberId, MemberId, MemberId];

function identity(group: Group, member: MemberId): Record<string, unknown> {
  const bytes = group.disks.get(member)!.files.get('identity.json')!;
  return JSON.parse(utf8Decode(bytes)) as Record<string, unknown>;
}

/** As a recovery leaves the folder of the member that went on. */
function raise(group: Group, member: MemberId, generation: number): void {
  const { checksum: _, ...fields } = identity(group, member);
  const raised = { ...fields, format: 2, generation };
  group.disks.get(member)!.files.set('identity.json', utf8Encode(JSON.stringify(raised)));
}

describe('replica: generations of a cluster', () => {
  it('a member of the former generation is refused by name, and ends', async () => {
    const group = await Group.serving();
    for (const process of group.alive) process.crash();
    raise(group, M1, 1_700_000_000_000);
    await group.startAll();
    await group.until('both others have ended', () => group.ends.length === 2);
    assert.deepEqual(group.ends.map(({ id }) => id).sort(), [M2, M3]);
    for (const { id, error } of group.ends) {
      assert(error instanceof TepuiError);
      assert.equal(error.code, 'FORMER_GENERATION');
      assert.equal(
        error.message,
        `${id} belongs to the group as it was before m1 was recovered or restored ` +
          '(the first generation, now generation of 2023-11-14T22:13:20.000Z)',
      );
    }
    assert.notEqual(group.at(M1).member.status().clusterId, null);
  });

  it('it comes back as a new instance without a vote, which waits to be added', async () => {
    const group = await Group.serving();
    const before = identity(group, M2);
    for (const process of group.alive) process.crash();
    raise(group, M1, 1_700_000_000_000);
    await group.start(M1);
    await group.start(M2);
    await group.until('it has ended', () => group.ends.length === 1);
    await group.start(M2);
    await group.pass(3000);
    const after = identity(group, M2);
    assert.notEqual(after['instance'], before['instance']);
    assert.equal(after['clusterId'], null);
    assert.equal(after['formerCluster'], before['clusterId']);
    assert.equal(group.ends.length, 1, 'it is refused no more');
  });

  it('members of the same generation speak as ever', async () => {
    const group = await Group.serving();
    for (const process of group.alive) process.crash();
    for (const member of group.ids) raise(group, member, 1_700_000_000_000);
    await group.startAll();
    await group.untilServing();
    await group.create(M3);
    await group.untilLevel();
    assert.deepEqual(group.ends, []);
    group.check();
  });
});
