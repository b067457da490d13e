import assert from 'node:assert/strict';
import fc from 'fast-check';
import { compareBytes } from '../../lib/base/index.js';
import {
  acknowledgedKey,
  after,
  entryKey,
  indexOfKey,
  recordKey,
  splitRecordKey,
  textAfterPrefix,
} from '../../lib/storage/keys.js';
import { Slab } from '../../lib/storage/slab.js';
import { N1 } from './helpers.js';

describe('database keys', () => {
  it('order entries by index over the whole range of indexes', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), fc.maxSafeNat(), (a, b) => {
        assert.equal(Math.sign(compareBytes(entryKey(a), entryKey(b))), Math.sign(a - b));
        assert.equal(indexOfKey(entryKey(a)), a);
      }),
    );
  });

  it('order records by table and then by key', () => {
    const table = fc.integer({ min: 0, max: 0xffff });
    fc.assert(
      fc.property(table, fc.uint8Array(), table, fc.uint8Array(), (t1, k1, t2, k2) => {
        const expected = t1 === t2 ? compareBytes(k1, k2) : t1 - t2;
        assert.equal(
          Math.sign(compareBytes(recordKey(t1, k1, new Slab()), recordKey(t2, k2, new Slab()))),
          Math.sign(expected),
        );
        const split = splitRecordKey(recordKey(t1, k1, new Slab()));
        assert.deepEqual([split.table, [...split.key]], [t1, [...k1]]);
      }),
    );
  });

  it('have nothing between a key and the one after it', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.uint8Array(), (key, other) => {
        if (compareBytes(other, key) > 0) assert.ok(compareBytes(other, after(key)) >= 0);
      }),
    );
  });

  it('are not mistaken for entries when they are damaged', () => {
    assert.equal(indexOfKey(entryKey(5).subarray(0, 8)), null);
    assert.equal(indexOfKey(new Uint8Array(9)), null);
    assert.equal(indexOfKey(Uint8Array.of(0x65, 255, 0, 0, 0, 0, 0, 0, 0)), null);
    assert.equal(textAfterPrefix(acknowledgedKey(N1)), N1);
  });
});
