import assert from 'node:assert/strict';
import type { SessionId } from '../../lib/base/index.js';
import type { Outcome, ReplicaLimits } from '../../lib/replica/index.js';
import { COMMAND_LEVEL, type Command } from '../../lib/state/index.js';
import { Group } from './group.js';

/** Little is kept of the log, so that whoever is away for a moment needs the state. */
const SHORT_LOG: Partial<ReplicaLimits> = { logTailEntries: 4, cutIntervalMs: 40, logCacheBytes: 0 };
const SESSION = '00000000000000aa' as SessionId;

async function codeOf(group: Group, id: string, command: Command): Promise<string> {
  const end: { outcome: Outcome | null } = { outcome: null };
  group.command(id, command, end);
  await group.until(`an end of ${command.kind}`, () => end.outcome !== null);
  assert(end.outcome?.kind === 'applied', JSON.stringify(end.outcome));
  return end.outcome.result.ok ? 'done' : end.outcome.result.code;
}

/** The first call of the session, whoever sends it and however often. */
const CALL: Command = {
  kind: 'in-session',
  session: SESSION,
  sequence: 1,
  acknowledgedBelow: 1,
  command: { kind: 'tree-create', path: '/call', data: new Uint8Array(0) },
};

function raise(group: Group): Command {
  const nodes = group.ids.map((id) => group.at(id).disk.identity.nodeId);
  const digests = nodes.map((node, i) => ({ node, digest: 'abc'[i]!.repeat(16) }));
  return { kind: 'alarm-raise', index: 1, digests };
}

describe('replica: an alarm', () => {
  it('outlives the leader, a restart of all, and the transfer of the state to who was away', async () => {
    const group = await Group.serving({ limits: SHORT_LOG });
    for (const id of group.ids) {
      const { nodeId: node } = group.at(id).disk.identity;
      const doors = { http: '', grpc: '', peer: '', zookeeper: '' };
      const facts = { release: '0.2.0', commandLevel: COMMAND_LEVEL, memoryBudgetBytes: 0 };
      assert.equal(
        await codeOf(group, id, { kind: 'member-info', node, member: id, doors, ...facts }),
        'done',
      );
    }
    const laggard = group.followers[0]!.id;
    await group.create(laggard);
    group.at(laggard).crash();
    const others = group.ids.filter((id) => id !== laggard);
    assert.equal(
      await codeOf(group, others[0]!, { kind: 'session-open', session: SESSION, timeoutMs: 60_000 }),
      'done',
    );
    assert.equal(await codeOf(group, others[0]!, raise(group)), 'done');
    for (let n = 0; n < 60; n++) {
      assert.equal(await codeOf(group, others[n % 2]!, CALL), 'DIVERGED');
      await group.pass(3);
    }
    await group.start(laggard);
    await group.untilServing();
    await group.untilLevel();
    assert.equal(group.at(laggard).resets, 1, 'it received the state');
    assert.equal(await codeOf(group, laggard, CALL), 'DIVERGED');
    group.leader!.crash();
    await group.untilServing();
    assert.equal(await codeOf(group, group.alive[0]!.id, CALL), 'DIVERGED');
    for (const process of group.alive) process.crash();
    await group.startAll();
    await group.untilServing();
    for (const id of group.ids) assert.equal(await codeOf(group, id, CALL), 'DIVERGED');
    assert.equal(await codeOf(group, group.ids[0]!, { kind: 'alarm-clear', index: 2 }), 'done');
    for (const id of group.ids) assert.equal(await codeOf(group, id, CALL), 'done');
    await group.untilLevel();
    const versions = group.ids.map((id) =>
      group
        .at(id)
        .member.machine.tree.children('/')
        ?.filter((name) => name === 'call'),
    );
    assert.deepEqual(versions, [['call'], ['call'], ['call']]);
    group.check();
  });
});
