import assert from 'node:assert/strict';
import { must, type FrameworkId } from '../../lib/base/index.js';
import type { mesos } from '../../lib/wire/index.js';
import { MASTER_LIMITS } from '../../lib/master/index.js';
import { World, acceptedAt, refusalCode, taskInfo } from './world.js';

function subscribeCall(
  info: Partial<mesos.FrameworkInfo>,
  more: Partial<mesos.CallSubscribe> = {},
): mesos.Call {
  return { type: 'SUBSCRIBE', subscribe: { framework_info: { user: 'u', name: 'n', ...info }, ...more } };
}

describe('a stream of a framework', () => {
  it('begins with SUBSCRIBED: the id, the heartbeat interval, the master', () => {
    const world = new World();
    const scheduler = world.subscribe('F');
    const { subscribed } = must(scheduler.events('SUBSCRIBED')[0], 'an event');
    assert.match(subscribed.framework_id.value, /^[0-9a-f]{32}$/);
    assert.ok((subscribed.heartbeat_interval_seconds ?? 9) <= 5);
    assert.equal(subscribed.master_info?.port, 5050);
    assert.equal(subscribed.master_info?.ip, 0x0100007f);
  });

  it('gets a HEARTBEAT at least every five seconds', () => {
    const world = new World();
    const scheduler = world.subscribe('F');
    world.advance(60_000);
    assert.ok(scheduler.events('HEARTBEAT').length >= 12);
  });

  it('numbers its events by the revision, never backwards', () => {
    const world = new World();
    const scheduler = world.subscribe('F');
    world.addAgent('a1');
    world.addAgent('a2');
    world.advance(20_000);
    const indexes = scheduler.replies.filter((reply) => reply.kind === 'event').map(({ index }) => index);
    assert.deepEqual(
      indexes,
      [...indexes].sort((a, b) => a - b),
    );
    assert.ok(indexes[0]! > 0);
  });

  it('loses to a newer one of the same framework, here or at another master', () => {
    const world = new World({ members: 3 });
    const first = world.subscribe('F', { at: 1 });
    const second = world.subscribe('F', { id: first.frameworkId, at: 1 });
    const third = world.subscribe('F', { id: first.frameworkId, at: 3 });
    for (const loser of [first, second]) {
      assert.deepEqual(loser.events('ERROR'), [
        { type: 'ERROR', error: { message: 'Framework failed over' } },
      ]);
      assert.equal(loser.ended, null, 'ended well, so that the event is read');
    }
    assert.equal(third.ended, undefined);
    assert.equal(world.machine.frameworks.get(first.frameworkId)?.status.kind, 'connected');
  });

  it('keeps its framework’s id and tasks over a change of scheduler', () => {
    const world = new World();
    world.addAgent('a1');
    const first = world.subscribe('F');
    acceptedAt(first.accept(first.offers()[0]!, [taskInfo('t1', 'a1')]));
    first.disconnect();
    const second = world.subscribe('F', { id: first.frameworkId });
    assert.equal(second.frameworkId, first.frameworkId);
    assert.equal(world.machine.tasks.ofFramework(first.frameworkId).length, 1);
  });

  it('that ends counts as disconnected at once, and its offers go to others', () => {
    const world = new World();
    world.addAgent('a1');
    const scheduler = world.subscribe('F');
    const other = world.subscribe('other');
    scheduler.disconnect();
    assert.equal(world.machine.frameworks.get(scheduler.frameworkId)?.status.kind, 'disconnected');
    assert.equal(other.offers().length, 1);
  });

  it('that ends while no leader is there is told to the next one', () => {
    const world = new World({ members: 3 });
    const scheduler = world.subscribe('F', { at: 2 });
    world.group.lose();
    scheduler.disconnect();
    world.group.elect(3);
    world.settle();
    assert.equal(world.machine.frameworks.get(scheduler.frameworkId)?.status.kind, 'disconnected');
  });

  it('that sends nothing more is ended after its requests are answered', () => {
    const world = new World();
    const scheduler = world.subscribe('F');
    scheduler.session = world.openSession();
    const framework_id = { value: scheduler.frameworkId };
    const sequence = scheduler.request({ framework_id, type: 'REVIVE' });
    scheduler.end();
    acceptedAt(scheduler.answer(sequence));
    assert.equal(scheduler.ended, null);
    assert.equal(world.machine.frameworks.get(scheduler.frameworkId)?.status.kind, 'disconnected');
  });

  it('that was taken for disconnected though it is open is told so and ended', () => {
    const world = new World();
    const scheduler = world.subscribe('F');
    const { frameworkId } = scheduler;
    const subscription = world.machine.frameworks.get(frameworkId)!.subscription;
    world.commit({ kind: 'framework-disconnect', frameworkId, subscription });
    assert.equal(scheduler.events('ERROR').length, 1);
    assert.equal(scheduler.ended, null);
  });

  it('that reads nothing for 30 s is closed with a coded error', () => {
    const world = new World();
    const scheduler = world.subscribe('F');
    scheduler.reading = false;
    world.addAgent('a1');
    world.advance(29_000);
    assert.equal(scheduler.endCode, 'open');
    world.advance(6_100);
    assert.equal(scheduler.endCode, 'OVERLOADED');
    assert.equal(world.machine.frameworks.get(scheduler.frameworkId)?.status.kind, 'disconnected');
  });

  it('that lets too many answers pile up is closed with a coded error', () => {
    const scheduler = { ...MASTER_LIMITS.scheduler, messagesPerStream: 50 };
    const world = new World({ limits: { scheduler } });
    const slow = world.subscribe('F');
    slow.reading = false;
    for (let i = 0; i < 60 && slow.ended === undefined; i++) slow.ask({ type: 'REQUEST', request: {} });
    assert.equal(slow.endCode, 'OVERLOADED');
  });

  it('with too many requests under way has the rest refused', () => {
    const scheduler = { ...MASTER_LIMITS.scheduler, requestsPerStream: 3 };
    const world = new World({ limits: { scheduler } });
    const eager = world.subscribe('F');
    eager.session = world.openSession();
    world.group.holding = true;
    const framework_id = { value: eager.frameworkId };
    const sequences = [1, 2, 3, 4].map(() => eager.request({ framework_id, type: 'REVIVE' }));
    assert.equal(refusalCode(eager.answer(sequences[3]!)), 'OVERLOADED');
    world.group.release();
    for (const sequence of sequences.slice(0, 3)) acceptedAt(eager.answer(sequence));
  });

  it('is closed with SHUTTING_DOWN when its master stops', () => {
    const world = new World();
    const scheduler = world.subscribe('F');
    world.master(1).stop();
    assert.equal(scheduler.endCode, 'SHUTTING_DOWN');
  });
});

