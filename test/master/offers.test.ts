import assert from 'node:assert/strict';
import { must, type AgentId, type FrameworkId } from '../../lib/base/index.js';
import { TASK_STATE, encodeCommand } from '../../lib/state/index.js';
import type { mesos } from '../../lib/wire/index.js';
import {
  World,
  acceptCall,
  acceptedAt,
  keepAlive,
  refusalCode,
  resources,
  taskInfo,
  type FakeScheduler,
} from './world.js';

function onlyOffer(scheduler: FakeScheduler): mesos.Offer {
  const offers = scheduler.offers();
  assert.equal(offers.length, 1, `${offers.length} offers`);
  return must(offers[0], 'an offer');
}

function cpusOf(offer: mesos.Offer): number {
  return offer.resources?.find(({ name }) => name === 'cpus')?.scalar?.value ?? 0;
}

describe('offers', () => {
  it('follow a subscription without waiting for a round of allocation', () => {
    const world = new World();
    world.addAgent('a1');
    const before = world.group.time.monotonicMs();
    const scheduler = world.subscribe('F');
    assert.equal(onlyOffer(scheduler).agent_id.value, 'a1');
    assert.equal(world.group.time.monotonicMs(), before);
  });

  it('say whose they are, where, and for which role', () => {
    const world = new World();
    world.addAgent('a1', resources(4, 4096));
    const offer = onlyOffer(world.subscribe('F', { roles: ['web'] }));
    assert.equal(offer.hostname, 'a1.test');
    assert.deepEqual(offer.allocation_info, { role: 'web' });
    assert.deepEqual(
      offer.resources?.map(({ name, scalar, allocation_info }) => [
        name,
        scalar?.value,
        allocation_info?.role,
      ]),
      [
        ['cpus', 4, 'web'],
        ['mem', 4096, 'web'],
      ],
    );
  });

  it('follow the registration of an agent at once', () => {
    const world = new World();
    const scheduler = world.subscribe('F');
    assert.deepEqual(scheduler.offers(), []);
    world.addAgent('a1');
    assert.equal(onlyOffer(scheduler).agent_id.value, 'a1');
  });

  it('carry the term in their ids', () => {
    const world = new World();
    world.addAgent('a1');
    const scheduler = world.subscribe('F');
    assert.match(onlyOffer(scheduler).id.value, /^1-O\d+$/);
    world.group.elect(1);
    assert.match(onlyOffer(scheduler).id.value, /^2-O\d+$/);
  });

  it('come within 200 ms of an election, from the new leader, for all there is', () => {
    const world = new World({ members: 3 });
    for (let i = 0; i < 20; i++) world.addAgent(`a${i}`);
    const scheduler = world.subscribe('F', { at: 2 });
    const former = scheduler.offers().map(({ id }) => id.value);
    assert.equal(former.length, 20);
    world.group.kill(1);
    world.group.elect(3);
    world.advance(200);
    const now = scheduler.offers();
    assert.equal(now.length, 20);
    assert.ok(now.every(({ id }) => !former.includes(id.value)));
  });

  it('are withdrawn one by one when the term changes', () => {
    const world = new World({ members: 3 });
    world.addAgent('a1');
    const scheduler = world.subscribe('F', { at: 2 });
    const { id } = onlyOffer(scheduler);
    world.group.elect(3);
    assert.deepEqual(
      scheduler.events('RESCIND').map(({ rescind }) => rescind.offer_id),
      [id],
    );
  });

  it('are withdrawn when their agent loses its connection, and made again when it is back', () => {
    const world = new World();
    const agentId = world.addAgent('a1');
    const scheduler = world.subscribe('F');
    world.commit({ kind: 'agent-disconnect', agentId, attachment: world.attachment(agentId) });
    assert.deepEqual(scheduler.offers(), []);
    assert.equal(scheduler.events('RESCIND').length, 1);
    world.addAgent('a1');
    assert.equal(onlyOffer(scheduler).agent_id.value, 'a1');
  });

  it('are not made to a framework whose master cannot be reached, but to the others at once', () => {
    const world = new World({ members: 3 });
    world.addAgent('a1', resources(4, 4096), 2);
    const lost = world.subscribe('lost', { at: 3 });
    assert.equal(lost.offers().length, 1);
    const other = world.subscribe('other', { at: 2 });
    assert.equal(other.offers().length, 0);
    world.group.kill(3);
    world.settle();
    assert.equal(other.offers().length, 1);
  });

  it('that nobody answers for 30 s are withdrawn, and go to another framework first', () => {
    const world = new World();
    world.addAgent('a1');
    // Alike in shares, so in order of their ids.
    const silent = world.subscribe('silent', { id: 'A' as FrameworkId });
    const other = world.subscribe('other', { id: 'B' as FrameworkId });
    assert.equal(silent.offers().length, 1);
    keepAlive(world, ['a1']);
    world.advance(29_000);
    assert.equal(other.offers().length, 0);
    world.advance(1_200);
    assert.equal(silent.offers().length, 0);
    assert.equal(other.offers().length, 1);
  });

  it('wait until their master knows of the agent, when it lags behind the leader', () => {
    const world = new World({ members: 3 });
    const scheduler = world.subscribe('F', { at: 2 });
    world.group.member(2).lag();
    world.addAgent('a1');
    assert.deepEqual(scheduler.offers(), []);
    world.group.member(2).catchUp();
    world.advance(10);
    assert.equal(onlyOffer(scheduler).hostname, 'a1.test');
  });

  it('that were sent on a broken link between masters are voided when it is up again', () => {
    const world = new World({ members: 3 });
    world.addAgent('a1');
    const scheduler = world.subscribe('F', { at: 2 });
    const { id } = onlyOffer(scheduler);
    world.group.member(1).peerLost(world.group.member(2));
    world.group.member(1).peerFound(world.group.member(2));
    world.settle();
    assert.deepEqual(
      scheduler.events('RESCIND').map(({ rescind }) => rescind.offer_id),
      [id],
    );
    assert.notDeepEqual(onlyOffer(scheduler).id, id);
  });
});

