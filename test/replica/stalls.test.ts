import assert from 'node:assert/strict';
import type { MemberId } from '../../lib/base/index.js';
import { LoopGaps } from '../../lib/replica/loop-gaps.js';
import { VirtualTime } from '../support/virtual-time.js';
import { Group } from './group.js';
import type { TestProcess } from './process.js';

/** `process` stands still for `ms`. */
async function standStill(group: Group, process: TestProcess, ms: number): Promise<void> {
  process.freeze();
  await group.pass(ms);
  process.thaw();
}

function interruptions(process: TestProcess) {
  return process.member.status().interruptions;
}

describe('gaps of the loop', () => {
  it('are noticed by the first look after them, once each', () => {
    const time = new VirtualTime();
    const noticed: number[] = [];
    const gaps = new LoopGaps(
      () => time.monotonicMs(),
      200,
      (gapMs) => noticed.push(gapMs),
    );
    time.advance(200);
    gaps.look();
    assert.deepEqual(noticed, []);
    time.advance(201);
    gaps.look();
    gaps.look();
    time.advance(900);
    gaps.look();
    assert.deepEqual(noticed, [201, 900]);
    assert.deepEqual([gaps.count, gaps.longestMs], [2, 900]);
  });
});

describe('replica: a leader that stood still', () => {
  it('for half an election timeout doubts itself: counted, with the time', async () => {
    const group = await Group.serving();
    const leader = group.leader!;
    await standStill(group, leader, 300);
    await group.pass(50);
    const { loopGaps, longestLoopGapMs, doubts } = interruptions(leader);
    assert.deepEqual([loopGaps, doubts], [1, 1]);
    assert(longestLoopGapMs >= 280 && longestLoopGapMs <= 320, `${longestLoopGapMs} ms`);
    assert.equal(group.leader, leader, 'and leads on once it is confirmed');
  });

  it('for less goes on as if nothing had been', async () => {
    const group = await Group.serving();
    const leader = group.leader!;
    await standStill(group, leader, 150);
    await group.pass(50);
    assert.deepEqual([interruptions(leader).loopGaps, interruptions(leader).doubts], [0, 0]);
  });

  it('a follower that stood still has nothing to doubt; it is counted all the same', async () => {
    const group = await Group.serving();
    const [follower] = group.followers;
    await standStill(group, follower!, 250);
    await group.pass(50);
    assert.deepEqual([interruptions(follower!).loopGaps, interruptions(follower!).doubts], [1, 0]);
  });

  it('vouches for nobody who reports to it until a quorum has answered it again', async () => {
    const group = await Group.serving();
    const leader = group.leader!;
    const [follower] = group.followers;
    const vouched: number[] = [];
    follower!.member.listen({ livenessAcknowledged: () => vouched.push(group.time.monotonicMs()) });
    for (let n = 0; n < 5; n++) {
      // Where in its turns it is stopped decides what it finds first when it wakes: a turn, a tick, or the report.
      await group.pass(103);
      leader.freeze();
      follower!.member.reportLiveness(new Uint8Array(0));
      await group.pass(300);
      leader.thaw();
      await group.pass(100);
      assert.equal(vouched.length, n, 'the report of the pause is not answered');
      follower!.member.reportLiveness(new Uint8Array(0));
      await group.pass(20);
      assert.equal(vouched.length, n + 1);
    }
  });

  it('expires nothing while it is cut off from the others: its leadership is not confirmed', async () => {
    const group = await Group.serving();
    const leader = group.leader!;
    leader.freeze();
    group.isolate(leader.id);
    await group.pass(250);
    leader.thaw();
    const confirmed: boolean[] = [];
    leader.member.verifyLeadership((yes) => confirmed.push(yes));
    await group.pass(100);
    assert.deepEqual(confirmed, []);
    group.healAll();
    await group.until('an answer', () => confirmed.length > 0);
    assert.deepEqual(confirmed, [group.leader === leader]);
  });
});

describe('replica: a leader whose own write takes an election timeout', () => {
  /** The disk of the leader hangs under a write; returns the milliseconds until another member leads. */
  async function hang(group: Group): Promise<{ readonly old: TestProcess; readonly tookMs: number }> {
    const old = group.leader!;
    group.hangDisk(old.id);
    group.propose(old.id);
    const sinceMs = group.time.monotonicMs();
    await group.until('another leader', () => group.leader !== null && group.leader !== old);
    return { old, tookMs: group.time.monotonicMs() - sinceMs };
  }

  it('hands over then, and nobody waits for a second timeout', async () => {
    const group = await Group.serving();
    const { old, tookMs } = await hang(group);
    const { electionTicks, tickMs } = group.limits;
    const timeoutMs = electionTicks * tickMs;
    assert(tookMs >= timeoutMs && tookMs < timeoutMs + 100, `${tookMs} ms, election timeout ${timeoutMs} ms`);
    assert.equal(interruptions(old).diskHandOvers, 1);
    assert.equal(interruptions(old).quorumLosses, 0);
  });

  it('does not stand again while its disk hangs, however often the others fall', async () => {
    const group = await Group.serving();
    const { old } = await hang(group);
    const others = group.ids.filter((id) => id !== old.id);
    for (let n = 0; n < 3; n++) {
      const leader: MemberId = group.leader!.id;
      await group.restart(leader);
      await group.until('a leader', () => group.leader !== null && group.leader.alive);
      assert(others.includes(group.leader!.id), `${group.leader!.id} leads with a hanging disk`);
    }
  });

  it('a disk that answers in time costs nothing', async () => {
    const group = await Group.serving();
    const leader = group.leader!;
    const { electionTicks, tickMs } = group.limits;
    group.diskMs.set(leader.id, electionTicks * tickMs - 2 * tickMs);
    for (let n = 0; n < 3; n++) await group.create(leader.id);
    assert.equal(group.leader, leader);
    assert.equal(interruptions(leader).diskHandOvers, 0);
  });
});

describe('replica: a leader that no quorum answers', () => {
  it('gives up leadership after an election timeout, and that is counted', async () => {
    const group = await Group.serving();
    const old = group.leader!;
    group.isolate(old.id);
    await group.until('it no longer leads', () => !old.leads);
    assert.equal(interruptions(old).quorumLosses, 1);
  });
});
