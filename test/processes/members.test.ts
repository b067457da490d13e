import assert from 'node:assert/strict';
import { cpSync, rmSync } from 'node:fs';
import type { MemberId } from '../../lib/base/index.js';
import { GrowingGroup, Writers } from '../support/growing-group.js';

describe('processes: who is in the group', function () {
  this.timeout(240_000);
  let group: GrowingGroup;

  afterEach(async () => {
    await group.end();
  });

  it('grows from one to three to five and back under load, and every write is acknowledged and kept', async () => {
    group = await GrowingGroup.of(['m1', 'm2', 'm3', 'm4', 'm5']);
    const writers = new Writers(group.addresses, 2);
    try {
      for (const id of ['m2', 'm3']) await group.join(id, 'm1');
      await group.untilVoters('m1', 'm2', 'm3');
      for (const id of ['m4', 'm5']) await group.join(id, 'm2');
      await group.untilVoters('m1', 'm2', 'm3', 'm4', 'm5');

      const atFive = writers.acknowledged.length;
      for (const id of ['m1', 'm4', 'm2', 'm5']) {
        const { code, stderr } = await group.members('remove', id);
        assert.equal(code, 0, stderr);
      }
      const { stdout } = await group.members('policy', '--json');
      assert.equal(JSON.parse(stdout).unstableLosses, 6);
      // Each is told that it was removed, and ends.
      for (const id of ['m1', 'm4', 'm2', 'm5']) {
        const { code, stderr } = await group.ended(id);
        assert.equal(code, 3, stderr);
        assert.match(stderr, new RegExp(`${id} is not a member any more; .* \\[REMOVED\\]`));
      }
      await group.untilVoters('m3');
      await writers.stop();

      assert.deepEqual(writers.failures, []);
      assert(
        writers.acknowledged.length > atFive && atFive > 0,
        `${atFive} of ${writers.acknowledged.length}`,
      );
      assert.deepEqual(await writers.lost(), []);
    } finally {
      await writers.close();
    }
  });

  it('a master that lost its folder comes back by itself, whatever it was started with', async () => {
    group = await GrowingGroup.of(['m1', 'm2', 'm3']);
    for (const id of ['m2', 'm3']) await group.join(id, 'm1');
    await group.untilVoters('m1', 'm2', 'm3');
    const writers = new Writers(group.addresses, 1);
    try {
      await group.processes.get('m2')!.end('SIGKILL');
      rmSync(group.place('m2').folder, { recursive: true });
      group.startWith('m2', 'used.up', 'm3');
      await group.untilVoters('m1', 'm2', 'm3');
      await group.processes.get('m1')!.end('SIGKILL');
      await group.until('m2 and m3 go on', ({ leader }) => leader === 'm2' || leader === 'm3');
      await writers.stop();
      assert.deepEqual(writers.failures, []);
      assert.deepEqual(await writers.lost(), []);
    } finally {
      await writers.close();
    }
  });

  it('an older folder put back in the place of the one that replaced it is found out, and comes back as a new one', async () => {
    group = await GrowingGroup.of(['m1', 'm2', 'm3']);
    for (const id of ['m2', 'm3']) await group.join(id, 'm1');
    await group.untilVoters('m1', 'm2', 'm3');
    const { folder } = group.place('m2');
    await group.processes.get('m2')!.end();
    cpSync(folder, `${folder}-aside`, { recursive: true });
    rmSync(folder, { recursive: true });
    group.startWith('m2', 'used.up', 'm3');
    await group.untilVoters('m1', 'm2', 'm3');
    await group.processes.get('m2')!.end('SIGKILL');
    rmSync(folder, { recursive: true });
    cpSync(`${folder}-aside`, folder, { recursive: true });
    const { code, stderr } = await group.startWith('m2', 'used.up', 'm3').whenEnded;
    assert.equal(code, 6, stderr);
    assert.match(stderr, /the folder m2@\w+ left the group .*m2 is in it with the folder m2@\w+ \[RETIRED\]/);
    group.startWith('m2', 'used.up', 'm3');
    await group.untilVoters('m1', 'm2', 'm3');
  });

  it('a removal that would leave the group with a master that stands still is refused, at once after it stopped', async () => {
    group = await GrowingGroup.of(['m1', 'm2', 'm3']);
    for (const id of ['m2', 'm3']) await group.join(id, 'm1');
    await group.untilVoters('m1', 'm2', 'm3');
    const { child } = group.processes.get('m3')!;
    child.kill('SIGSTOP');
    const removal = group.operator.changeMembers({ kind: 'remove', value: 'm2' as MemberId });
    await assert.rejects(removal, {
      code: 'QUORUM_AT_RISK',
      message: '2 voters, 1 reachable after removal of m2, 2 needed (reachable: m1; not: m3)',
    });
    child.kill('SIGCONT');
    await group.untilVoters('m1', 'm2', 'm3');
  });

  it('a change that would cost the quorum is refused with exit code 3, and says why in numbers', async () => {
    group = await GrowingGroup.of(['m1', 'm2', 'm3']);
    for (const id of ['m2', 'm3']) await group.join(id, 'm1');
    await group.untilVoters('m1', 'm2', 'm3');
    await group.processes.get('m3')!.end('SIGKILL');
    await group.until('m3 is missed', ({ members }) => members.some(({ role }) => role === 'unreachable'));
    const { code, stderr } = await group.members('remove', 'm2');
    assert.equal(code, 3);
    assert.match(
      stderr,
      /2 voters, 1 reachable after removal of m2, 2 needed \(reachable: m1; not: m3\) \[QUORUM_AT_RISK\]/,
    );
    const unknown = await group.members('promote', 'm9');
    assert.equal(unknown.code, 3);
    assert.match(unknown.stderr, /m9 is none of m1, m2, m3/);
  });

  it('a token that is used up or not one ends the new master with exit code 3', async () => {
    group = await GrowingGroup.of(['m1', 'm2', 'm3']);
    const { stdout } = await group.members('add', '--json');
    const { token } = JSON.parse(stdout) as { token: string };
    group.startWith('m2', token, 'm1');
    await group.untilVoters('m1', 'm2');
    for (const bad of [token, 'nonsense']) {
      const { code, stderr } = await group.startWith('m3', bad, 'm2').whenEnded;
      assert.equal(code, 3);
      assert.match(stderr, /TOKEN_REFUSED/);
    }
  });
});
