import assert from 'node:assert/strict';
import { Framework, type FrameworkOptions, type Offer, type TaskStatus } from '../../lib/client/index.js';
import { outcomeOf } from './outcome.js';
import { ADDRESSES, FakeGroup } from './fake-group.js';
import { VirtualWorld } from './world.js';

const AGENT = { value: 'agent-1' };

function offer(id: string): Offer {
  return { id: { value: id }, framework_id: { value: 'framework-1' }, agent_id: AGENT, hostname: 'h' };
}

function status(uuid: string | null, state: TaskStatus['state'] = 'TASK_RUNNING'): TaskStatus {
  const base = { task_id: { value: 't' }, state, agent_id: AGENT };
  return uuid === null ? base : { ...base, uuid: Buffer.from(uuid) };
}

describe('the framework driver', () => {
  let world: VirtualWorld;
  let group: FakeGroup;
  let heard: string[];
  let made: Framework[];

  beforeEach(() => {
    world = new VirtualWorld();
    group = new FakeGroup();
    heard = [];
    made = [];
  });

  afterEach(async () => {
    for (const framework of made) await framework.close();
    await world.settle();
    assert.equal(world.armed, 0, 'a closed client leaves no timer');
    assert.equal(group.network.doors.size, 0, 'a closed client leaves no connection');
  });

  function make(options: Partial<FrameworkOptions> = {}): Framework {
    const framework = new Framework(
      {
        addresses: ADDRESSES,
        name: 'test',
        ...options,
        handlers: {
          subscribed: ({ frameworkId, resumed }) => void heard.push(`subscribed ${frameworkId} ${resumed}`),
          offers: (offers) => void heard.push(...offers.map(({ id }) => `offer ${id.value}`)),
          rescind: (id) => void heard.push(`rescind ${id}`),
          update: ({ state }) => void heard.push(`update ${state}`),
          disconnected: () => void heard.push('disconnected'),
          ...options.handlers,
        },
      },
      { dial: group.network.dial, world },
    );
    made.push(framework);
    return framework;
  }

  it('draws an id of its own, subscribes, and hears that it begins', async () => {
    const id = await make().start();
    assert.match(id, /^[0-9a-f]{32}$/);
    assert.deepEqual(heard, [`subscribed ${id} false`]);
  });

  it('has saved its id before the group hears of it', async () => {
    const saveId = (id: string): void => void heard.push(`saved ${id}, executed ${group.executed.length}`);
    const id = await make({ saveId }).start();
    assert.deepEqual(heard, [`saved ${id}, executed 0`, `subscribed ${id} false`]);
  });

  it('does not subscribe with an id that could not be saved', async () => {
    const saveId = (): Promise<void> => Promise.reject(new Error('disk full'));
    const { error } = await outcomeOf(make({ saveId }).start());
    assert.match(error?.message ?? '', /could not be saved/);
    assert.equal(group.frameworks.size, 0);
  });

  it('resubscribes with its id at the next member when its member dies', async () => {
    const id = await make().start();
    group.network.kill('m1:1');
    await world.advance(10);
    assert.deepEqual(group.subscribed, [
      { id, address: 'm1:1' },
      { id, address: 'm2:2' },
    ]);
    assert.deepEqual(heard, [`subscribed ${id} false`, 'disconnected', `subscribed ${id} true`]);
  });

  it('goes on as the framework of a former run when it is given an id', async () => {
    const saveId = (id: string): void => void heard.push(`saved ${id}`);
    assert.equal(await make({ id: 'framework-7', saveId }).start(), 'framework-7');
    assert.deepEqual(heard, ['subscribed framework-7 true']);
  });

  it('is not registered twice when the answer to its first SUBSCRIBE is lost', async () => {
    group.manner = 'mute';
    const id = make().start();
    await world.settle();
    group.manner = 'answer';
    group.network.kill('m1:1');
    await world.advance(10);
    assert.deepEqual([...group.frameworks], [await id]);
    assert.equal(group.subscribed.length, 2);
  });

  it('sends nothing on a new stream before it is subscribed', async () => {
    const framework = make();
    const declined = framework.decline(['o1']);
    await framework.start();
    await declined;
    assert.deepEqual(group.executed, ['SUBSCRIBE', 'DECLINE']);
  });

  it('sends an unanswered ACCEPT again with the same sequence: its tasks are launched once', async () => {
    const framework = make();
    await framework.start();
    group.manner = 'mute';
    const accepted = framework.accept(['o1'], []);
    await world.settle();
    group.manner = 'answer';
    group.network.kill('m1:1');
    await world.advance(10);
    assert.ok((await accepted).index > 0);
    const accepts = group.arrivals.filter(({ type }) => type === 'ACCEPT');
    assert.equal(accepts.length, 2);
    assert.equal(accepts[0]?.sequence, accepts[1]?.sequence);
    assert.equal(group.executed.filter((type) => type === 'ACCEPT').length, 1);
  });

  it('tells "not done" from "unknown" when time is up', async () => {
    const framework = make({ callTimeoutMs: 5000 });
    await framework.start();
    group.manner = 'mute';
    const sent = outcomeOf(framework.kill('t1'));
    await world.settle();
    for (const address of ADDRESSES) group.network.kill(address);
    const unsent = outcomeOf(framework.kill('t2'));
    await world.advance(6000);
    assert.equal((await sent).error?.certainty, 'unknown');
    assert.equal((await unsent).error?.certainty, 'not-done');
    group.manner = 'answer';
  });

  it('acknowledges an update after its handler has resolved', async () => {
    let finish = (): void => undefined;
    const handlers = { update: () => new Promise<void>((resolve) => (finish = resolve)) };
    await make({ handlers }).start();
    group.tell({ type: 'UPDATE', update: { status: status('u1') } });
    await world.settle();
    assert.ok(!group.executed.includes('ACKNOWLEDGE'));
    finish();
    await world.settle();
    assert.ok(group.executed.includes('ACKNOWLEDGE'));
  });

  it('hands an update that comes twice to its handler once, and acknowledges it twice', async () => {
    await make().start();
    group.tell({ type: 'UPDATE', update: { status: status('u1') } });
    await world.settle();
    group.tell({ type: 'UPDATE', update: { status: status('u1') } });
    await world.settle();
    assert.equal(heard.filter((line) => line === 'update TASK_RUNNING').length, 1);
    assert.equal(group.executed.filter((type) => type === 'ACKNOWLEDGE').length, 2);
  });

  it('hands over every update without a uuid, and acknowledges none', async () => {
    await make().start();
    group.tell({ type: 'UPDATE', update: { status: status(null) } });
    group.tell({ type: 'UPDATE', update: { status: status(null) } });
    await world.settle();
    assert.equal(heard.filter((line) => line === 'update TASK_RUNNING').length, 2);
    assert.ok(!group.executed.includes('ACKNOWLEDGE'));
  });

  it('does not acknowledge an update whose handler failed, and takes it again', async () => {
    const errors: unknown[] = [];
    let calls = 0;
    const handlers = {
      update: () => {
        calls++;
        if (calls === 1) throw new Error('disk full');
      },
      error: (error: unknown) => void errors.push(error),
    };
    await make({ handlers }).start();
    group.tell({ type: 'UPDATE', update: { status: status('u1') } });
    await world.settle();
    assert.ok(!group.executed.includes('ACKNOWLEDGE'));
    assert.equal((errors[0] as Error).message, 'disk full');
    group.tell({ type: 'UPDATE', update: { status: status('u1') } });
    await world.settle();
    assert.equal(calls, 2);
    assert.ok(group.executed.includes('ACKNOWLEDGE'));
  });

  it('acknowledges until the group has taken it in', async () => {
    await make({ callTimeoutMs: 2000 }).start();
    group.tell({ type: 'UPDATE', update: { status: status('u1') } });
    group.manner = 'lose';
    await world.advance(2500);
    assert.ok(!group.executed.includes('ACKNOWLEDGE'));
    group.manner = 'answer';
    await world.advance(2000);
    assert.ok(group.executed.includes('ACKNOWLEDGE'));
  });

  it('leaves acknowledging to the program if asked to', async () => {
    const framework = make({ acknowledge: 'manual' });
    await framework.start();
    group.tell({ type: 'UPDATE', update: { status: status('u1') } });
    await world.settle();
    assert.ok(!group.executed.includes('ACKNOWLEDGE'));
    await framework.acknowledge(status('u1'));
    assert.ok(group.executed.includes('ACKNOWLEDGE'));
  });

  it('rescinds the open offers of a broken connection', async () => {
    const framework = make();
    await framework.start();
    group.tell({ type: 'OFFERS', offers: { offers: [offer('o1'), offer('o2')] } });
    await world.settle();
    await framework.decline(['o1']);
    group.network.kill('m1:1');
    await world.settle();
    assert.deepEqual(heard.slice(1, 5), ['offer o1', 'offer o2', 'rescind o2', 'disconnected']);
  });

  it('takes a connection without events for three heartbeats for dead', async () => {
    await make().start();
    await world.advance(14_900);
    assert.equal(group.subscribed.length, 1);
    group.network.conditions.set('m1:1', 'stuck');
    await world.advance(200);
    assert.equal(group.subscribed.at(-1)?.address, 'm2:2');
  });

  it('stays on a quiet connection that sends heartbeats', async () => {
    await make().start();
    for (let i = 0; i < 10; i++) {
      await world.advance(5000);
      group.tell({ type: 'HEARTBEAT' });
    }
    assert.equal(group.subscribed.length, 1);
  });

  it('ends when the group refuses its SUBSCRIBE for good', async () => {
    group.removed.add('framework-1');
    const framework = make({ id: 'framework-1' });
    assert.equal((await outcomeOf(framework.start())).error?.code, 'FRAMEWORK_REMOVED');
    assert.equal((await framework.whenEnded())?.code, 'FRAMEWORK_REMOVED');
  });

  it('ends when it is removed while it is connected', async () => {
    const framework = make();
    group.removed.add(await framework.start());
    group.tell({ type: 'ERROR', error: { message: 'Framework has been removed' } });
    await world.advance(10);
    assert.equal((await framework.whenEnded())?.code, 'FRAMEWORK_REMOVED');
  });

  it('subscribes again when its stream is ended because its master was cut off', async () => {
    await make().start();
    group.tell({ type: 'ERROR', error: { message: 'Framework was taken for disconnected' } });
    await world.advance(10);
    assert.equal(group.subscriber, 'm2:2');
  });

  it('does not fight with another scheduler that subscribed under its id', async () => {
    const framework = make();
    await framework.start();
    group.tell({ type: 'ERROR', error: { message: 'Framework failed over' } });
    assert.equal((await framework.whenEnded())?.message, 'Framework failed over');
    await world.advance(1000);
    assert.equal(group.subscribed.length, 1);
  });

  it('subscribes again if the stream that took its place may be its own earlier attempt', async () => {
    await make().start();
    group.manner = 'lose';
    group.network.cut('m1:1');
    await world.advance(10);
    group.network.cut('m2:2');
    group.manner = 'answer';
    await world.advance(10);
    assert.equal(group.subscriber, 'm3:3');
    group.tell({ type: 'ERROR', error: { message: 'Framework failed over' } });
    await world.advance(600);
    assert.notEqual(group.subscriber, null);
    assert.equal(heard.filter((line) => line.startsWith('subscribed')).length, 3);
  });

  it('gives up starting after the time it was given, with the reason', async () => {
    for (const address of ADDRESSES) group.network.conditions.set(address, 'refusing');
    const started = outcomeOf(make().start(4200));
    await world.advance(4300);
    const { error } = await started;
    assert.equal(error?.code, 'UNREACHABLE');
    assert.match(error?.message ?? '', /no serving master for 4\.2 s: m1:1 refused/);
  });

  it('waits out an election: its members refuse for a second, then it is subscribed', async () => {
    group.refusing = 'NO_LEADER';
    const started = make().start();
    await world.advance(1000);
    group.refusing = null;
    await world.advance(500);
    assert.equal(await started, group.subscribed[0]?.id);
  });

  it('makes calls in a new session when the group forgot the old one, and stays subscribed', async () => {
    const framework = make();
    await framework.start();
    group.expireSessions();
    await framework.revive();
    assert.deepEqual(group.executed, ['SUBSCRIBE', 'REVIVE']);
    assert.equal(group.openedSessions.length, 2);
    assert.equal(group.subscribed.length, 1);
  });

  it('is closed by teardown', async () => {
    const framework = make();
    await framework.start();
    await framework.teardown();
    assert.equal(await framework.whenEnded(), null);
    assert.deepEqual(group.executed, ['SUBSCRIBE', 'TEARDOWN']);
  });

  it('takes the removal of the framework for the answer to a teardown whose own answer was lost', async () => {
    const framework = make();
    const id = await framework.start();
    group.manner = 'mute';
    const removed = outcomeOf(framework.teardown());
    await world.settle();
    group.manner = 'answer';
    group.removed.add(id);
    group.network.kill('m1:1');
    await world.advance(100);
    assert.equal((await removed).kind, 'done');
    assert.equal(await framework.whenEnded(), null);
  });
});
