import assert from 'node:assert/strict';
import type { ClusterId, NodeId } from '../../../lib/base/index.js';
import type { Outcome } from '../../../lib/replica/index.js';
import {
  DEFAULT_LIMITS,
  Machine,
  encodeCommand,
  encodeEntry,
  encodeSubBatch,
} from '../../../lib/state/index.js';
import { snapshotOf, stagingSteps, type StagedSnapshot } from '../../support/restoring.js';
import { HubGroup, create } from './hub-group.js';

describe('A coordination session', () => {
  it('is opened under an id of its own, on record with the member that has its connection', async () => {
    const hubs = await HubGroup.serving();
    const [home] = hubs.followers;
    const one = await hubs.open(home!);
    const two = await hubs.open(home!);
    assert.notEqual(one.id, two.id);
    assert.match(one.id, /^[0-7][0-9a-f]{15}$/);
    assert.notDeepEqual(one.key.password, two.key.password);
    await hubs.group.untilLevel();
    for (const { member } of hubs.group.alive) {
      const record = member.machine.coordination.get(one.id);
      assert.deepEqual([record?.attachment, record?.member], [1, home!.process.disk.identity.nodeId]);
    }
  });

  it('taken up at another member loses its first connection there, and keeps what it owns', async () => {
    const hubs = await HubGroup.serving();
    const [a, b] = hubs.followers;
    const first = await hubs.open(a!);
    first.write('create', create('/mine', 'ephemeral'));
    await hubs.told(first, 1);
    const { kind, client } = await hubs.attach(b!, first.key);
    assert.equal(kind, 'attached');
    await hubs.until('the first connection is closed', () => first.cause !== null);
    assert.equal(first.cause, 'moved');
    client.read('/mine');
    assert.deepEqual(await hubs.told(client, 1), ['/mine is x']);
    assert.deepEqual([a!.hub.size, b!.hub.size], [0, 1]);
  });

  it('taken up at the same member loses its first connection before the second is told anything', async () => {
    const hubs = await HubGroup.serving();
    const { leader } = hubs;
    const first = await hubs.open(leader);
    const { client } = await hubs.attach(leader, first.key);
    assert.deepEqual([first.cause, client.cause, leader.hub.size], ['moved', null, 1]);
    // The end of the first connection, once its socket is closed, does not concern the second.
    leader.hub.detach(first.session);
    client.read('/');
    await hubs.told(client, 1);
    assert.ok(leader.answers(client));
    // Nor does anybody get its number in the table of watches a second time.
    const [third, fourth] = [await hubs.open(leader), await hubs.open(leader)];
    assert.equal(new Set([client, third, fourth].map(({ session }) => session.watcher)).size, 3);
  });

  it('is disturbed by nobody who does not know its password, and an unknown one is refused alike', async () => {
    const hubs = await HubGroup.serving();
    const [a, b] = hubs.followers;
    const owner = await hubs.open(a!);
    for (const password of [new Uint8Array(16), new Uint8Array(3)]) {
      const { kind } = await hubs.attach(b!, { session: owner.id, password });
      assert.equal(kind, 'no-session');
    }
    const unknown = await hubs.attach(b!, {
      session: '0000000000000001' as never,
      password: owner.key.password,
    });
    assert.equal(unknown.kind, 'no-session');
    await hubs.group.untilLevel();
    assert.equal(owner.cause, null);
    assert.equal(a!.process.member.machine.coordination.get(owner.id)?.attachment, 1);
    owner.write('still', create('/still'));
    assert.deepEqual(await hubs.told(owner, 1), ['still: done']);
  });

  it('that moved is not written to by what its former member still held back', async () => {
    const hubs = await HubGroup.serving();
    const [a, b] = hubs.followers;
    const before = await hubs.open(a!);
    hubs.group.isolate(a!.process.id);
    before.write('late', create('/late'));
    const after = await hubs.attach(b!, before.key);
    assert.equal(after.kind, 'attached');
    // Proposed behind it in the same lane: once this one has ended, so has the other.
    const behind = hubs.group.propose(a!.process.id, '/behind');
    hubs.group.rejoin(a!.process.id);
    await hubs.until('the lane is through', () => behind.outcome !== null);
    assert.equal(behind.outcome!.kind, 'applied');
    await hubs.group.untilLevel();
    for (const id of hubs.group.ids) assert.equal(hubs.group.has(id, '/late'), false);
    assert.equal(before.cause, 'moved');
    assert.deepEqual(before.log, []);
  });

  it('closed by its client is gone with its nodes, and is told so as the last thing', async () => {
    const hubs = await HubGroup.serving();
    const client = await hubs.open(hubs.leader);
    const other = await hubs.open(hubs.followers[0]!);
    client.write('create', create('/mine', 'ephemeral'));
    client.session.close(({ kind }) => client.log.push(`closed: ${kind}`));
    client.write('after', create('/after'));
    assert.deepEqual(await hubs.told(client, 3), [
      'create: done',
      'closed: applied',
      'after: SESSION_EXPIRED',
    ]);
    await hubs.group.untilLevel();
    other.read('/mine');
    assert.deepEqual(await hubs.told(other, 1), ['/mine is absent']);
    assert.equal((await hubs.attach(hubs.leader, client.key)).kind, 'no-session');
  });

  it('that asks for a write which waits for a third of its timeout is closed: nobody can say whether it is done', async () => {
    const hubs = await HubGroup.serving();
    const [a] = hubs.followers;
    const timeoutMs = 12_000;
    const client = await hubs.open(a!, timeoutMs);
    hubs.group.isolate(a!.process.id);
    const fromMs = hubs.group.time.monotonicMs();
    client.write('w', create('/w'));
    await hubs.until('it is closed', () => client.cause !== null);
    const waitedMs = client.endedAtMs - fromMs;
    assert.equal(client.cause, 'parked');
    assert.ok(waitedMs >= timeoutMs / 3 && waitedMs < timeoutMs / 3 + 200, `${waitedMs} ms`);
  });
});

