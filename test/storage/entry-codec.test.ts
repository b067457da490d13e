import assert from 'node:assert/strict';
import fc from 'fast-check';
import { TepuiError, copyWithFront, crc32c, equalBytes } from '../../lib/base/index.js';
import type { EntryKind } from '../../lib/raft/types.js';
import { decodeEntry, encodeEntry } from '../../lib/storage/entry-codec.js';
import { GENESIS_CHAIN } from '../../lib/storage/log-records.js';
import { entry } from './helpers.js';

const isDamaged = (e: unknown): boolean => e instanceof TepuiError && e.code === 'DAMAGED';

describe('a stored log entry', () => {
  const kinds = fc.constantFrom<EntryKind>('normal', 'noop', 'configuration');

  it('is read back as it was written', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), fc.maxSafeNat(), kinds, fc.uint8Array(), (term, index, kind, data) => {
        const value = encodeEntry({ term, index, kind, data }, GENESIS_CHAIN);
        const { entry: read } = decodeEntry(value, index, GENESIS_CHAIN);
        assert.deepEqual({ ...read, data: [...read.data] }, { term, index, kind, data: [...data] });
      }),
    );
  });

  it('is made in front of its data where there is room, with the same bytes as elsewhere', () => {
    const plain = entry(3, 7, 'some data');
    const roomy = { ...plain, data: copyWithFront(plain.data) };
    const value = encodeEntry(roomy, GENESIS_CHAIN);
    assert.equal(value.buffer, roomy.data.buffer);
    assert.deepEqual(value, encodeEntry(plain, GENESIS_CHAIN));
    assert.deepEqual(roomy.data, plain.data);
  });

  it('is not changed by a second record of the same data', () => {
    const roomy = { ...entry(3, 7, 'some data'), data: copyWithFront(entry(3, 7, 'some data').data) };
    const first = encodeEntry(roomy, GENESIS_CHAIN);
    const before = first.slice();
    const second = encodeEntry({ ...roomy, index: 8 }, first.subarray(4, 20));
    assert.notEqual(second.buffer, first.buffer);
    assert.deepEqual(first, before);
  });

  it('is refused when any one bit of it is wrong', () => {
    const value = encodeEntry(entry(3, 7, 'some data'), GENESIS_CHAIN);
    for (let bit = 0; bit < value.length * 8; bit++) {
      const bad = value.slice();
      bad[bit >> 3]! ^= 1 << (bit & 7);
      assert.throws(() => decodeEntry(bad, 7, GENESIS_CHAIN), isDamaged, `bit ${bit}`);
    }
  });

  it('is refused when its data was changed and its checksum made to fit', () => {
    const value = encodeEntry(entry(3, 7, 'some data'), GENESIS_CHAIN);
    value[value.length - 1]! ^= 1;
    new DataView(value.buffer).setUint32(0, crc32c(value, 0, 4), true);
    assert.throws(() => decodeEntry(value, 7, GENESIS_CHAIN), /wrong hash/);
  });

  it('is refused when it is cut short, zeroed or followed by more', () => {
    const value = encodeEntry(entry(3, 7, 'some data'), GENESIS_CHAIN);
    for (let size = 0; size < value.length; size++) {
      assert.throws(() => decodeEntry(value.subarray(0, size), 7, null), isDamaged);
    }
    assert.throws(() => decodeEntry(new Uint8Array(value.length), 7, null), isDamaged);
    assert.throws(() => decodeEntry(Buffer.concat([value, Buffer.of(0)]), 7, null), isDamaged);
  });

  it('is refused in the place of another entry', () => {
    const value = encodeEntry(entry(3, 7), GENESIS_CHAIN);
    assert.throws(() => decodeEntry(value, 8, null), /record of entry 7 is in its place/);
  });

  it('is refused after a predecessor it was not written after', () => {
    const one = decodeEntry(encodeEntry(entry(1, 1, 'a'), GENESIS_CHAIN), 1, null);
    const other = decodeEntry(encodeEntry(entry(1, 1, 'b'), GENESIS_CHAIN), 1, null);
    const two = encodeEntry(entry(1, 2), one.chain);
    assert.ok(decodeEntry(two, 2, one.chain));
    assert.throws(() => decodeEntry(two, 2, other.chain), /does not build on/);
  });

  it('has a chain that depends on term, index, kind, data and everything before', () => {
    const chain = (e: Parameters<typeof encodeEntry>[0], previous = GENESIS_CHAIN): Uint8Array =>
      decodeEntry(encodeEntry(e, previous), e.index, null).chain.slice();
    const base = entry(1, 1, 'a');
    const reference = chain(base);
    const others = [
      chain({ ...base, term: 2 }),
      chain({ ...base, index: 2 }),
      chain({ ...base, kind: 'noop' }),
      chain(entry(1, 1, 'b')),
      chain(base, reference),
    ];
    for (const other of others) assert.ok(!equalBytes(other, reference));
  });
});
