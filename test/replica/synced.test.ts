import assert from 'node:assert/strict';
import type { MemberId } from '../../lib/base/index.js';
import { Group } from './group.js';

describe('replica: who follows the log', () => {
  function synced(group: Group): readonly MemberId[] {
    return [...(group.leader?.member.status().synced ?? [])].sort();
  }

  it('is known on the leader: all others, then those that are left', async () => {
    const group = await Group.serving();
    const others = group.followers.map(({ id }) => id);
    await group.until('all follow', () => synced(group).join() === others.join());
    group.at(others[0]!).crash();
    await group.until('one is missed', () => synced(group).join() === others[1], 20_000);
  });

  it('is not known elsewhere', async () => {
    const group = await Group.serving();
    for (const { member } of group.followers) assert.deepEqual(member.status().synced, []);
  });
});
