import assert from 'node:assert/strict';
import { must } from '../../lib/base/index.js';
import { MASTER_LIMITS, type OfferExplanation } from '../../lib/master/index.js';
import { DEFAULT_LIMITS, decodeCommand, encodeCommand, type DigestVerdict } from '../../lib/state/index.js';
import type { CallReply } from '../../lib/replica/types.js';
import { encodeAcceptCall } from '../../lib/master/offers/call-codec.js';
import { CALL_METHODS } from '../../lib/master/numbers.js';
import { World, acceptedAt, refusalCode, resources, taskInfo } from './world.js';

function proposedKinds(world: World, at: number): string[] {
  return world.group.member(at).proposed.map((command) => decodeCommand(command).kind);
}

describe('the group’s record', () => {
  it('begins with cluster-init, by the first leader, once', () => {
    const world = new World({ members: 3 });
    world.settle();
    assert.equal(proposedKinds(world, 1)[0], 'cluster-init');
    world.group.elect(2);
    world.settle();
    const all = [1, 2, 3].flatMap((at) => proposedKinds(world, at));
    assert.equal(all.filter((kind) => kind === 'cluster-init').length, 1);
    assert.equal(world.machine.cluster.clusterId, 'cluster-1');
    assert.deepEqual(world.machine.limits, DEFAULT_LIMITS);
  });

  it('knows every member’s doors and release', () => {
    const world = new World({ members: 3 });
    world.settle();
    const members = world.machine.cluster.members();
    assert.deepEqual(
      members.map(({ member, doors, release }) => [member, doors.grpc, doors.zookeeper, release]),
      ['m1', 'm2', 'm3'].map((member) => [member, '127.0.0.1:5060', '', '0.1.0']),
    );
  });

  it('follows a member whose budget changes', () => {
    const world = new World({ members: 3 });
    world.settle();
    world.group.member(2).memoryBudgetBytes = 0;
    world.advance(1_100);
    const { node } = world.group.member(2);
    assert.equal(world.machine.cluster.member(node)?.memoryBudgetBytes, 0);
  });

  it('is not written again when nothing changed', () => {
    const world = new World({ members: 3 });
    world.settle();
    for (const leader of [2, 3, 1]) world.group.elect(leader);
    world.advance(5_000);
    const all = [1, 2, 3].flatMap((at) => proposedKinds(world, at));
    assert.equal(all.filter((kind) => kind === 'member-info').length, 3);
  });
});