describe('DECLINE', () => {
  it('keeps the resources away for five seconds, then they are offered again', () => {
    const world = new World();
    world.addAgent('a1');
    const scheduler = world.subscribe('F');
    acceptedAt(scheduler.decline(onlyOffer(scheduler)));
    world.advance(4_900);
    assert.equal(scheduler.events('OFFERS').length, 1);
    world.advance(200);
    assert.equal(scheduler.events('OFFERS').length, 2);
  });

  it('with refuse_seconds 0 keeps nothing away', () => {
    const world = new World();
    world.addAgent('a1');
    const scheduler = world.subscribe('F');
    acceptedAt(scheduler.decline(onlyOffer(scheduler), 0));
    assert.equal(scheduler.events('OFFERS').length, 2);
  });

  it('gives the resources to another framework at once', () => {
    const world = new World();
    world.addAgent('a1');
    const first = world.subscribe('first');
    const second = world.subscribe('second');
    first.decline(onlyOffer(first), 3600);
    assert.equal(second.offers().length, 1);
  });

  it('of an offer that is gone is accepted, as in Mesos', () => {
    const world = new World();
    world.addAgent('a1');
    const scheduler = world.subscribe('F');
    const offer = onlyOffer(scheduler);
    world.group.elect(1);
    acceptedAt(scheduler.decline(offer, 3600));
    assert.equal(scheduler.offers().length, 1, 'the new offer stands');
  });

  it('needs no session', () => {
    const world = new World();
    world.addAgent('a1');
    const scheduler = world.subscribe('F');
    const decline = { offer_ids: [onlyOffer(scheduler).id] };
    const framework_id = { value: scheduler.frameworkId };
    const sequence = scheduler.request({ framework_id, type: 'DECLINE', decline }, 0);
    world.settle();
    assert.equal(scheduler.replies.filter((reply) => reply.kind === 'accepted').length, 2);
    assert.equal(sequence, 0);
  });
});

