import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Scratch } from '../../lib/storage/slab.js';

describe('Memory that is used again and again', () => {
  it('gives pieces that keep what was put into them until it is reset, however large they are', () => {
    const sizes = fc.array(fc.oneof(fc.nat(300), fc.nat(20_000)), { maxLength: 20 });
    fc.assert(
      fc.property(fc.array(sizes, { maxLength: 10 }), (rounds) => {
        const scratch = new Scratch();
        for (const round of rounds) {
          scratch.reset();
          const pieces = round.map((size, i) => scratch.take(size).fill(i));
          for (const [i, piece] of pieces.entries()) {
            assert.deepEqual(piece, new Uint8Array(round[i]!).fill(i));
          }
        }
      }),
    );
  });

  it('gives the same memory after each reset', () => {
    const scratch = new Scratch();
    const before = scratch.take(100);
    scratch.reset();
    assert.equal(scratch.take(100).buffer, before.buffer);
  });
});
