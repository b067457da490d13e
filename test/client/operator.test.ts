import assert from 'node:assert/strict';
import { TepuiError } from '../../lib/base/index.js';
import { Operator, type OperatorEvent } from '../../lib/client/index.js';
import { outcomeOf } from './outcome.js';
import type { ServerEnd } from './fake-door.js';
import { ADDRESSES, FakeGroup } from './fake-group.js';
import { VirtualWorld } from './world.js';

describe('the operator client', () => {
  let world: VirtualWorld;
  let group: FakeGroup;
  let operator: Operator;

  beforeEach(() => {
    world = new VirtualWorld();
    group = new FakeGroup();
    operator = new Operator({ addresses: ADDRESSES }, { dial: group.network.dial, world });
  });

  afterEach(() => {
    operator.close();
    assert.equal(world.armed, 0, 'a closed client leaves no timer');
    assert.equal(group.network.doors.size, 0, 'a closed client leaves no connection');
  });

  it('asks the next member for a list when the answer of one got lost', async () => {
    const asked: string[] = [];
    group.answers.set('listAgents', (address) => {
      asked.push(address);
      if (asked.length === 1) throw new TepuiError('OUTCOME_UNKNOWN', 'connection lost');
      return { index: 5, items: [] };
    });
    assert.deepEqual(await operator.agents(), { index: 5, items: [] });
    assert.deepEqual(asked, ['m1:1', 'm2:2']);
  });

  it('repeats a change only while it surely was not done', async () => {
    const asked: string[] = [];
    group.answers.set('killTask', (address) => {
      asked.push(address);
      throw new TepuiError(asked.length === 1 ? 'NO_LEADER' : 'OUTCOME_UNKNOWN', 'as told');
    });
    const { error } = await outcomeOf(operator.killTask('f', 't'));
    assert.equal(error?.code, 'OUTCOME_UNKNOWN');
    assert.deepEqual(asked, ['m1:1', 'm2:2']);
  });

  it('is told at once that an alarm stands: it may stand for long', async () => {
    group.answers.set('killTask', () => {
      throw new TepuiError('DIVERGED', 'as told');
    });
    assert.equal((await outcomeOf(operator.killTask('f', 't'))).error?.code, 'DIVERGED');
  });

  it('gives up after its time with NO_LEADER if a member answered', async () => {
    group.answers.set('listTasks', () => {
      throw new TepuiError('NO_LEADER', 'as told');
    });
    const outcome = outcomeOf(operator.tasks());
    await world.advance(11_000);
    assert.equal((await outcome).error?.code, 'NO_LEADER');
  });

  it('gives up with NO_LEADER if a member was reached and could not answer in time', async () => {
    for (const address of ['m1:1', 'm3:3']) group.network.conditions.set(address, 'refusing');
    group.answers.set('listTasks', () => {
      throw new TepuiError('DEADLINE', 'as told');
    });
    const outcome = outcomeOf(operator.tasks());
    await world.advance(11_000);
    const { error } = await outcome;
    assert.equal(error?.code, 'NO_LEADER');
    assert.match(error?.message ?? '', /m1:1 refused; m2:2 gave no answer in time; m3:3 refused/);
  });

  it('keeps a status within its time when a member does not answer', async () => {
    group.network.conditions.set('m3:3', 'stuck');
    group.answers.set('status', () => ({
      clusterId: null,
      self: null,
      members: [],
      leader: null,
      term: 3,
      revision: 0,
      trouble: '',
      alarms: [],
      warnings: [],
    }));
    const status = await operator.status();
    assert.equal(status.term, 3);
    assert.deepEqual(status.unanswered, [{ address: 'm3:3', reason: 'no answer' }]);
  });

  it('waits for the end of an election when a leader is asked for, and no longer than its time', async () => {
    const told = {
      clusterId: null,
      members: [],
      term: 3,
      revision: 0,
      trouble: '',
      alarms: [],
      warnings: [],
    };
    let asked = 0;
    group.answers.set('status', () => {
      const role = ++asked > 9 ? 'leader' : 'candidate';
      return { ...told, leader: null, self: { id: 'm2', role } };
    });
    const within = async (ms: number, ended: () => boolean): Promise<void> => {
      for (let passed = 0; passed < ms && !ended(); passed += 100) await world.advance(100);
    };
    const leaders: (string | null)[] = [];
    const ask = (): void => void operator.statusOnceLed().then(({ leader }) => leaders.push(leader));
    ask();
    await within(5000, () => leaders.length === 1);
    asked = -1000;
    ask();
    await within(11_000, () => leaders.length === 2);
    assert.deepEqual(leaders, ['m2', null]);
  });

  describe('following events', () => {
    let streams: ServerEnd<'events'>[];
    let asked: number[];
    let heard: string[];

    beforeEach(() => {
      streams = [];
      asked = [];
      heard = [];
      group.onEvents = (stream, request) => {
        streams.push(stream);
        asked.push(request.afterIndex);
      };
    });

    function follow(afterIndex: number): () => void {
      return operator.events(afterIndex, {
        event: ({ index, event }) => heard.push(`${index} ${event.kind}`),
        interrupted: () => heard.push('interrupted'),
        ended: (error) => heard.push(error.code),
      });
    }

    function removed(index: number, value = 'a'): OperatorEvent {
      return { index, event: { kind: 'agentRemoved', value } };
    }

    it('resumes after the last index that it has seen', async () => {
      follow(10);
      await world.settle();
      streams[0]?.reply(removed(11));
      streams[0]?.reply({ index: 15, event: { kind: 'heartbeat', value: true } });
      await world.settle();
      group.network.kill('m1:1');
      await world.advance(10);
      assert.deepEqual(asked, [10, 15]);
      assert.deepEqual(heard, ['11 agentRemoved', '15 heartbeat', 'interrupted']);
    });

    it('does not miss what happens between the break and the resumption when it began with "from now on"', async () => {
      follow(0);
      await world.settle();
      streams[0]?.reply({ index: 20, event: { kind: 'heartbeat', value: true } });
      await world.settle();
      group.network.cut('m1:1');
      await world.advance(10);
      assert.deepEqual(asked, [0, 20]);
    });

    it('misses none and repeats none of the events of one index when the stream breaks between them', async () => {
      follow(10);
      await world.settle();
      for (const agent of ['a', 'b']) streams[0]?.reply(removed(12, agent));
      await world.settle();
      group.network.cut('m1:1');
      await world.advance(10);
      assert.deepEqual(asked, [10, 11]);
      for (const agent of ['a', 'b', 'c']) streams[1]?.reply(removed(12, agent));
      streams[1]?.reply(removed(13));
      await world.settle();
      const events = heard.filter((line) => line !== 'interrupted');
      assert.deepEqual(
        events,
        ['12', '12', '12', '13'].map((index) => `${index} agentRemoved`),
      );
    });

    it('ends with OUT_OF_RANGE when the events are no longer kept', async () => {
      follow(10);
      await world.settle();
      streams[0]?.end(new TepuiError('OUT_OF_RANGE', 'the oldest kept is 500'));
      await world.advance(1000);
      assert.deepEqual(heard, ['OUT_OF_RANGE']);
      assert.equal(asked.length, 1);
    });

    it('leaves a member that is silent for 15 s', async () => {
      follow(10);
      await world.advance(14_000);
      assert.equal(asked.length, 1);
      group.network.conditions.set('m1:1', 'stuck');
      await world.advance(1500);
      assert.equal(streams.at(-1)?.address, 'm2:2');
    });

    it('stops when told to', async () => {
      const stop = follow(10);
      await world.settle();
      stop();
      streams[0]?.reply(removed(11));
      await world.settle();
      assert.deepEqual(heard, []);
    });
  });
});
