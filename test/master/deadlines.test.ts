import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { Deadlines } from '../../lib/master/time/deadlines.js';

describe('deadlines', () => {
  it('end exactly the keys that are due, whatever was moved or deleted before (model)', () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('set' as const), key: fc.nat(8), inMs: fc.nat(3_000) }),
      fc.record({ kind: fc.constant('delete' as const), key: fc.nat(8) }),
      fc.record({ kind: fc.constant('pass' as const), ms: fc.nat(1_000) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const deadlines = new Deadlines<number>(50);
        const model = new Map<number, number>();
        let now = 0;
        for (const one of steps) {
          if (one.kind === 'set') {
            deadlines.set(one.key, now + one.inMs);
            model.set(one.key, now + one.inMs);
          } else if (one.kind === 'delete') {
            deadlines.delete(one.key);
            model.delete(one.key);
          } else {
            now += one.ms;
            const due = [...model].filter(([, at]) => at <= now).map(([key]) => key);
            for (const key of due) model.delete(key);
            assert.deepEqual(new Set(deadlines.expired(now)), new Set(due));
          }
        }
        assert.equal(deadlines.size, model.size);
      }),
    );
  });

  it('come up in one look after a very long time', () => {
    const deadlines = new Deadlines<string>(50);
    deadlines.expired(0);
    deadlines.set('year', 365 * 24 * 3_600_000);
    assert.deepEqual(deadlines.expired(366 * 24 * 3_600_000), ['year']);
  });
});