describe('checkpoints', () => {
  function withVerdicts(): { world: World; verdicts: DigestVerdict[] } {
    const verdicts: DigestVerdict[] = [];
    const world = new World({ members: 3, verdict: (verdict) => verdicts.push(verdict) });
    world.settle();
    return { world, verdicts };
  }

  /** The members' copies at the last checkpoint, as their drivers report them. */
  function report(world: World, digests: readonly string[]): void {
    const { index } = must(world.machine.checkpoints.list().at(-1), 'a checkpoint');
    digests.forEach((digest, i) => world.group.member(i + 1).cut(index, digest));
    world.settle();
  }

  const A = 'a'.repeat(16);
  const B = 'b'.repeat(16);
  const C = 'c'.repeat(16);

  it('are proposed by the leader at their interval, and by nobody else', () => {
    const { world } = withVerdicts();
    world.advance(MASTER_LIMITS.checkpointIntervalMs + 100);
    const counts = [1, 2, 3].map(
      (at) => proposedKinds(world, at).filter((kind) => kind === 'checkpoint').length,
    );
    assert.deepEqual(counts, [1, 0, 0]);
  });

  it('at which all agree are told as such, on every member', () => {
    const { world, verdicts } = withVerdicts();
    world.advance(MASTER_LIMITS.checkpointIntervalMs + 100);
    report(world, [A, A, A]);
    assert.ok(verdicts.length >= 3);
    assert.ok(verdicts.every((one) => one.kind === 'majority' && one.differing.length === 0));
  });

  it('name the member whose copy differs from a majority', () => {
    const { world, verdicts } = withVerdicts();
    world.advance(MASTER_LIMITS.checkpointIntervalMs + 100);
    report(world, [A, A, B]);
    const differing = verdicts.flatMap((one) => (one.kind === 'majority' ? one.differing : []));
    assert.deepEqual([...new Set(differing)], [world.group.member(3).node]);
  });

  it('do not wait for a folder that a member has no more, although it is on record', () => {
    const { world, verdicts } = withVerdicts();
    const { node, ...facts } = must(world.machine.cluster.members()[1], 'm2');
    assert.equal(node, 'm2@0000000000000001');
    world.commit({ kind: 'member-info', ...facts, node: 'm2@00000000000000ff' as never });
    world.advance(MASTER_LIMITS.checkpointIntervalMs + 100);
    report(world, [A, A, B]);
    const last = verdicts.at(-1);
    assert.deepEqual(last?.kind === 'majority' ? last.differing : last, [world.group.member(3).node]);
  });

  it('tell each member its own digest there, until another state takes the place of the one it measured', () => {
    const told: (string | null)[] = [];
    const world = new World({ members: 3, verdict: (_, measured) => told.push(measured) });
    world.settle();
    world.advance(MASTER_LIMITS.checkpointIntervalMs + 100);
    report(world, [A, B, A]);
    assert.deepEqual(new Set(told), new Set([A, B]));
    const { index } = must(world.machine.checkpoints.list().at(-1), 'a checkpoint');
    const { node } = world.group.member(2);
    for (const at of [1, 2, 3]) world.group.member(at).reset();
    told.length = 0;
    world.commit({ kind: 'checkpoint-digest', node, index, digest: B });
    assert.deepEqual(new Set(told), new Set([null]));
  });

  it('tell it when no value has a majority', () => {
    const { world, verdicts } = withVerdicts();
    world.advance(MASTER_LIMITS.checkpointIntervalMs + 100);
    report(world, [A, B, C]);
    assert.equal(verdicts.at(-1)?.kind, 'split');
  });

  it('raise an alarm when no value has a majority, once, with each member’s value', () => {
    const { world } = withVerdicts();
    world.advance(MASTER_LIMITS.checkpointIntervalMs + 100);
    report(world, [A, B, C]);
    const { index } = must(world.machine.checkpoints.list().at(-1), 'a checkpoint');
    const digests = [A, B, C].map((digest, i) => ({ node: world.group.member(i + 1).node, digest }));
    for (const { machine } of world.group.alive()) {
      assert.deepEqual([machine.alarm?.index, machine.alarm?.digests], [index, digests]);
    }
    const raises = [1, 2, 3].map((at) => proposedKinds(world, at).filter((kind) => kind === 'alarm-raise'));
    assert.deepEqual(raises, [['alarm-raise'], [], []]);
    assert.equal(
      must(world.commit({ kind: 'tree-create', path: '/a', data: new Uint8Array(0) }), '').ok,
      false,
    );
  });

  it('raise it anew at each checkpoint that is split, and clear it at the first that is not', () => {
    const { world } = withVerdicts();
    const next = (digests: readonly string[]): void => {
      world.advance(MASTER_LIMITS.checkpointIntervalMs + 100);
      report(world, digests);
    };
    next([A, B, C]);
    const first = world.machine.alarm?.index ?? 0;
    next([A, B, C]);
    assert.ok((world.machine.alarm?.index ?? 0) > first);
    next([A, B, A]);
    assert.equal(world.machine.alarm, null);
    assert.ok(world.commit({ kind: 'tree-create', path: '/a', data: new Uint8Array(0) }).ok);
  });

  it('raise no alarm while a member does not know alarms, and ask again at the next one', () => {
    const { world } = withVerdicts();
    const { node, memberId } = world.group.member(3);
    world.group.kill(3);
    const known = must(world.machine.cluster.member(node), 'm3');
    const next = (): void => {
      world.advance(MASTER_LIMITS.checkpointIntervalMs + 100);
      const { index } = must(world.machine.checkpoints.list().at(-1), 'a checkpoint');
      world.commit({ kind: 'checkpoint-digest', node, index, digest: C });
      report(world, [A, B]);
    };
    world.commit({ kind: 'member-info', ...known, member: memberId, commandLevel: 1 });
    next();
    world.advance(5_000);
    assert.equal(world.machine.alarm, null);
    world.commit({ kind: 'member-info', ...known, member: memberId });
    next();
    assert.equal(world.group.member(1).machine.alarm?.digests.length, 3);
  });

  it('of a new leader judge what the old one left', () => {
    const { world } = withVerdicts();
    world.advance(MASTER_LIMITS.checkpointIntervalMs + 100);
    const { index } = must(world.machine.checkpoints.list().at(-1), 'a checkpoint');
    world.group.lose();
    [A, B, C].forEach((digest, i) => world.group.member(i + 1).cut(index, digest));
    world.settle();
    const alarm = (): number | undefined => world.machine.alarm?.index;
    assert.equal(alarm(), undefined);
    world.group.elect(2);
    world.settle();
    assert.equal(alarm(), index);
  });

  it('are not reported for cuts that were taken for other reasons', () => {
    const { world } = withVerdicts();
    world.group.member(1).cut(1, A);
    world.settle();
    assert.deepEqual(
      proposedKinds(world, 1).filter((kind) => kind === 'checkpoint-digest'),
      [],
    );
  });
});

