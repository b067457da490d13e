import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Slab } from '../../../lib/state/store/slab.js';

function read(slab: Slab, ref: number, length: number): Uint8Array {
  if (ref === 0) return new Uint8Array();
  const at = slab.offsetOf(ref);
  return slab.bytesAt(ref).slice(at, at + length);
}

function filled(size: number, value: number): Uint8Array {
  return new Uint8Array(size).fill(value);
}

describe('The slab', () => {
  it('gives back what was stored, whatever was stored, replaced and released before', () => {
    const size = fc.oneof(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 0, max: 70_000 }));
    const step = fc.record({ slot: fc.nat(15), size, keep: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const slab = new Slab();
        const refs = new Map<number, { ref: number; bytes: Uint8Array }>();
        for (const [n, { slot, size, keep }] of steps.entries()) {
          const held = refs.get(slot);
          const bytes = filled(size, n);
          if (held === undefined) refs.set(slot, { ref: slab.store(bytes, 0, size), bytes });
          else if (keep) {
            const ref = slab.replace(held.ref, held.bytes.length, bytes, 0, size);
            refs.set(slot, { ref, bytes });
          } else {
            slab.release(held.ref);
            refs.delete(slot);
          }
          for (const { ref, bytes } of refs.values()) assert.deepEqual(read(slab, ref, bytes.length), bytes);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('uses the room of released blocks for blocks of other sizes', () => {
    const slab = new Slab();
    for (const size of [16, 100, 1000, 20_000]) {
      const count = Math.floor(4_000_000 / size);
      const refs = Array.from({ length: count }, () => slab.store(filled(size, 1), 0, size));
      for (const ref of refs) slab.release(ref);
    }
    assert.ok(slab.reservedBytes < 8_000_000, `${slab.reservedBytes} bytes are held`);
  });
});
