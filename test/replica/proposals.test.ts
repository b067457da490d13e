import assert from 'node:assert/strict';
import { Group } from './group.js';

describe('replica: proposals', () => {
  it('applies a proposal on every member and answers it where it was made, once', async () => {
    const group = await Group.serving();
    for (const id of group.ids) {
      const { path, outcome } = await group.create(id);
      assert(outcome?.kind === 'applied' && outcome.result.ok);
      await group.untilLevel();
      for (const other of group.ids) assert(group.has(other, path), `${other} lacks what ${id} proposed`);
    }
    group.check();
  });

  it('keeps the order in which one member proposes', async () => {
    const group = await Group.serving();
    const [follower] = group.followers;
    const proposals = Array.from({ length: 50 }, () => group.propose(follower!.id));
    await group.until('all end', () => proposals.every(({ outcome }) => outcome !== null));
    const revisions = proposals.map(({ outcome }) =>
      outcome?.kind === 'applied' ? outcome.result.revision : 0,
    );
    assert.deepEqual(
      revisions,
      [...revisions].sort((a, b) => a - b),
    );
    assert(revisions[0]! > 0);
  });
});
