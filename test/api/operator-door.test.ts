import assert from 'node:assert/strict';
import {
  TepuiError,
  type AgentId,
  type FrameworkId,
  type MemberId,
  type NodeId,
  type TaskId,
} from '../../lib/base/index.js';
import { TASK_STATE } from '../../lib/state/index.js';
import { operatorService, type OperatorEvent, type SnapshotData } from '../../lib/wire/index.js';
import type { ReplicaStatus } from '../../lib/replica/index.js';
import { DoorWorld, Received } from './door-world.js';

const { methods } = operatorService();
const EVERYTHING = {
  consistency: 'LINEARIZABLE',
  frameworkId: null,
  agentId: null,
  completed: false,
} as const;

describe('the operator door', () => {
  let world: DoorWorld;

  beforeEach(async () => {
    world = new DoorWorld(2);
    // What was applied before the door opened is not in its record of changes.
    world.openSession();
    world.openSession();
    await world.start();
  });

  afterEach(() => world.close());

  function follow(afterIndex: number) {
    const stream = world.client.subscribe(methods.events, { afterIndex });
    return { stream, received: new Received<OperatorEvent>(stream) };
  }

  /** Events that say something, in words. */
  function told(events: readonly OperatorEvent[]): string[] {
    return events.flatMap(({ event }) => {
      switch (event.kind) {
        case 'heartbeat':
          return [];
        case 'agentChanged':
          return `${event.kind} ${event.name} ${event.state}`;
        case 'taskChanged':
          return `${event.kind} ${event.id}`;
        default:
          return event.kind;
      }
    });
  }

  function say(change: Partial<ReplicaStatus>): void {
    const { replica } = world;
    const status = replica.status.bind(replica);
    replica.status = () => ({ ...status(), ...change });
  }

  it('describes the member itself and the group', async () => {
    const status = await world.client.call(methods.status, {});
    assert.deepEqual(
      [status.leader, status.trouble, status.self?.id, status.self?.role, status.self?.healthy],
      ['m1', '', 'm1', 'leader', true],
    );
    assert.deepEqual(
      status.members.map(({ id, role, voter, zk, grpc }) => [id, role, voter, zk, grpc]),
      [
        ['m1', 'leader', true, null, '127.0.0.1:5060'],
        ['m2', 'follower', true, null, '127.0.0.1:5060'],
      ],
    );
  });

  for (const role of ['recovering', 'learner', 'candidate'] as const) {
    it(`says of itself when it is ${role}, and why it does not serve`, async () => {
      say({ role, trouble: 'no leader for 4.2 s', leader: null });
      const { self, trouble } = await world.client.call(methods.status, {});
      assert.deepEqual([self?.role, self?.healthy, trouble], [role, false, 'no leader for 4.2 s']);
    });
  }

  it('tells what an operator should look at here', async () => {
    assert.deepEqual((await world.client.call(methods.status, {})).warnings, []);
    world.warnings = ['the scheduled backup failed'];
    assert.deepEqual((await world.client.call(methods.status, {})).warnings, world.warnings);
  });

  it('streams a backup at the pace of its client, and closes it in the end', async () => {
    const pieces = Array.from({ length: 40 }, (_, i) => Buffer.alloc(256 << 10, i));
    let closed = 0;
    world.beginBackup = ({ linearizable }) => {
      assert.equal(linearizable, true);
      return Promise.resolve({
        header: {} as never,
        bytes: async function* () {
          for (const piece of pieces) yield await Promise.resolve(piece);
        },
        close: () => Promise.resolve(void closed++),
      });
    };
    const stream = world.client.subscribe(methods.saveSnapshot, { consistency: 'LINEARIZABLE' });
    const received = new Received<SnapshotData>(stream);
    await received.end();
    const parts = received.messages.map(({ data }) => data);
    assert(Buffer.concat(parts).equals(Buffer.concat(pieces)));
    assert.deepEqual([received.messages.at(-1)!.last, closed], [true, 1]);
  });

  it('a backup that is refused, or breaks, ends the stream with its code, and never says that it was the last piece', async () => {
    const refused = new Received<SnapshotData>(
      world.client.subscribe(methods.saveSnapshot, { consistency: 'LOCAL' }),
    );
    assert.equal(await refused.end(), 'NO_LEADER');
    let closed = 0;
    world.beginBackup = () =>
      Promise.resolve({
        header: {} as never,
        bytes: async function* () {
          yield await Promise.resolve(Buffer.from('x'));
          throw new TepuiError('DAMAGED', 'a record');
        },
        close: () => Promise.resolve(void closed++),
      });
    const broken = new Received<SnapshotData>(
      world.client.subscribe(methods.saveSnapshot, { consistency: 'LOCAL' }),
    );
    assert.equal(await broken.end(), 'DAMAGED');
    assert.deepEqual([broken.messages.some(({ last }) => last), closed], [false, 1]);
  });

  it('tells the alarm that stands, with each member’s value', async () => {
    assert.deepEqual((await world.client.call(methods.status, {})).alarms, []);
    const digests = [
      { node: 'm1@0000000000000001' as NodeId, digest: 'a'.repeat(16) },
      { node: 'm2@0000000000000002' as NodeId, digest: 'b'.repeat(16) },
    ];
    world.commit({ kind: 'alarm-raise', index: 7, digests });
    const values = [
      { member: 'm1', digest: 'a'.repeat(16) },
      { member: 'm2', digest: 'b'.repeat(16) },
    ];
    const { alarms } = await world.client.call(methods.status, {});
    assert.deepEqual(alarms, [{ kind: 'diverged', index: 7, values }]);
  });

  it('tells learners and members out of reach from followers', async () => {
    const members = world.replica.status().members;
    say({ members: [members[0]!, { ...members[1]!, voter: false }] });
    assert.equal((await world.client.call(methods.status, {})).members[1]?.role, 'learner');
    say({ members: [members[0]!, { ...members[1]!, connected: false, hello: null }] });
    const other = (await world.client.call(methods.status, {})).members[1];
    assert.deepEqual([other?.role, other?.healthy, other?.grpc], ['unreachable', false, null]);
  });

  it('lists agents, frameworks and tasks, as they are in the whole group', async () => {
    const agent = world.join();
    const { frameworkId } = world.launch(agent.id, 't1', 't2');
    const agents = await world.client.call(methods.listAgents, { consistency: 'LINEARIZABLE' });
    const frameworks = await world.client.call(methods.listFrameworks, { consistency: 'LINEARIZABLE' });
    const tasks = await world.client.call(methods.listTasks, EVERYTHING);
    assert.deepEqual(
      agents.items.map(({ id, state, master, tasks: count }) => [id, state, master, count]),
      [[agent.id, 'registered', 'm1', 2]],
    );
    assert.deepEqual(agents.items[0]?.used.slice(0, 2), [
      { name: 'cpus', value: 0.2 },
      { name: 'mem', value: 32 },
    ]);
    assert.deepEqual(
      frameworks.items.map(({ id, state }) => [id, state]),
      [[frameworkId, 'connected']],
    );
    assert.deepEqual(
      tasks.items.map(({ id, state }) => [id, state]),
      [
        ['t1', 'TASK_STAGING'],
        ['t2', 'TASK_STAGING'],
      ],
    );
    assert.equal(tasks.index, world.machine.revision);
  });

  it('lists ended tasks only when asked', async () => {
    const agent = world.join();
    const scheduler = world.launch(agent.id, 't1');
    agent.update(scheduler.frameworkId, 't1', 1, TASK_STATE.FINISHED);
    world.settle();
    scheduler.acknowledge(scheduler.updates()[0]!);
    const { items } = await world.client.call(methods.listTasks, EVERYTHING);
    assert.deepEqual(items, []);
    const all = await world.client.call(methods.listTasks, { ...EVERYTHING, completed: true });
    assert.deepEqual(
      all.items.map(({ id, state }) => [id, state]),
      [['t1', 'TASK_FINISHED']],
    );
  });

  it('does not call an agent registered whose stream belonged to an earlier life of its master', async () => {
    const agent = world.join();
    const { hello } = world.replica;
    const members = world.replica.status().members;
    say({ members: [{ ...members[0]!, hello: { ...hello, boot: 2 } }, members[1]!] });
    const { items } = await world.client.call(methods.listAgents, { consistency: 'LOCAL' });
    assert.deepEqual(
      items.map(({ id, state, master }) => [id, state, master]),
      [[agent.id, 'disconnected', '']],
    );
  });

  it('lists what it has without a leader when asked to, and else refuses', async () => {
    world.join();
    world.group.lose();
    const { items } = await world.client.call(methods.listAgents, { consistency: 'LOCAL' });
    assert.equal(items.length, 1);
    await assert.rejects(world.client.call(methods.listAgents, { consistency: 'LINEARIZABLE' }), {
      code: 'NO_LEADER',
    });
  });

  it('kills a task, and answers with the index of that', async () => {
    const agent = world.join();
    const { frameworkId } = world.launch(agent.id, 't1');
    const taskId = 't1' as TaskId;
    const { index } = await world.client.call(methods.killTask, { frameworkId, taskId, graceMs: 70 });
    assert.deepEqual([agent.of('kill')[0]?.graceMs, agent.of('kill')[0]?.revision], [70, index]);
  });

  for (const [what, graceMs, code] of [
    ['nobody knows', 0, 'UNKNOWN_TASK'],
    ['it may take years to end', 2 ** 52, 'INVALID_ARGUMENT'],
  ] as const) {
    it(`refuses to kill a task that ${what}`, async () => {
      const { revision } = world.machine;
      const ids = { frameworkId: 'F' as FrameworkId, taskId: 't' as TaskId };
      await assert.rejects(world.client.call(methods.killTask, { ...ids, graceMs }), { code });
      if (code === 'INVALID_ARGUMENT') assert.equal(world.machine.revision, revision);
    });
  }

  it('removes a framework, and refuses to remove one that nobody knows', async () => {
    const agent = world.join();
    const { frameworkId } = world.launch(agent.id, 't1');
    await world.client.call(methods.teardownFramework, { frameworkId });
    assert.deepEqual(agent.orders(), ['launch t1', 'kill t1']);
    const unknown = world.client.call(methods.teardownFramework, { frameworkId: 'nobody' as FrameworkId });
    await assert.rejects(unknown, { code: 'UNKNOWN_FRAMEWORK' });
  });

  it('passes on why leadership cannot be handed over', async () => {
    world.replica.transferLeadership = ((_to: MemberId, done: (error: object) => void) =>
      done({ code: 'INVALID_ARGUMENT', message: 'm9 is no voter' })) as never;
    const refused = world.client.call(methods.transferLeadership, { to: 'm9' as MemberId });
    await assert.rejects(refused, { code: 'INVALID_ARGUMENT', message: /m9 is no voter/ });
  });

  it('lists 10,000 tasks without holding up the others for long', async () => {
    const agents: AgentId[] = [];
    for (let a = 0; a < 4; a++)
      agents.push(world.join({ incarnation: String(a).padStart(16, '0'), info: huge(a) }).id);
    const scheduler = world.subscribe('many');
    const perLaunch = 500;
    for (let i = 0; i < 10_000 / perLaunch; i++) {
      const ids = Array.from({ length: perLaunch }, (_, k) => `task-${i}-${k}`);
      world.launchMore(scheduler, agents[i % agents.length]!, ...ids);
    }
    // The client decodes the answer in this very process: what counts is the time until it is all sent.
    let turns = 0;
    const machine = { ...methods.listTasks.response };
    const request = world.client.call(
      {
        ...methods.listTasks,
        response: { ...machine, decode: (bytes) => ((turns = seen), machine.decode(bytes)) },
      },
      { ...EVERYTHING, consistency: 'LOCAL' },
    );
    let seen = 0;
    const count = (): void => {
      seen++;
      if (turns === 0) setImmediate(count);
    };
    count();
    const { items } = await request;
    assert.equal(items.length, 10_000);
    assert.deepEqual([items[0]?.id, items.at(-1)?.id], ['task-0-0', 'task-19-499']);
    assert.ok(turns > 50, `others had ${turns} turns meanwhile`);
  }).timeout(60_000);

  describe('streams changes', () => {
    it('from now on, beginning with a heartbeat that says where that is', async () => {
      const { received } = follow(0);
      const [first] = await received.count(1);
      assert.deepEqual([first?.event.kind, first?.index], ['heartbeat', world.machine.revision]);
      world.join();
      await received.until(() => told(received.messages).length > 0);
      assert.deepEqual(told(received.messages), ['agentChanged a1.test registered']);
    });

    it('from an index on, all changes of one revision included', async () => {
      const agent = world.join();
      const before = world.machine.revision;
      world.launch(agent.id, 't1', 't2', 't3');
      const { received } = follow(before);
      await received.until(() => told(received.messages).length === 4);
      const events = received.messages.filter(({ event }) => event.kind === 'taskChanged');
      assert.deepEqual(told(events), ['taskChanged t1', 'taskChanged t2', 'taskChanged t3']);
      const [index] = events.map((event) => event.index);
      assert.ok(events.every((event) => event.index === index));
      const { received: rest } = follow(index! - 1);
      await rest.until(() => told(rest.messages).length === 3);
      const { received: none } = follow(index!);
      const [beat] = await none.count(1);
      assert.equal(beat?.event.kind, 'heartbeat', 'what the client has seen came again');
    });

    it('and the heartbeat after all of them', async () => {
      const agent = world.join();
      const before = world.machine.revision;
      world.launch(agent.id, 't1');
      const { received } = follow(before);
      await received.until(() => received.messages.some(({ event }) => event.kind === 'heartbeat'));
      const beat = received.messages.find(({ event }) => event.kind === 'heartbeat');
      assert.equal(told(received.messages).at(-1), 'taskChanged t1');
      assert.equal(received.messages.at(-1), beat);
      assert.ok(beat!.index >= received.messages.at(-2)!.index);
    });

    it('but none again that the client knows from a member that was ahead of this one', async () => {
      const ahead = world.machine.revision + 1;
      const { received } = follow(ahead);
      await received.count(1);
      world.join();
      world.subscribe('f');
      await received.until(() => told(received.messages).length > 0);
      assert.deepEqual(told(received.messages), ['frameworkChanged']);
    });

    it('and says which are the oldest kept when the index is older', async () => {
      const { received } = follow(1);
      assert.equal(await received.end(), 'OUT_OF_RANGE');
      assert.match(received.error!.message, /^changes after 1 are not kept any more; those after [2-9] are$/);
    });

    it('until the master stops, when the client is sent elsewhere', async () => {
      const { received } = follow(0);
      await received.count(1);
      const stopped = world.door.stop();
      assert.equal(await received.end(), 'SHUTTING_DOWN');
      await stopped;
    });

    it('until the state is replaced, when the client has to list anew', async () => {
      const { received } = follow(0);
      await received.count(1);
      world.replica.reset();
      assert.equal(await received.end(), 'OUT_OF_RANGE');
    });

    it('to a client that resumes far behind, however many changes that is', async () => {
      const agent = world.join();
      const { revision } = world.machine;
      changeOften(agent.id, 11_000);
      const { received } = follow(revision);
      await received.until(() => received.messages.length >= 11_000 || received.error !== undefined);
      assert.equal(received.code, 'open');
      const indexes = told(received.messages).length;
      assert.equal(indexes, 11_000);
    });

    it('and ends with a code the stream of a client that reads nothing', async () => {
      const agent = world.join();
      const { stream, received } = follow(0);
      await received.count(1);
      stream.pause();
      await new Promise((resolve) => setTimeout(resolve, 20));
      changeOften(agent.id, 30_000);
      stream.resume();
      assert.equal(await received.end(), 'OUT_OF_RANGE');
      assert.match(received.error!.message, /left unread/);
    });

    /** Tells the door of changes as the log would. */
    function changeOften(agentId: AgentId, times: number): void {
      for (let i = 1; i <= times; i++) {
        const revision = world.machine.revision + i;
        world.tell({ kind: 'agent-disconnected', revision, agentId });
      }
    }
  });
});

function huge(n: number) {
  const resource = (name: string, value: number) => ({ name, type: 'SCALAR' as const, scalar: { value } });
  return { hostname: `h${n}`, resources: [resource('cpus', 100_000), resource('mem', 10_000_000)] };
}
