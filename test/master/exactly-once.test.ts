import assert from 'node:assert/strict';
import { must, type SessionId, type TaskId } from '../../lib/base/index.js';
import type { SchedulerReply, mesos } from '../../lib/wire/index.js';
import { MASTER_LIMITS } from '../../lib/master/index.js';
import { World, acceptCall, acceptedAt, refusalCode, taskInfo, type FakeScheduler } from './world.js';

interface Scene {
  readonly world: World;
  readonly scheduler: FakeScheduler;
  readonly call: mesos.Call;
}

/** Three masters, a framework at the second, and an ACCEPT that is ready to be sent. */
function scene(): Scene {
  const world = new World({ members: 3 });
  world.addAgent('a1', undefined, 2);
  const scheduler = world.subscribe('F', { at: 2 });
  scheduler.session = world.openSession();
  const offer = must(scheduler.offers()[0], 'an offer');
  const framework_id = { value: scheduler.frameworkId };
  return { world, scheduler, call: { ...acceptCall([offer], [taskInfo('t1', 'a1')]), framework_id } };
}

function launched({ world, scheduler }: Scene): boolean {
  return world.machine.tasks.get(scheduler.frameworkId, 't1' as TaskId) !== null;
}

describe('an ACCEPT is done exactly once', () => {
  it('when the leader dies after the commit and before the answer: the next one has the kept result', () => {
    const one = scene();
    const { world, scheduler, call } = one;
    const sequence = scheduler.request(call);
    // The leader proposes; member 2 applies the launch; the leader's answer is lost with it.
    world.group.holding = true;
    world.settle();
    world.group.release();
    world.group.kill(1);
    assert.equal(scheduler.answer(sequence), null);
    world.group.elect(3);
    world.advance(100);
    acceptedAt(scheduler.answer(sequence));
    assert.equal(launched(one), true);
    assert.equal(world.machine.tasks.size, 1);
  });

  it('when the leader dies before the commit: the next one refuses for good', () => {
    const one = scene();
    const { world, scheduler, call } = one;
    const sequence = scheduler.request(call);
    world.group.holding = true;
    world.settle();
    world.group.kill(1);
    world.group.holding = false;
    world.group.elect(3);
    world.advance(100);
    assert.equal(refusalCode(scheduler.answer(sequence)), 'INVALID_OFFER');
    assert.equal(launched(one), false);
  });

  it('when a deposed leader’s lane brings the launch into a later term: it changes nothing', () => {
    const one = scene();
    const { world, scheduler, call } = one;
    const sequence = scheduler.request(call);
    world.group.holding = true;
    world.settle();
    world.group.lose();
    world.group.elect(3);
    world.advance(50);
    assert.equal(refusalCode(scheduler.answer(sequence)), 'INVALID_OFFER');
    world.group.release();
    world.settle();
    assert.equal(launched(one), false, 'refused for good means refused for good');
  });

  it('when the leader is elected again in a new term: its old calls are given back at once', () => {
    const one = scene();
    const { world, scheduler, call } = one;
    const sequence = scheduler.request(call);
    world.group.holding = true;
    world.settle();
    world.group.elect(1);
    world.advance(50);
    assert.equal(refusalCode(scheduler.answer(sequence)), 'INVALID_OFFER');
    world.group.release();
    assert.equal(launched(one), false);
  });

  it('when it is sent twice while the first is under way: both get the one outcome', () => {
    const one = scene();
    const { world, scheduler, call } = one;
    const sequence = scheduler.request(call);
    world.group.holding = true;
    world.settle();
    const leader = world.group.member(1);
    const before = leader.proposed.length;
    let again: SchedulerReply | null = null;
    const session = scheduler.session as SessionId;
    world.master(3).scheduler.call({ session, sequence, call, acknowledgedBelow: 0 }, (reply) => {
      again = reply;
    });
    world.settle();
    assert.equal(again, null, 'not judged by what the first has left');
    assert.equal(leader.proposed.length, before, 'proposed once');
    world.group.release();
    world.advance(10);
    assert.deepEqual(again, scheduler.answer(sequence));
    acceptedAt(again);
    assert.equal(world.machine.tasks.size, 1);
  });

  it('when the leader itself cannot tell the outcome: the call is made again, and runs once', () => {
    const one = scene();
    const { world, scheduler, call } = one;
    const sequence = scheduler.request(call);
    world.group.holding = true;
    world.settle();
    world.group.giveUp();
    world.advance(100);
    assert.equal(scheduler.answer(sequence), null);
    world.group.release();
    world.advance(100);
    acceptedAt(scheduler.answer(sequence));
    assert.equal(world.machine.tasks.size, 1);
  });

  it('when it is sent again after its answer: answered as the first time', () => {
    const one = scene();
    const { world, scheduler, call } = one;
    const sequence = scheduler.request(call);
    world.settle();
    const first = acceptedAt(scheduler.answer(sequence));
    let again: unknown = null;
    const { session } = scheduler;
    world
      .master(3)
      .scheduler.call({ session: session as never, sequence, call, acknowledgedBelow: 0 }, (reply) => {
        again = reply;
      });
    world.settle();
    assert.deepEqual(again, { kind: 'accepted', sequence, index: first });
    assert.equal(world.machine.tasks.size, 1);
  });

  it('and is answered "outcome unknown" when no leader decides it in time', () => {
    const one = scene();
    const { world, scheduler, call } = one;
    const sequence = scheduler.request(call);
    world.group.holding = true;
    world.settle();
    world.group.kill(1);
    world.advance(11_100);
    const reply = scheduler.answer(sequence);
    assert.equal(reply?.kind === 'refused' && reply.refusal.outcomeUnknown, true, JSON.stringify(reply));
  });

  it('and is refused as surely not done when there never was a leader to send it to', () => {
    const { world, scheduler, call } = scene();
    world.group.lose();
    const sequence = scheduler.request(call);
    world.advance(10_100);
    const reply = scheduler.answer(sequence);
    assert.equal(reply?.kind === 'refused' && !reply.refusal.outcomeUnknown, true, JSON.stringify(reply));
  });

  it('and a sequence of a session that expired is "outcome unknown", never run', () => {
    const one = scene();
    const { world, scheduler, call } = one;
    world.commit({ kind: 'session-close', session: scheduler.session as never });
    const sequence = scheduler.request(call);
    world.settle();
    assert.equal(refusalCode(scheduler.answer(sequence)), 'SESSION_EXPIRED');
    assert.equal(launched(one), false);
  });
});