describe('an alarm', () => {
  const digests = [{ node: 'm1@0000000000000001' as never, digest: 'a'.repeat(16) }];

  function raise(world: World, index: number = 1): void {
    assert.ok(world.commit({ kind: 'alarm-raise', index, digests }).ok);
  }

  function clear(world: World): void {
    assert.ok(world.commit({ kind: 'alarm-clear', index: 1_000_000 }).ok);
    world.settle();
  }

  it('stops the leader’s loops: nothing expires, nothing is offered, nothing is proposed', () => {
    const world = new World();
    world.addAgent('a1');
    const scheduler = world.subscribe('F', { failoverSeconds: 60 });
    const session = world.openSession(10_000);
    assert.equal(scheduler.offers().length, 1);
    scheduler.disconnect();
    const gone = world.subscribe('G');
    raise(world);
    assert.deepEqual(gone.offers(), [], 'offers are withdrawn');
    const before = world.group.member(1).proposed.length;
    world.advance(MASTER_LIMITS.checkpointIntervalMs / 2);
    assert.deepEqual(
      proposedKinds(world, 1)
        .slice(before)
        .filter((kind) => !kind.startsWith('checkpoint')),
      [],
    );
    clear(world);
    assert.equal(world.machine.agents.get('a1' as never)?.status.kind, 'connected');
    assert.ok(world.machine.sessions.get(session) !== null);
    assert.equal(gone.offers().length, 1, 'offers come again');
  });

  it('once cleared, starts every deadline anew at full length', () => {
    const world = new World();
    world.addAgent('a1');
    const session = world.openSession(10_000);
    raise(world);
    world.advance(60_000);
    clear(world);
    world.advance(9_000);
    assert.equal(world.machine.agents.get('a1' as never)?.status.kind, 'connected');
    assert.ok(world.machine.sessions.get(session) !== null);
    world.advance(7_000);
    assert.equal(world.machine.agents.get('a1' as never)?.status.kind, 'unreachable');
    assert.equal(world.machine.sessions.get(session), null);
  });

  it('that stands when a leader is elected keeps its loops at rest as well', () => {
    const world = new World({ members: 3 });
    world.addAgent('a1');
    raise(world);
    world.group.elect(2);
    world.advance(20_000);
    assert.equal(world.machine.agents.get('a1' as never)?.status.kind, 'connected');
    clear(world);
    world.advance(20_000);
    assert.equal(world.machine.agents.get('a1' as never)?.status.kind, 'unreachable');
  });

  it('leaves a sweep where it was, and lets it go on afterwards', () => {
    const world = new World({ limits: { sweeps: { tasksPerSlice: 7, retryMs: 200 } } });
    const agent = world.addAgent('a1', resources(100, 100_000));
    const scheduler = world.subscribe('F');
    const tasks = Array.from({ length: 30 }, (_, i) => taskInfo(`t${i}`, agent));
    acceptedAt(scheduler.accept(must(scheduler.offers()[0], 'an offer'), tasks));
    // In one entry, so to speak: the sweep begins, and its first slice meets the alarm.
    world.group.holding = true;
    scheduler.ask({ type: 'TEARDOWN' });
    world.group.member(1).propose(encodeCommand({ kind: 'alarm-raise', index: 1, digests }), () => {});
    world.group.release();
    world.settle();
    assert.equal(world.machine.sweeps.length, 1);
    const before = proposedKinds(world, 1).length;
    world.advance(5_000);
    assert.equal(proposedKinds(world, 1).length, before, 'no slice is tried meanwhile');
    clear(world);
    assert.equal(world.machine.sweeps.length, 0);
    assert.equal(world.machine.frameworks.get(scheduler.frameworkId)?.status.kind, 'completed');
  });

  it('refuses a launch with DIVERGED; after it the same call of the same session may find another offer', () => {
    const world = new World();
    const agent = world.addAgent('a1');
    const scheduler = world.subscribe('F');
    const [offer] = scheduler.offers();
    const session = world.openSession();
    scheduler.session = session;
    raise(world);
    assert.equal(refusalCode(scheduler.accept(must(offer, 'an offer'), [taskInfo('t', agent)])), 'DIVERGED');
    assert.equal(world.machine.sessions.lookup(session, 1).kind, 'new');
    clear(world);
    acceptedAt(scheduler.accept(must(scheduler.offers()[0], 'an offer'), [taskInfo('t', agent)]));
  });
});

