import assert from 'node:assert/strict';
import type { CommandResult } from '../../lib/state/index.js';
import type { Outcome, ReplicaLimits } from '../../lib/replica/index.js';
import { Group } from './group.js';

/** Little is kept of the log, so that whoever is away for a moment needs the state. */
const SHORT_LOG: Partial<ReplicaLimits> = { logTailEntries: 4, cutIntervalMs: 40, logCacheBytes: 0 };

async function checkpoint(group: Group, id: string): Promise<CommandResult> {
  const end: { outcome: Outcome | null } = { outcome: null };
  group.command(id, { kind: 'checkpoint' }, end);
  await group.until('a checkpoint', () => end.outcome !== null);
  assert(end.outcome?.kind === 'applied');
  return end.outcome.result;
}

async function many(group: Group, id: string, count: number): Promise<void> {
  for (let n = 0; n < count; n++) {
    group.propose(id);
    await group.pass(3);
  }
  await group.until('all end', () => group.proposals.every(({ outcome }) => outcome !== null));
}

describe('replica: cuts of the state', () => {
  it('a cut holds exactly the state at its index while entries go on being applied', async () => {
    const group = await Group.serving({ limits: { cutIntervalMs: 20, cutSliceMs: 0 } });
    await many(group, 'm2', 150);
    // Digests of cuts at the same index are compared as they are written.
    assert(group.digests.size > 10, `${group.digests.size} cuts`);
    for (const id of group.ids) await group.restart(id);
    await group.untilServing();
    await group.untilLevel();
    group.check();
  });

  it('every member has the same digest at a checkpoint', async () => {
    const group = await Group.serving({ limits: { cutIntervalMs: 60_000 } });
    const seen = new Map<string, [number, string][]>();
    for (const { id, member } of group.alive) {
      seen.set(id, []);
      member.listen({ cut: (index, digest) => seen.get(id)!.push([index, digest]) });
    }
    await many(group, 'm1', 20);
    await checkpoint(group, 'm2');
    await many(group, 'm3', 20);
    await group.until('all have cut', () => [...seen.values()].every((cuts) => cuts.length > 0));
    const [first, ...others] = [...seen.values()];
    for (const other of others) assert.deepEqual(other, first);
  });

  it('a restart loads the last cut and replays the log after it, to the same state', async () => {
    const group = await Group.serving({ limits: { cutIntervalMs: 50 } });
    await many(group, 'm1', 40);
    for (const process of group.alive) process.crash();
    await group.startAll();
    await group.untilServing();
    await group.untilLevel();
    await checkpoint(group, 'm1');
    await group.pass(200);
    group.check();
    assert.equal(group.leader!.member.machine.revision, 41);
  });

  it('a member that stops during a cut stops cleanly', async () => {
    for (let ms = 0; ms < 6; ms++) {
      const group = await Group.serving({ limits: { cutIntervalMs: 20, cutSliceMs: 0 } });
      for (let n = 0; n < 30; n++) group.propose('m1');
      await group.pass(20 + ms);
      await Promise.all(group.alive.map((process) => process.stop()));
      assert.deepEqual(group.ends, []);
    }
  });

  it('a member that stops while it loads its state stops cleanly', async () => {
    const group = await Group.serving({ limits: { cutIntervalMs: 20, loadSliceBytes: 64 } });
    await many(group, 'm1', 30);
    await group.pass(100);
    group.at('m1').crash();
    group.loadMs = 10;
    const process = await group.start(group.ids[0]!);
    await group.pass(25);
    await process.stop();
    await group.pass(100);
    assert.deepEqual(group.ends, []);
  });
});