describe('launches under way', () => {
  it('are bounded, and count only until they are decided', () => {
    const offers = { ...MASTER_LIMITS.offers, launchesInFlight: 1 };
    const world = new World({ limits: { offers } });
    for (const agent of ['a1', 'a2', 'a3']) world.addAgent(agent);
    const scheduler = world.subscribe('F');
    scheduler.session = world.openSession();
    const framework_id = { value: scheduler.frameworkId };
    const launch = (n: number): mesos.Call => {
      const offer = must(scheduler.offers()[n], 'an offer');
      return { ...acceptCall([offer], [taskInfo(`t${n}`, offer.agent_id.value)], 3600), framework_id };
    };
    world.group.holding = true;
    const sequences = [0, 1].map((n) => scheduler.request(launch(n)));
    world.settle();
    assert.equal(refusalCode(scheduler.answer(sequences[1]!)), 'OVERLOADED');
    world.group.release();
    world.settle();
    acceptedAt(scheduler.answer(sequences[0]!));
    const third = scheduler.request(launch(2));
    world.settle();
    acceptedAt(scheduler.answer(third));
  });
});

describe('other calls within a session', () => {
  it('are done once: a repeated KILL is answered as the first time', () => {
    const one = scene();
    const { world, scheduler, call } = one;
    scheduler.request(call);
    world.settle();
    const kill = { type: 'KILL', kill: { task_id: { value: 't1' } } } as const;
    const framework_id = { value: scheduler.frameworkId };
    const sequence = scheduler.request({ ...kill, framework_id });
    world.settle();
    const index = acceptedAt(scheduler.answer(sequence));
    const before = world.machine.revision;
    world.master(2).scheduler.call(
      {
        session: scheduler.session as never,
        sequence,
        call: { ...kill, framework_id },
        acknowledgedBelow: 0,
      },
      (reply) => assert.deepEqual(reply, { kind: 'accepted', sequence, index }),
    );
    world.settle();
    assert.equal(world.machine.tasks.get(scheduler.frameworkId, 't1' as TaskId)?.kill?.revision, index);
    assert.ok(world.machine.revision >= before);
  });
});
