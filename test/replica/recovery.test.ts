import assert from 'node:assert/strict';
import type { MemberId } from '../../lib/base/index.js';
import { RAFT_DEFAULTS } from '../../lib/raft/index.js';
import { Group } from './group.js';

const ENTRIES = { from: Uint8Array.of(0x65), to: Uint8Array.of(0x66) };

/** Cuts the end off a member's log, behind its back: all but the first `keep` entries are gone. */
function loseEntries(group: Group, id: MemberId, keep: number): void {
  const disk = group.disks.get(id)!;
  const entries = disk.databases.get('raft')!.read(ENTRIES, 100_000, 1 << 30);
  const lost = entries.slice(keep).map(([key]) => ({ type: 'delete' as const, key }));
  assert(lost.length > 0, 'nothing to lose');
  disk.tamper('raft', lost);
}

describe('replica: recovery', () => {
  it('a member whose log lost its end neither votes nor stands until it holds everything again', async () => {
    const group = await Group.serving();
    for (let n = 0; n < 12; n++) await group.create('m1');
    await group.untilLevel();
    const victim = group.followers[0]!.id;
    const others = group.ids.filter((id) => id !== victim);
    for (const process of group.alive) process.crash();
    loseEntries(group, victim, 5);
    await group.start(victim);
    const helper = others.find((id) => id !== victim)!;
    await group.start(helper);
    await group.pass(4000);
    // One sound vote and one that does not count: no majority.
    assert.equal(group.leader, null);
    assert.equal(group.at(victim).member.status().role, 'recovering');
    assert.match(group.at(victim).member.status().trouble!, /being refilled: 2 of 3 voters reachable/);
    await group.startAll();
    await group.untilServing();
    await group.until('it is whole', () => group.at(victim).member.status().role === 'follower');
    await group.untilLevel();
    group.check();
    // Now its vote counts: one of the others may go.
    const left = group.followers.find(({ id }) => id !== victim) ?? group.leader!;
    left.crash();
    await group.untilServing();
    assert.deepEqual(group.ends, []);
  });

  it('is not whole before it has all that was committed when it asked, however that is sent', async () => {
    const group = await Group.serving();
    // Entries of a third of a message each: refilling takes many messages.
    const data = 'x'.repeat(RAFT_DEFAULTS.maxAppendBytes / 3);
    for (let n = 0; n < 20; n++) await group.create('m1', undefined, data);
    await group.untilLevel();
    const victim = group.followers[0]!.id;
    group.at(victim).crash();
    loseEntries(group, victim, 4);
    const commit = group.leader!.member.status().commitIndex;
    const process = await group.start(victim);
    let whole = 0;
    await group.until('it is whole', () => {
      const { role, lastIndex } = process.member.status();
      if (role === 'follower') whole = lastIndex;
      return whole > 0;
    });
    assert(whole >= commit, `whole at ${whole}, ${commit} was committed`);
  });

  it('a folder from the past is found out by its peers, and refilled', async () => {
    const group = await Group.serving();
    const victim = group.followers[0]!.id;
    for (let n = 0; n < 5; n++) await group.create('m1');
    await group.untilLevel();
    const past = group.image(victim);
    for (let n = 0; n < 5; n++) await group.create('m1');
    await group.untilLevel();
    group.at(victim).crash();
    group.putBack(victim, past);
    // Nobody refills it yet, so that it can be looked at.
    const { leader } = group;
    group.cut(leader!.id, victim);
    const process = await group.start(victim);
    await group.until('it has heard', () => !/waiting to hear/.test(process.member.status().trouble ?? ''));
    await group.pass(100);
    assert.equal(process.member.status().role, 'recovering');
    group.healAll();
    await group.until('it is whole', () => process.member.status().role === 'follower');
    await group.untilLevel();
    group.check();
  });

  it('a restarted member keeps out of it until a majority has told what it had acknowledged', async () => {
    const group = await Group.serving();
    await group.create('m1');
    const [one, two] = group.followers;
    const leader = group.leader!;
    one!.crash();
    const process = await group.start(one!.id);
    group.isolate(one!.id);
    await group.pass(1000);
    assert.match(process.member.status().trouble!, /waiting to hear from a majority/);
    group.heal(one!.id, two!.id);
    group.heal(two!.id, one!.id);
    await group.pass(1000);
    group.healAll();
    await group.untilServing();
    assert(leader.alive);
  });
});