describe('every request gets exactly one answer', () => {
  it('calls before SUBSCRIBE are refused', () => {
    const world = new World();
    const scheduler = world.connect();
    assert.equal(refusalCode(scheduler.ask({ type: 'REVIVE' })), 'FRAMEWORK_DISCONNECTED');
  });

  it('a second SUBSCRIBE on one stream is refused', () => {
    const world = new World();
    const scheduler = world.subscribe('F');
    assert.equal(refusalCode(scheduler.ask(subscribeCall({}))), 'INVALID_ARGUMENT');
  });

  it('a call for another framework is refused', () => {
    const world = new World();
    const scheduler = world.subscribe('F');
    scheduler.frameworkId = 'other' as FrameworkId;
    assert.equal(refusalCode(scheduler.ask({ type: 'REVIVE' })), 'INVALID_ARGUMENT');
  });

  it('calls that this release does not serve are refused by name', () => {
    const world = new World();
    const scheduler = world.subscribe('F');
    const calls: mesos.Call[] = [
      { type: 'UNKNOWN' },
      { type: 'UPDATE_FRAMEWORK', update_framework: { framework_info: { user: 'u', name: 'n' } } },
      { type: 'SHUTDOWN', shutdown: { executor_id: { value: 'e' }, agent_id: { value: 'a' } } },
      { type: 'RECONCILE_OPERATIONS', reconcile_operations: {} },
      { type: 'ACCEPT_INVERSE_OFFERS', accept_inverse_offers: {} },
    ];
    for (const call of calls) assert.equal(refusalCode(scheduler.ask(call)), 'UNSUPPORTED', call.type);
  });

  it('REQUEST is accepted and without effect, as in Mesos', () => {
    const world = new World();
    const scheduler = world.subscribe('F');
    assert.equal(acceptedAt(scheduler.ask({ type: 'REQUEST', request: {} })), 0);
  });

  it('TEARDOWN is answered before the stream ends, and the id never returns', () => {
    const world = new World();
    const scheduler = world.subscribe('F');
    acceptedAt(scheduler.ask({ type: 'TEARDOWN' }));
    assert.equal(scheduler.ended, null);
    assert.deepEqual(scheduler.events('ERROR'), []);
    const again = world.subscribe('F', { id: scheduler.frameworkId });
    assert.equal(refusalCode(again.answer(1)), 'FRAMEWORK_REMOVED');
    assert.equal(again.ended, undefined, 'it may subscribe anew on the same stream');
    again.subscribe('F');
    assert.equal(again.events('SUBSCRIBED').length, 1);
  });

  it('a teardown by somebody else is told by ERROR', () => {
    const world = new World();
    const scheduler = world.subscribe('F');
    const { frameworkId } = scheduler;
    world.commit({ kind: 'framework-teardown', frameworkId, cause: 'asked', subscription: 1 });
    assert.deepEqual(scheduler.events('ERROR'), [
      { type: 'ERROR', error: { message: 'Framework has been removed' } },
    ]);
  });

  for (const [what, call] of [
    ['roles without MULTI_ROLE', subscribeCall({ roles: ['a'] })],
    ['role with MULTI_ROLE', subscribeCall({ role: 'a', capabilities: [{ type: 'MULTI_ROLE' }] })],
    ['a role with a space', subscribeCall({ role: 'a b' })],
    ['a role that climbs', subscribeCall({ role: 'a/../b' })],
    ['a negative failover timeout', subscribeCall({ failover_timeout: -1 })],
    ['two ids', { ...subscribeCall({ id: { value: 'x' } }), framework_id: { value: 'y' } }],
    ['a suppressed role that is not its own', subscribeCall({}, { suppressed_roles: ['other'] })],
  ] as const) {
    it(`SUBSCRIBE with ${what} is refused`, () => {
      const world = new World();
      const scheduler = world.connect();
      const sequence = scheduler.request(call);
      world.settle();
      assert.equal(refusalCode(scheduler.answer(sequence)), 'INVALID_ARGUMENT');
      assert.equal(world.machine.frameworks.size, 0);
    });
  }

  it('a unary call is answered like one on a stream', () => {
    const world = new World({ members: 3 });
    world.addAgent('a1');
    const scheduler = world.subscribe('F', { at: 1 });
    const session = world.openSession();
    const framework_id = { value: scheduler.frameworkId };
    const replies: string[] = [];
    const send = (call: mesos.Call, sequence: number): void => {
      world.master(3).scheduler.call({ session, sequence, call, acknowledgedBelow: 0 }, (reply) => {
        replies.push(reply.kind === 'refused' ? reply.refusal.code : reply.kind);
      });
      world.settle();
    };
    send({ type: 'REVIVE', framework_id }, 1);
    send(subscribeCall({}), 2);
    send({ ...subscribeCall({}), framework_id }, 3);
    send({ type: 'RECONCILE', reconcile: {}, framework_id }, 4);
    assert.deepEqual(replies, ['accepted', 'INVALID_ARGUMENT', 'UNSUPPORTED', 'FRAMEWORK_DISCONNECTED']);
  });
});

describe('a restarted master', () => {
  it('tells the group at once that the streams of its former life are gone', () => {
    const world = new World({ members: 3 });
    const frameworkId = 'F' as FrameworkId;
    const restarted = world.group.member(2);
    const connection = { member: restarted.node, stream: 7 };
    // Its present process never saw this happen: it loaded a state in which it had happened.
    restarted.deaf = true;
    world.commit({
      kind: 'framework-subscribe',
      frameworkId,
      name: 'F',
      user: 'u',
      principal: '',
      roles: ['*'],
      suppressed: [],
      failoverTimeoutMs: 60_000,
      capabilities: 0,
      spec: new Uint8Array(0),
      connection,
    });
    restarted.deaf = false;
    assert.equal(world.machine.frameworks.get(frameworkId)?.status.kind, 'connected');
    world.group.elect(1);
    world.settle();
    assert.equal(world.machine.frameworks.get(frameworkId)?.status.kind, 'disconnected');
  });
});
