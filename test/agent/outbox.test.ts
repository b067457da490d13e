import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { StatusUpdate } from '../../lib/agent/types.js';
import { Outbox } from '../../lib/agent/updates/outbox.js';
import { SeededRandom } from '../../lib/base/index.js';
import { shellTask } from '../support/agent/master-double.js';
import { VirtualTime } from '../support/virtual-time.js';

function update(taskId: string, sequence: number): StatusUpdate {
  const { frameworkId, taskId: id } = shellTask(taskId, '');
  return {
    frameworkId,
    taskId: id,
    sequence,
    state: 'RUNNING',
    source: 'AGENT',
    message: '',
    uuid: `${taskId}${sequence}`,
    timestampMs: 0,
  };
}

describe('outbox of status updates', () => {
  let time: VirtualTime;
  let outbox: Outbox;
  let sent: string[];
  const connect = (): void => outbox.connected(({ uuid }) => sent.push(uuid));
  const make = (window: number): void => {
    time = new VirtualTime();
    sent = [];
    const retry = { firstMs: 100, maxMs: 1000, factor: 2 };
    outbox = new Outbox({
      window,
      maxTasks: 100,
      retry,
      clock: time,
      timers: time,
      random: new SeededRandom(1),
    });
  };
  beforeEach(() => make(10));

  it('sends the next update of a task only when the one before is committed', () => {
    connect();
    for (const n of [1, 2, 3]) outbox.add(update('a', n));
    assert.deepEqual(sent, ['a1']);
    outbox.committed(update('a', 1), 1);
    assert.deepEqual(sent, ['a1', 'a2']);
    outbox.committed(update('a', 1), 1);
    assert.deepEqual(sent, ['a1', 'a2'], 'an old answer releases nothing');
  });

  it('repeats an update, ever more slowly, until it is committed', () => {
    connect();
    outbox.add(update('a', 1));
    time.advance(60_000);
    const repeats = sent.length;
    assert.ok(repeats > 55 && repeats < 130, `${repeats} times in 60 s`);
    outbox.committed(update('a', 1), 1);
    time.advance(60_000);
    assert.equal(sent.length, repeats);
    assert.equal(time.timerCount, 0);
  });

  it('keeps no more than its window unanswered, over all tasks', () => {
    make(2);
    connect();
    for (const id of ['a', 'b', 'c']) outbox.add(update(id, 1));
    assert.deepEqual(sent, ['a1', 'b1']);
    outbox.committed(update('b', 1), 1);
    assert.deepEqual(sent, ['a1', 'b1', 'c1']);
  });

  it('sends nothing while disconnected, and everything unanswered at once when connected again', () => {
    connect();
    outbox.add(update('a', 1));
    outbox.disconnected();
    outbox.add(update('b', 1));
    time.advance(60_000);
    assert.deepEqual(sent, ['a1']);
    connect();
    assert.deepEqual(sent.slice(1).sort(), ['a1', 'b1']);
  });

  it('forgets the updates of a task that nobody wants to hear of', () => {
    outbox.add(update('a', 1));
    outbox.add(update('a', 2));
    outbox.discard(update('a', 1));
    connect();
    assert.deepEqual(sent, []);
    assert.equal(outbox.size, 0);
  });

  it('brings every update through, in order per task, whatever is lost between', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 4 }), (seed, window) => {
        make(window);
        const random = new SeededRandom(seed);
        const arrived = new Map<string, number>();
        let connected = false;
        const deliver = (one: StatusUpdate): void => {
          if (random.uint32() % 3 === 0) return;
          const last = arrived.get(one.taskId) ?? 0;
          assert.ok(one.sequence <= last + 1, `${one.taskId}: ${one.sequence} after ${last}`);
          arrived.set(one.taskId, Math.max(last, one.sequence));
          if (random.uint32() % 3 !== 0)
            time.after(10, () => connected && outbox.committed(one, one.sequence));
        };
        for (let step = 0; step < 60; step++) {
          if (step < 30) outbox.add(update(`t${step % 3}`, Math.floor(step / 3) + 1));
          if (random.uint32() % 4 === 0) {
            if (connected) outbox.disconnected();
            else outbox.connected(deliver);
            connected = !connected;
          }
          time.advance(random.uint32() % 300);
        }
        if (!connected) outbox.connected(deliver);
        connected = true;
        time.advance(600_000);
        assert.deepEqual([...arrived.values()], [10, 10, 10]);
        assert.equal(outbox.size, 0);
      }),
    );
  });
});
