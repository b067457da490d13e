import assert from 'node:assert/strict';
import { TepuiError } from '../../lib/base/index.js';
import { Group } from './group.js';

describe('replica: failures', () => {
  it('a failed write ends the process once, and nothing is answered afterwards', async () => {
    for (const kind of ['write', 'sync'] as const) {
      const group = await Group.serving();
      const leader = group.leader!;
      const read = group.read(leader.id, '/x');
      await group.until('the read ends', () => read.end !== null);
      group.disks.get(leader.id)!.failNext('kv raft', kind);
      const proposal = group.propose(leader.id);
      await group.until('it ends', () => !leader.alive);
      const late = leader.member;
      late.propose(new Uint8Array(0), () => assert.fail('answered after the end'));
      await group.pass(2000);
      assert.equal(proposal.outcome, null);
      assert.equal(group.ends.length, 1);
      assert(group.ends[0]!.error instanceof TepuiError && group.ends[0]!.error.code === 'STORAGE');
      await group.startAll();
      await group.untilServing();
      await group.untilLevel();
      group.check();
    }
  });

  it('a state that is not what was written is discarded, and the member recovers from the others', async () => {
    const group = await Group.serving({ limits: { cutIntervalMs: 30, logTailEntries: 4, logCacheBytes: 0 } });
    for (let n = 0; n < 20; n++) await group.create('m1');
    await group.pass(200);
    const victim = group.followers[0]!.id;
    group.at(victim).crash();
    const records = { from: Uint8Array.of(0x72), to: Uint8Array.of(0x73) };
    const [[key, value]] = group.disks
      .get(victim)!
      .databases.get('state')!
      .read(records, 1, 1 << 20) as [[Uint8Array, Uint8Array]];
    const bad = value.slice();
    bad[bad.length - 1]! ^= 1;
    group.disks.get(victim)!.tamper('state', [{ type: 'put', key, value: bad }]);
    const first = await group.start(victim);
    await group.until('it ends', () => !first.alive);
    const [end] = group.ends;
    assert(end?.error instanceof TepuiError && end.error.code === 'DAMAGED');
    assert.equal(group.ends.length, 1);
    await group.start(victim);
    await group.untilServing();
    await group.untilLevel();
    await group.until('it is whole', () => group.at(victim).member.status().role === 'follower');
    group.check();
    assert.equal(group.ends.length, 1);
  });

  it('a listener that throws while an entry is applied ends the process, and is not held against the entry', async () => {
    const group = await Group.serving();
    const victim = group.followers[0]!;
    victim.member.listen({
      changed: () => {
        throw new Error('a defect of a listener');
      },
    });
    const written = await group.create(group.leader!.id);
    await group.until('it ends', () => !victim.alive);
    assert.match(String(group.ends[0]!.error), /a defect of a listener/);
    await group.start(victim.id);
    await group.untilServing();
    await group.until('it has it', () => group.has(victim.id, written.path));
    group.check();
  });

  it('an entry that breaks apply halts the member there: it is recorded, and survives a restart', async () => {
    const group = await Group.serving({ limits: { cutIntervalMs: 30 } });
    await group.create('m1');
    await group.untilLevel();
    const victim = group.followers[0]!;
    const before = victim.member.machine.revision;
    const reads: { readonly end: string | null }[] = [];
    victim.member.machine.apply = () => {
      reads.push(group.read(victim.id, '/1'));
      throw new Error('a defect of this release');
    };
    const own = group.propose(victim.id);
    await group.until('it ends', () => !victim.alive);
    await group.pass(100);
    assert.equal(own.outcome, null);
    assert.deepEqual(reads, [{ end: null }]);
    assert.match(String(group.ends[0]!.error), /a defect of this release/);
    for (let n = 0; n < 5; n++) await group.create(group.leader!.id);
    const again = await group.start(victim.id);
    await group.pass(2000);
    const status = again.member.status();
    assert.equal(status.revision, before);
    assert.match(
      status.trouble!,
      /^halted before entry \d+, which broke this release: a defect of this release$/,
    );
    assert.equal(status.lastIndex, group.leader!.member.status().lastIndex, 'it replicates');
    // It votes, and does not stand.
    const other = group.followers.find((one) => one.id !== victim.id)!;
    group.leader!.crash();
    await group.until('another leader', () => group.leader !== null);
    assert.equal(group.leader!.id, other.id);
  });

  it('another release applies the entry that broke the one before', async () => {
    const group = await Group.serving();
    await group.untilLevel();
    const victim = group.followers[0]!;
    victim.member.machine.apply = () => {
      throw new Error('a defect of this release');
    };
    const { path } = group.propose(group.leader!.id);
    await group.until('it ends', () => !victim.alive);
    group.release = '0.1.1';
    await group.start(victim.id);
    await group.untilServing();
    await group.untilLevel();
    assert(group.has(victim.id, path));
    group.check();
  });

  it('a state from beyond the entry that broke apply ends the halt', async () => {
    const group = await Group.serving({ limits: { cutIntervalMs: 30, logTailEntries: 4, logCacheBytes: 0 } });
    await group.untilLevel();
    const victim = group.followers[0]!;
    victim.member.machine.apply = () => {
      throw new Error('a defect of this release');
    };
    group.propose(group.leader!.id);
    await group.until('it ends', () => !victim.alive);
    for (let n = 0; n < 40; n++) await group.create(group.leader!.id);
    await group.pass(100);
    await group.start(victim.id);
    await group.untilServing();
    await group.untilLevel();
    group.check();
    const again = await group.restart(victim.id);
    await group.untilServing();
    assert.equal(again.member.status().trouble, null);
  });

  it('a member whose disk hangs answers nothing and loses its office', async () => {
    const group = await Group.serving();
    const old = group.leader!;
    group.hangDisk(old.id);
    const proposal = group.propose(old.id);
    await group.until('another leader', () => group.leader !== null && group.leader !== old);
    assert.deepEqual(
      group.proposals.map(({ outcome }) => outcome),
      [null],
    );
    group.resumeDisk(old.id);
    await group.until('it ends', () => proposal.outcome !== null);
    assert.equal(proposal.outcome?.kind, 'applied');
    await group.untilLevel();
    group.check();
  });

  it('frames that cannot be read end the stream they came by, and nothing else', async () => {
    const group = await Group.serving();
    const [one, two] = group.followers;
    const kinds = [
      'raft',
      'lane',
      'laneReply',
      'call',
      'callReply',
      'push',
      'liveness',
      'livenessReply',
    ] as const;
    for (const kind of kinds) {
      const ends = one!.downs.length;
      one!.send(two!.id, kind, Uint8Array.of(0xff, 0xff, 0xff));
      await group.pass(300);
      assert.deepEqual(group.ends, [], kind);
      if (kind !== 'liveness') assert(one!.downs.length > ends, `${kind}: the stream goes on`);
    }
    await group.untilServing();
    await group.create(one!.id);
    await group.untilLevel();
    group.check();
  });
});
