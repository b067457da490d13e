import assert from 'node:assert/strict';
import fc from 'fast-check';
import { MalformedError } from '../../lib/base/index.js';
import { FrameBatch, decodeFrames } from '../../lib/wire/index.js';

describe('batches of frames', () => {
  it('are read back in order', () => {
    const frame = fc.record({ kind: fc.integer({ min: 1, max: 255 }), body: fc.uint8Array() });
    fc.assert(
      fc.property(fc.array(frame, { minLength: 1 }), (frames) => {
        const batch = new FrameBatch();
        for (const { kind, body } of frames) batch.add(kind, body);
        assert.equal(batch.count, frames.length);
        const read = decodeFrames(batch.take());
        assert.deepEqual(
          read.map(({ kind, body }) => ({ kind, body: [...body] })),
          frames.map(({ kind, body }) => ({ kind, body: [...body] })),
        );
        assert.equal(batch.count, 0);
      }),
    );
  });

  it('end in MalformedError or frames, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        try {
          decodeFrames(Uint8Array.from([1, ...bytes]));
        } catch (error) {
          assert.ok(error instanceof MalformedError);
        }
      }),
    );
  });

  it('of another version are refused', () => {
    assert.throws(() => decodeFrames(Uint8Array.of(2, 1, 0)), MalformedError);
  });

  it('leave what was taken before alone', () => {
    const batch = new FrameBatch();
    batch.add(1, Uint8Array.of(1, 2));
    const first = batch.take();
    const before = first.slice();
    batch.add(2, Uint8Array.of(3, 4));
    batch.take();
    assert.deepEqual(first, before);
    assert.equal(batch.take().length, 0);
  });

  it('pin their bytes', () => {
    const batch = new FrameBatch();
    batch.add(1, Uint8Array.of(0xaa));
    batch.add(7, new Uint8Array(0));
    assert.equal(Buffer.from(batch.take()).toString('hex'), '010101aa0700');
  });
});
