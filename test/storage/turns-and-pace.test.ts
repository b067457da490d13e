import assert from 'node:assert/strict';
import { Pace } from '../../lib/storage/pace.js';
import { WriteTurns } from '../../lib/storage/write-turns.js';
import { settle } from './helpers.js';

describe('turns at a database', () => {
  it('are taken one at a time, urgent work before background work that waits', async () => {
    const turns = new WriteTurns();
    const order: string[] = [];
    const gates: (() => void)[] = [];
    const work = (kind: 'urgent' | 'background', name: string): Promise<void> =>
      turns.run(kind, async () => {
        order.push(name);
        await new Promise<void>((resolve) => gates.push(resolve));
      });
    const all = [
      work('background', 'b1'),
      work('background', 'b2'),
      work('urgent', 'u1'),
      work('background', 'b3'),
      work('urgent', 'u2'),
    ];
    for (let i = 1; i <= all.length; i++) {
      await settle();
      assert.equal(order.length, i);
      gates.shift()!();
    }
    await Promise.all(all);
    assert.deepEqual(order, ['b1', 'u1', 'u2', 'b2', 'b3']);
  });

  it('pass on after work that failed', async () => {
    const turns = new WriteTurns();
    const failed = turns.run('urgent', () => Promise.reject(new Error('no')));
    const next = turns.run('urgent', () => Promise.resolve('done'));
    await assert.rejects(failed, /no/);
    assert.equal(await next, 'done');
  });
});

describe('pace of the state writer', () => {
  const pace = (): { pace: Pace; waits: number[] } => {
    const waits: number[] = [];
    return { pace: new Pace((delayMs) => Promise.resolve(void waits.push(delayMs))), waits };
  };

  it('does not wait while syncs of the log are quick', async () => {
    const { pace: p, waits } = pace();
    p.record(4.9);
    await p.clear();
    assert.equal(waits.length, 0);
  });

  it('waits after a slow sync, until a quick one', async () => {
    const waits: number[] = [];
    const p: Pace = new Pace((delayMs) => {
      waits.push(delayMs);
      p.record(waits.length < 3 ? 100 : 1);
      return Promise.resolve();
    });
    p.record(100);
    await p.clear();
    assert.equal(waits.length, 3);
  });

  it('does not wait for ever, whether the log is idle or always slow', async () => {
    const { pace: p, waits } = pace();
    p.record(1000);
    await p.clear();
    assert.ok(waits.length < 10, `${waits.length} waits for an idle log`);
    let slowWaits = 0;
    const slow: Pace = new Pace(() => {
      slowWaits++;
      slow.record(1000);
      return Promise.resolve();
    });
    slow.record(1000);
    await slow.clear();
    assert.ok(slowWaits <= 100, `${slowWaits} waits for a slow log`);
  });
});
