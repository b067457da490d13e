import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { SeededRandom } from '../../lib/base/index.js';
import { applyFlips, describeFlips, drawFlips, wholeFile } from '../../chaos/damage/bit-flips.js';
import { tempFolder } from '../support/temp-folder.js';

describe('bit flips', () => {
  const folder = tempFolder();
  after(() => folder.remove());

  function fileOf(name: string, bytes: Uint8Array): string {
    const file = path.join(folder.path, name);
    writeFileSync(file, bytes);
    return file;
  }

  it('change exactly the bits that were drawn', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 64 }), fc.integer(), (bytes, seed) => {
        const file = fileOf('any', bytes);
        const flips = drawFlips([wholeFile(file)], 5, new SeededRandom(seed));
        applyFlips(flips);
        const wanted = Uint8Array.from(bytes);
        for (const { offset, bit } of flips) wanted[offset]! ^= 1 << bit;
        assert.deepEqual(new Uint8Array(readFileSync(file)), wanted);
        assert.notDeepEqual(wanted, bytes);
      }),
    );
  });

  it('are the same for the same seed', () => {
    const range = wholeFile(fileOf('same', new Uint8Array(1000)));
    const draw = () => drawFlips([range], 12, new SeededRandom(7));
    assert.deepEqual(draw(), draw());
  });

  it('stay within the range', () => {
    const file = fileOf('range', new Uint8Array(100));
    const flips = drawFlips([{ file, from: 40, to: 42 }], 16, new SeededRandom(1));
    assert.equal(flips.length, 16, 'all bits of two bytes');
    assert.ok(flips.every(({ offset }) => offset === 40 || offset === 41));
  });

  it('are no more than there are bits', () => {
    const range = wholeFile(fileOf('small', new Uint8Array(1)));
    assert.equal(drawFlips([range], 100, new SeededRandom(1)).length, 8);
  });

  it('hit small files as often as large ones', () => {
    const ranges = [
      wholeFile(fileOf('a', new Uint8Array(16))),
      wholeFile(fileOf('b', new Uint8Array(100_000))),
    ];
    const flips = drawFlips(ranges, 40, new SeededRandom(3));
    const small = flips.filter(({ file }) => file.endsWith('a')).length;
    assert.ok(small >= 10 && small <= 30, `${small} of 40 in the small file`);
    assert.equal(describeFlips(flips, folder.path), `40 bits flipped: ${countsInOrder(flips)}`);
  });

  it('that the file does not take are an error', () => {
    const file = fileOf('short', new Uint8Array(4));
    assert.throws(() => applyFlips([{ file, offset: 9, bit: 0 }]), /there is no byte 9/);
  });
});

function countsInOrder(flips: readonly { readonly file: string }[]): string {
  const names = flips.map(({ file }) => path.basename(file));
  return [...new Set(names)]
    .map((name) => `${name} ${names.filter((one) => one === name).length}`)
    .join(', ');
}