describe('REVIVE and SUPPRESS', () => {
  it('REVIVE ends what was declined', () => {
    const world = new World();
    world.addAgent('a1');
    const scheduler = world.subscribe('F');
    scheduler.decline(onlyOffer(scheduler), 3600);
    acceptedAt(scheduler.ask({ type: 'REVIVE', revive: {} }));
    assert.equal(scheduler.events('OFFERS').length, 2);
  });

  it('SUPPRESS stops offers, also of later leaders, until REVIVE', () => {
    const world = new World({ members: 3 });
    const scheduler = world.subscribe('F', { at: 2 });
    acceptedAt(scheduler.ask({ type: 'SUPPRESS', suppress: {} }));
    world.addAgent('a1');
    assert.deepEqual(scheduler.offers(), []);
    world.group.elect(3);
    world.settle();
    assert.deepEqual(scheduler.offers(), []);
    acceptedAt(scheduler.ask({ type: 'REVIVE' }));
    assert.equal(scheduler.offers().length, 1);
  });

  it('SUPPRESS of one role leaves the others', () => {
    const world = new World();
    const scheduler = world.subscribe('F', { roles: ['one', 'two'], suppressed: ['one'] });
    world.addAgent('a1');
    assert.deepEqual(onlyOffer(scheduler).allocation_info, { role: 'two' });
  });
});