describe('All coordination sessions of a member', () => {
  it('are closed when a state is installed: what was watched may have changed unseen', async () => {
    const hubs = await HubGroup.serving({
      limits: { cutIntervalMs: 40, logTailEntries: 4, logCacheBytes: 0 },
    });
    const [a, b] = hubs.followers;
    const behind = await hubs.open(a!);
    const level = await hubs.open(b!);
    behind.session.watch('/n1', 'data');
    hubs.group.isolate(a!.process.id);
    for (let n = 0; n < 200; n++) {
      hubs.group.propose(b!.process.id);
      await hubs.group.pass(3);
    }
    await hubs.group.pass(500);
    hubs.group.rejoin(a!.process.id);
    await hubs.until('the state is installed', () => a!.process.resets > 0);
    assert.deepEqual([behind.cause, level.cause, a!.hub.size, a!.hub.watches.size], ['reset', null, 0, 0]);
    assert.equal((await hubs.attach(a!, behind.key)).kind, 'attached');
  });

  /** The state of another group, in which nothing is. */
  function foreign(): StagedSnapshot {
    const machine = new Machine(DEFAULT_LIMITS);
    const init = { kind: 'cluster-init', clusterId: 'other' as ClusterId, limits: DEFAULT_LIMITS } as const;
    const batch = encodeSubBatch('m9@0000000000000009' as NodeId, 1, 1, [encodeCommand(init)]);
    machine.apply(7, 1, encodeEntry(1000, [batch]));
    return snapshotOf(machine);
  }

  it('are closed when the group is taken back to a snapshot, of which there are none of them', async () => {
    const hubs = await HubGroup.serving();
    const clients = [await hubs.open(hubs.leader), await hubs.open(hubs.followers[0]!)];
    const restore = '0123456789abcdef'.repeat(2);
    const steps = [
      ...stagingSteps(foreign(), restore, 8),
      { kind: 'restore-settle', restore } as const,
      { kind: 'restore-commit', restore } as const,
    ];
    for (const step of steps) {
      for (let more = true; more;) {
        const asked: { outcome: Outcome | null } = { outcome: null };
        hubs.group.command(hubs.leader.process.id, step, asked);
        await hubs.until(step.kind, () => asked.outcome !== null);
        const result = asked.outcome?.kind === 'applied' ? asked.outcome.result : null;
        assert.ok(result?.ok, JSON.stringify(asked));
        more = step.kind === 'restore-settle' && result.value.kind === 'effect' && result.value.changed;
      }
    }
    await hubs.until('everybody is restored', () => clients.every(({ cause }) => cause !== null));
    assert.deepEqual(
      clients.map(({ cause }) => cause),
      ['reset', 'reset'],
    );
    await hubs.group.untilServing();
    assert.equal((await hubs.attach(hubs.leader, clients[0]!.key)).kind, 'no-session');
  });
});
