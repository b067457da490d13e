import assert from 'node:assert/strict';
import { Group } from './group.js';

describe('replica: reads', () => {
  it('a follower sees everything that was acknowledged anywhere before the read', async () => {
    const group = await Group.serving();
    const [one, two] = group.followers;
    for (let n = 0; n < 20; n++) {
      const { path } = await group.create(one!.id);
      assert(await group.sees(two!.id, path), `${two!.id} did not see ${path}`);
    }
  });

  it('a leader that is cut off does not answer from the past', async () => {
    const group = await Group.serving();
    const old = group.leader!;
    group.isolate(old.id);
    const stale = group.read(old.id, '/new');
    await group.until('another leader', () => group.leader !== null && group.leader !== old);
    await group.create(group.leader!.id, '/new');
    assert.equal(stale.end, null);
    group.healAll();
    await group.until('the read ends', () => stale.end !== null);
    assert.equal(stale.end, 'seen');
  });

  it('a leader that stood still while another was elected does not answer from the past', async () => {
    const group = await Group.serving();
    const old = group.leader!;
    old.freeze();
    group.isolate(old.id);
    await group.until('another leader', () => group.leader !== null && group.leader !== old);
    await group.create(group.leader!.id, '/new');
    // It goes on where it stood and believes to lead; the news of its fall is still on the way.
    old.thaw();
    const read = group.read(old.id, '/new');
    await group.pass(50);
    assert.equal(read.end, null);
    group.healAll();
    await group.until('the read ends', () => read.end !== null);
    assert.equal(read.end, 'seen');
  });

  it('waits until the state is loaded, however early the index is known', async () => {
    const group = await Group.serving({ limits: { loadSliceBytes: 64, cutIntervalMs: 20 } });
    const follower = group.followers[0]!.id;
    for (let n = 0; n < 20; n++) await group.create(follower, `/n${n}`);
    await group.pass(200);
    group.loadMs = 50;
    const restarted = await group.restart(follower);
    const reads: { end: string | null }[] = [];
    for (let n = 0; n < 300; n++) {
      reads.push(group.read(follower, '/n0'));
      await group.pass(1);
    }
    await group.until('all reads end', () => reads.every(({ end }) => end !== null));
    const ends = new Set(reads.map(({ end }) => end));
    assert.deepEqual([...ends], ['NO_LEADER', 'seen'].slice(ends.size === 1 ? 1 : 0));
    assert.equal(restarted.member.status().trouble, null);
  });

  it('is refused in words when no leader answers in time', async () => {
    const group = await Group.serving({ limits: { readDeadlineMs: 1000 } });
    const alone = group.followers[0]!;
    group.isolate(alone.id);
    await group.pass(2000);
    const read = group.read(alone.id, '/x');
    await group.until('the read ends', () => read.end !== null, 3000);
    assert.equal(read.end, 'NO_LEADER');
    assert.match(
      alone.member.status().trouble!,
      /^no leader for \d+\.\d s: 1 of 3 voters reachable \(m\d; m\d .*, m\d .*\)$/,
    );
  });

  it('a member waits for a revision until it has applied it, and gives up at the deadline', async () => {
    const group = await Group.serving({ limits: { callDeadlineMs: 500 } });
    const [follower] = group.followers;
    const ends: boolean[] = [];
    follower!.member.waitRevision(1, (reached) => ends.push(reached));
    follower!.member.waitRevision(1000, (reached) => ends.push(reached));
    await group.create(group.leader!.id);
    await group.pass(600);
    assert.deepEqual(ends, [true, false]);
  });

  it('what was proposed here and answered can be read here without asking anybody', async () => {
    const group = await Group.serving();
    for (const id of group.ids) {
      const { path } = await group.create(id);
      assert(group.has(id, path));
    }
  });
});