describe('ACCEPT', () => {
  it('is answered after the launch is committed, not before', () => {
    const world = new World();
    world.addAgent('a1');
    const scheduler = world.subscribe('F');
    scheduler.session = world.openSession();
    world.group.holding = true;
    assert.equal(scheduler.accept(onlyOffer(scheduler), [taskInfo('t1', 'a1')]), null);
    world.group.release();
    world.settle();
    const index = acceptedAt(scheduler.answer(2));
    assert.equal(world.machine.tasks.get(scheduler.frameworkId, 't1' as never)?.launchedRevision, index);
  });

  it('offers what the tasks leave again, after the filter', () => {
    const world = new World();
    world.addAgent('a1', resources(4, 4096));
    const scheduler = world.subscribe('F');
    acceptedAt(scheduler.accept(onlyOffer(scheduler), [taskInfo('t1', 'a1', 1)], 2));
    assert.equal(scheduler.events('OFFERS').length, 1);
    world.advance(2_100);
    const rest = must(scheduler.offers().at(-1), 'an offer of the rest');
    assert.equal(cpusOf(rest), 3);
  });

  it('gives back what a finished task held', () => {
    const world = new World();
    world.addAgent('a1', resources(4, 4096));
    const scheduler = world.subscribe('F');
    acceptedAt(scheduler.accept(onlyOffer(scheduler), [taskInfo('t1', 'a1', 4, 4096)]));
    assert.equal(scheduler.events('OFFERS').length, 1);
    world.report(scheduler.frameworkId, 't1', 1, TASK_STATE.FINISHED);
    assert.equal(cpusOf(must(scheduler.offers().at(-1), 'an offer')), 4);
  });

  it('of an offer of an older term is refused and changes nothing', () => {
    const world = new World({ members: 3 });
    world.addAgent('a1');
    const scheduler = world.subscribe('F', { at: 2 });
    const old = onlyOffer(scheduler);
    world.group.elect(3);
    const { size } = world.machine.tasks;
    const reply = scheduler.accept(old, [taskInfo('t1', 'a1')]);
    assert.equal(refusalCode(reply), 'INVALID_OFFER');
    assert.match(JSON.stringify(reply), /leader of term 1; the term is 2/);
    assert.equal(world.machine.tasks.size, size);
    assert.equal(scheduler.offers().length, 1, 'the new leader’s offer stands');
  });

  it('that asks for more than the offers hold is refused, and the resources are offered again a second later', () => {
    const world = new World();
    world.addAgent('a1', resources(4, 4096));
    const scheduler = world.subscribe('F');
    const reply = scheduler.accept(onlyOffer(scheduler), [taskInfo('t1', 'a1', 5)]);
    assert.equal(refusalCode(reply), 'INSUFFICIENT_RESOURCES');
    assert.equal(world.machine.tasks.size, 0);
    assert.equal(scheduler.events('OFFERS').length, 1, 'a program that repeats its mistake does not spin');
    world.advance(1_100);
    assert.equal(scheduler.events('OFFERS').length, 2);
    assert.equal(cpusOf(must(scheduler.offers().at(-1), 'an offer')), 4);
  });

  it('uses up its offers whatever comes of it, so that a late copy finds none', () => {
    const world = new World();
    world.addAgent('a1', resources(4, 4096));
    const scheduler = world.subscribe('F');
    const offer = onlyOffer(scheduler);
    scheduler.accept(offer, [taskInfo('t1', 'a1', 5)]);
    assert.equal(refusalCode(scheduler.accept(offer, [taskInfo('t2', 'a1', 1)])), 'INVALID_OFFER');
  });

  it('is all or nothing', () => {
    const world = new World();
    world.addAgent('a1', resources(4, 4096));
    const scheduler = world.subscribe('F');
    const tasks = [taskInfo('t1', 'a1', 2), taskInfo('t2', 'a1', 3)];
    assert.equal(refusalCode(scheduler.accept(onlyOffer(scheduler), tasks)), 'INSUFFICIENT_RESOURCES');
    assert.equal(world.machine.tasks.size, 0);
  });

  it('of offers of two agents is refused', () => {
    const world = new World();
    world.addAgent('a1');
    world.addAgent('a2');
    const scheduler = world.subscribe('F');
    const reply = scheduler.ask(acceptCall(scheduler.offers(), [taskInfo('t1', 'a1')]));
    assert.equal(refusalCode(reply), 'INVALID_OFFER');
  });

  it('of another framework’s offer is refused, and that offer stands', () => {
    const world = new World();
    world.addAgent('a1');
    const owner = world.subscribe('owner');
    const thief = world.subscribe('thief');
    const offer = onlyOffer(owner);
    assert.equal(refusalCode(thief.accept(offer, [taskInfo('t1', 'a1')])), 'INVALID_OFFER');
    acceptedAt(owner.accept(offer, [taskInfo('t1', 'a1')]));
  });

  it('without a session is refused', () => {
    const world = new World();
    world.addAgent('a1');
    const scheduler = world.subscribe('F');
    const framework_id = { value: scheduler.frameworkId };
    const call = { ...acceptCall(scheduler.offers(), [taskInfo('t1', 'a1')]), framework_id };
    const sequence = scheduler.request(call);
    world.settle();
    assert.equal(refusalCode(scheduler.answer(sequence)), 'INVALID_ARGUMENT');
    assert.equal(scheduler.offers().length, 1);
  });

  for (const [what, operation] of [
    ['RESERVE', { type: 'RESERVE', reserve: {} }],
    ['LAUNCH_GROUP', { type: 'LAUNCH_GROUP' }],
  ] as const) {
    it(`with ${what} is refused by name, and its offers stand`, () => {
      const world = new World();
      world.addAgent('a1');
      const scheduler = world.subscribe('F');
      const accept = { offer_ids: [onlyOffer(scheduler).id], operations: [operation] };
      const reply = scheduler.ask({ type: 'ACCEPT', accept });
      assert.equal(refusalCode(reply), 'UNSUPPORTED');
      assert.match(JSON.stringify(reply), new RegExp(what));
      acceptedAt(scheduler.accept(onlyOffer(scheduler), [taskInfo('t1', 'a1')]));
    });
  }

  it('without operations declines', () => {
    const world = new World();
    world.addAgent('a1');
    const scheduler = world.subscribe('F');
    const accept = { offer_ids: [onlyOffer(scheduler).id], filters: { refuse_seconds: 0 } };
    acceptedAt(scheduler.ask({ type: 'ACCEPT', accept }));
    assert.equal(scheduler.events('OFFERS').length, 2);
  });

  it('that races with the loss of its agent is refused by the machine', () => {
    const world = new World();
    const agentId = world.addAgent('a1');
    const scheduler = world.subscribe('F');
    scheduler.session = world.openSession();
    world.group.holding = true;
    const attachment = world.attachment(agentId);
    const offer = onlyOffer(scheduler);
    world.group.member(1).propose(unreachable(agentId, attachment), () => {});
    scheduler.accept(offer, [taskInfo('t1', 'a1')]);
    world.group.release();
    world.settle();
    assert.equal(refusalCode(scheduler.answer(2)), 'AGENT_UNREACHABLE');
    assert.equal(world.machine.tasks.size, 0);
  });
});

function unreachable(agentId: AgentId, attachment: number): Uint8Array {
  return encodeCommand({ kind: 'agent-unreachable', agentId, attachment });
}