describe('a teardown', () => {
  it('kills the framework’s tasks in slices until it is complete', () => {
    const world = new World({ limits: { sweeps: { tasksPerSlice: 7, retryMs: 200 } } });
    const agent = world.addAgent('a1', resources(100, 100_000));
    const scheduler = world.subscribe('F');
    const tasks = Array.from({ length: 30 }, (_, i) => taskInfo(`t${i}`, agent));
    acceptedAt(scheduler.accept(must(scheduler.offers()[0], 'an offer'), tasks));
    acceptedAt(scheduler.ask({ type: 'TEARDOWN' }));
    world.settle();
    assert.equal(world.machine.frameworks.get(scheduler.frameworkId)?.status.kind, 'completed');
    const slices = proposedKinds(world, 1).filter((kind) => kind === 'sweep').length;
    assert.ok(slices >= 5, `${slices} slices of 7 for 30 tasks`);
    const kills = world.machine.agents.commandsFor(agent).kills.length;
    const gone = world.machine.tasks.ofFramework(scheduler.frameworkId).length;
    assert.equal(kills === 30 || gone === 0, true, `${kills} kills, ${gone} tasks`);
  });
});

describe('the leader explains', () => {
  function explain(world: World, frameworkId: string, at = 1): OfferExplanation {
    let explanation: OfferExplanation | null = null;
    world.master(at).explainOffers(frameworkId as never, (answer) => {
      assert.ok('reasons' in answer, JSON.stringify(answer));
      explanation = answer;
    });
    world.settle();
    return must<OfferExplanation>(explanation, 'an answer');
  }

  it('with counts per reason why a framework gets no offer, asked at any master', () => {
    const world = new World({ members: 3 });
    for (const name of ['a1', 'a2', 'a3', 'a4']) world.addAgent(name);
    const scheduler = world.subscribe('F', { at: 2 });
    const [first, second] = scheduler.offers();
    scheduler.decline(must(first, 'an offer'), 3600);
    const agentId = must(second, 'an offer').agent_id.value as never;
    world.commit({ kind: 'agent-disconnect', agentId, attachment: world.attachment(agentId) });
    assert.deepEqual(explain(world, scheduler.frameworkId, 3), {
      frameworkId: scheduler.frameworkId,
      offers: 2,
      agents: 4,
      obstacle: null,
      reasons: [
        { reason: 'offered and not answered yet', count: 2 },
        { reason: 'refused before', count: 1 },
        { reason: 'the agent is not connected', count: 1 },
      ],
    });
  });

  it('what rules out every agent at once', () => {
    const world = new World();
    const scheduler = world.subscribe('F');
    acceptedAt(scheduler.ask({ type: 'SUPPRESS' }));
    assert.match(explain(world, scheduler.frameworkId).obstacle ?? '', /all 1 roles are suppressed: \*/);
    scheduler.disconnect();
    assert.match(explain(world, scheduler.frameworkId).obstacle ?? '', /not connected/);
    assert.match(explain(world, 'nobody').obstacle ?? '', /not known/);
  });
});

