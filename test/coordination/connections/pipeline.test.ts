import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Pipeline } from '../../../lib/coordination/connections/pipeline.js';
import type { Outcome } from '../../../lib/replica/index.js';

const APPLIED: Outcome = {
  kind: 'applied',
  result: { ok: true, revision: 1, value: { kind: 'nothing' } },
  term: 1,
};

class Bench {
  readonly answers: string[] = [];
  readonly proposed: { readonly name: string; readonly done: (outcome: Outcome) => void }[] = [];
  readonly ends: (() => void)[] = [];
  readonly orders: Set<object> = new Set();
  nowMs = 0;
  readonly pipeline: Pipeline = new Pipeline({
    propose: (command, done, order) => {
      this.proposed.push({ name: Buffer.from(command).toString(), done });
      this.orders.add(order);
    },
    nowMs: () => this.nowMs,
  });

  write(name: string): void {
    this.pipeline.write(Buffer.from(name), () => this.answers.push(name));
  }

  read(name: string): void {
    this.pipeline.read(() => this.answers.push(name));
  }

  barrier(name: string): void {
    this.pipeline.barrier((ended) => {
      this.answers.push(`${name} begins`);
      this.ends.push(ended);
    });
  }

  /** The oldest proposed write is applied. */
  apply(): void {
    this.proposed.shift()!.done(APPLIED);
  }
}

describe('The requests of a connection', () => {
  let bench: Bench;

  beforeEach(() => {
    bench = new Bench();
  });

  it('are served at once when nothing is before them', () => {
    bench.read('r1');
    assert.deepEqual([bench.answers, bench.pipeline.depth], [['r1'], 0]);
  });

  it('are proposed in one order, so that none is done without those before it (ZooKeeper, USENIX ATC 2010, 2.3)', () => {
    bench.write('w1');
    bench.barrier('sync');
    bench.write('w2');
    bench.apply();
    bench.ends[0]!();
    assert.equal(bench.proposed.length, 1);
    assert.equal(bench.orders.size, 1);
  });

  it('are answered in order: a read between two writes right after the first, before the second', () => {
    for (const name of ['w1', 'w2']) {
      bench.write(name);
      bench.read(`r after ${name}`);
    }
    assert.deepEqual(
      bench.proposed.map(({ name }) => name),
      ['w1', 'w2'],
    );
    bench.apply();
    assert.deepEqual(bench.answers, ['w1', 'r after w1']);
    bench.apply();
    assert.deepEqual(bench.answers, ['w1', 'r after w1', 'w2', 'r after w2']);
  });

  it('behind a barrier wait for its end, and are not proposed before', () => {
    bench.write('w1');
    bench.barrier('sync');
    bench.write('w2');
    bench.read('r');
    assert.equal(bench.proposed.length, 1);
    bench.apply();
    assert.deepEqual([bench.answers, bench.proposed.length], [['w1', 'sync begins'], 0]);
    bench.ends[0]!();
    assert.equal(bench.proposed.length, 1);
    bench.apply();
    assert.deepEqual(bench.answers, ['w1', 'sync begins', 'w2', 'r']);
  });

  it('say since when the oldest write waits', () => {
    assert.equal(bench.pipeline.waitingSinceMs, null);
    bench.nowMs = 5;
    bench.write('w1');
    bench.nowMs = 9;
    bench.write('w2');
    assert.equal(bench.pipeline.waitingSinceMs, 5);
    bench.apply();
    assert.equal(bench.pipeline.waitingSinceMs, 9);
  });

  it('are answered to nobody once the connection is closed, even while they are answered', () => {
    bench.write('w1');
    bench.pipeline.read(() => bench.pipeline.close());
    bench.read('r2');
    bench.apply();
    assert.deepEqual([bench.answers, bench.pipeline.depth], [['w1'], 0]);
  });

  it('of any mix are answered in the order in which they came', () => {
    const kind = fc.constantFrom('write', 'read', 'barrier', 'apply', 'end');
    fc.assert(
      fc.property(fc.array(kind, { maxLength: 200 }), (steps) => {
        const one = new Bench();
        const expected: string[] = [];
        const finish = (): boolean => {
          if (one.proposed.length > 0) one.apply();
          else if (one.ends.length > 0) one.ends.shift()!();
          else return false;
          return true;
        };
        steps.forEach((step, i) => {
          const name = `${step} ${i}`;
          if (step === 'apply') {
            if (one.proposed.length > 0) one.apply();
            return;
          }
          if (step === 'end') {
            one.ends.shift()?.();
            return;
          }
          expected.push(step === 'barrier' ? `${name} begins` : name);
          if (step === 'write') one.write(name);
          else if (step === 'read') one.read(name);
          else one.barrier(name);
        });
        while (finish());
        assert.deepEqual([one.answers, one.pipeline.depth], [expected, 0]);
      }),
      { numRuns: 300 },
    );
  });

  it('by the thousand leave no room behind', () => {
    for (let i = 0; i < 5000; i++) bench.write(`w${i}`);
    for (let i = 0; i < 4999; i++) bench.apply();
    assert.equal(bench.pipeline.depth, 1);
    bench.apply();
    assert.equal(bench.answers.length, 5000);
  });
});