describe('replica: sending the state', () => {
  it('a member that was away for long receives the state and goes on from there', async () => {
    const group = await Group.serving({ limits: SHORT_LOG });
    const laggard = group.followers[0]!.id;
    await many(group, laggard, 10);
    group.at(laggard).crash();
    await many(group, group.leader!.id, 60);
    await group.start(laggard);
    await group.untilServing();
    await group.untilLevel();
    assert.equal(group.at(laggard).resets, 1);
    group.check();
    const { path } = await group.create(laggard);
    await group.untilLevel();
    assert(group.has(group.leader!.id, path));
    const again = await group.restart(laggard);
    await group.untilServing();
    await group.untilLevel();
    assert.equal(again.resets, 0);
    group.check();
  });

  it('proposals that a received state covers end as unknown, and others are applied', async () => {
    const group = await Group.serving({ limits: SHORT_LOG });
    const { leader } = group;
    const laggard = group.followers[0]!;
    // What it sends still arrives, what it is sent does not.
    await group.create(laggard.id);
    // The leader hears it, and it does not hear the leader.
    group.cut(leader!.id, laggard.id);
    const covered = [1, 2, 3].map(() => group.propose(laggard.id));
    for (let n = 0; n < 60; n++) {
      group.propose(leader!.id);
      await group.pass(4);
    }
    const open = covered.filter(({ outcome }) => outcome === null);
    assert(open.length > 0, 'all were answered before');
    const later = group.propose(laggard.id);
    // What the leader had sent is lost with it; the next one has only the state to send.
    leader!.crash();
    group.healAll();
    await group.untilServing();
    await group.until('all end', () => [...covered, later].every(({ outcome }) => outcome !== null));
    await group.untilLevel();
    assert.equal(group.at(laggard.id).resets, 1);
    assert.deepEqual(new Set(open.map(({ outcome }) => outcome?.kind)), new Set(['unknown']));
    assert.equal(later.outcome?.kind, 'applied');
    group.check();
  });

  it('a crash at any moment of an installation leaves the old state or the new one', async () => {
    let installed = 0;
    for (let ms = 0; ms < 60; ms += 3) {
      const group = await Group.serving({ limits: SHORT_LOG, seed: ms + 1 });
      const laggard = group.followers[0]!.id;
      await many(group, laggard, 10);
      const before = group.at(laggard).member.status().appliedIndex;
      group.at(laggard).crash();
      await many(group, group.leader!.id, 30);
      await group.start(laggard);
      await group.until('the transfer begins', () => group.disks.get(laggard)!.databases.size > 2);
      await group.pass(ms % 20);
      group.at(laggard).crash(() => ms % 2 === 0);
      const process = await group.start(laggard);
      if (process.member.status().appliedIndex > before) installed++;
      await group.untilServing();
      await group.untilLevel();
      group.check();
      assert.deepEqual(group.ends, []);
    }
    assert(installed > 0, 'no crash came after the commit point');
  });

  it('a state that arrives while the old one is still being loaded takes its place', async () => {
    const group = await Group.serving({ limits: { ...SHORT_LOG, loadSliceBytes: 64 } });
    const laggard = group.followers[0]!.id;
    await many(group, laggard, 30);
    await group.pass(100);
    group.at(laggard).crash();
    await many(group, group.leader!.id, 30);
    group.loadMs = 40;
    await group.start(laggard);
    await group.untilServing();
    await group.untilLevel();
    assert.equal(group.at(laggard).resets, 1);
    group.check();
    assert.deepEqual(group.ends, []);
  });

  it('the log is not compacted away from a member that has the state and catches up', async () => {
    const group = await Group.serving({ limits: { ...SHORT_LOG, catchUpMs: 60_000 } });
    const laggard = group.followers[0]!.id;
    group.at(laggard).crash();
    await many(group, group.leader!.id, 40);
    await group.start(laggard);
    for (let n = 0; n < 300; n++) {
      group.propose(group.leader!.id);
      await group.pass(2);
    }
    await group.untilLevel();
    assert.equal(group.at(laggard).resets, 1);
    group.check();
  });

  it('a member that receives the state does not stand for election before it is in place', async () => {
    for (let ms = 0; ms < 40; ms += 4) {
      const group = await Group.serving({ limits: { ...SHORT_LOG, loadSliceBytes: 256 }, seed: ms + 1 });
      const laggard = group.followers[0]!.id;
      group.at(laggard).crash();
      await many(group, group.leader!.id, 40);
      await group.pass(50);
      group.loadMs = 30;
      await group.start(laggard);
      await group.until('the transfer begins', () => group.disks.get(laggard)!.databases.size > 2);
      await group.pass(ms);
      const views = group.at(laggard).views;
      const before = views.length;
      group.leader!.crash();
      await group.pass(150);
      const loading = group.at(laggard).resets === 0;
      const kinds = views.slice(before).map(({ kind }) => kind);
      if (loading) assert(!kinds.includes('elected'), `${kinds.join(', ')} at ${ms} ms`);
      await group.untilServing();
      await group.untilLevel();
      group.check();
      assert.deepEqual(group.ends, []);
    }
  });
});

describe('replica: limits of the log', () => {
  it('a tail of large entries does not shut out proposals for good', async () => {
    const limits = { cutIntervalMs: 20, cutBytes: 1000, logTailBytes: 3000, replayBytes: 8000 };
    const group = await Group.serving({ limits });
    for (let n = 0; n < 40; n++) {
      const { outcome } = await group.create('m1', undefined, 'x'.repeat(1000));
      assert.equal(outcome?.kind, 'applied', `proposal ${n}`);
      await group.pass(30);
    }
    const { log } = group.leader!.disk;
    assert(log!.sizeBytes() < limits.logTailBytes + 4 * 1100, `${log!.sizeBytes()} bytes are kept`);
    group.check();
  });

  it('proposals are refused while cuts lag behind, and taken again once one is durable', async () => {
    const limits = { cutIntervalMs: 20, cutBytes: 1000, logTailBytes: 3000, replayBytes: 5000 };
    const group = await Group.serving({ limits });
    const { leader } = group;
    const state = leader!.disk.state;
    const writeCut = state.writeCut.bind(state);
    const held: (() => void)[] = [];
    state.writeCut = async (...cut) => {
      await new Promise<void>((resolve) => held.push(resolve));
      await writeCut(...cut);
    };
    const outcomes: (string | undefined)[] = [];
    for (let n = 0; n < 12; n++) {
      const { outcome } = await group.create(leader!.id, undefined, 'x'.repeat(1000));
      outcomes.push(outcome?.kind === 'refused' ? outcome.code : outcome?.kind);
    }
    assert.equal(outcomes[0], 'applied');
    assert.equal(outcomes.at(-1), 'OVERLOADED');
    state.writeCut = writeCut;
    for (const go of held) go();
    await group.pass(200);
    assert.equal((await group.create(leader!.id)).outcome?.kind, 'applied');
    await group.untilLevel();
    group.check();
  });
});