describe('a message of a newer release', () => {
  it('is answered with what it asks for that this leader does not know, and changes nothing', () => {
    const world = new World({ members: 2 });
    const agent = world.addAgent('a1');
    const scheduler = world.subscribe('F', { at: 2 });
    const launch = {
      kind: 'task-launch',
      frameworkId: scheduler.frameworkId,
      agentId: agent,
      role: '*',
      term: 1,
      tasks: [],
    } as const;
    const call = {
      kind: 'in-session',
      session: world.openSession(),
      sequence: 1,
      acknowledgedBelow: 1,
    } as const;
    const body = encodeAcceptCall({ offerIds: [], refuseMs: 0, launch: { ...call, command: launch } });
    // The version of the command within the session command, which is the newest part of it.
    const inner = Buffer.from(body).indexOf(Uint8Array.of(19, 1));
    body[inner + 1] = 2;
    const revision = world.machine.revision;
    const replies: CallReply[] = [];
    world.group.member(2).callLeader(CALL_METHODS.accept, body, (reply) => replies.push(reply));
    world.settle();
    const [reply] = replies;
    assert.ok(reply !== undefined && !reply.ok);
    assert.deepEqual([reply.code, reply.unknown], ['UNSUPPORTED', false]);
    assert.match(reply.message, /^command 19 version 2 is unknown to this release/);
    assert.equal(world.machine.revision, revision);
  });

  it('that brings news of another kind is dropped', () => {
    const world = new World({ members: 2 });
    const { memberId } = world.group.member(2);
    world.group.member(1).push(memberId, 99, Uint8Array.of(1));
    world.addAgent('a1');
    assert.equal(world.subscribe('F', { at: 2 }).offers().length, 1);
  });
});

describe('a leader that is deposed', () => {
  it('proposes, pushes and counts nothing any more', () => {
    const world = new World({ members: 3 });
    world.addAgent('a1', undefined, 2);
    world.subscribe('F', { at: 2 });
    world.group.elect(3);
    world.settle();
    const before = world.group.member(1).proposed.length;
    world.advance(120_000);
    assert.equal(world.group.member(1).proposed.length, before);
    assert.equal(world.machine.agents.get('a1' as never)?.status.kind, 'unreachable', 'the new leader does');
  });

  it('leaves no timer behind when its process stops', () => {
    const world = new World({ members: 1 });
    world.addAgent('a1');
    const scheduler = world.subscribe('F');
    scheduler.disconnect();
    world.master(1).stop();
    world.settle();
    // The group's own tick remains.
    assert.equal(world.group.time.timerCount, 1);
  });
});
