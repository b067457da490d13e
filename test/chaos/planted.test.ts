import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { PLANTED, applyPatch } from '../../chaos/mutants/planted.js';

const DIST = path.join(path.dirname(fileURLToPath(import.meta.url)), '../..');

describe('the planted bugs', () => {
  for (const { name, patches } of PLANTED) {
    it(`${name} fits the build as it is now`, () => {
      for (const patch of patches) {
        const source = readFileSync(path.join(DIST, patch.file), 'utf8');
        assert.notEqual(applyPatch(source, patch), source);
      }
    });
  }

  it('are refused when their place is gone or not the only one', () => {
    const patch = { file: 'x.js', find: 'a', replace: 'b' };
    assert.throws(() => applyPatch('xyz', patch), /0 times/);
    assert.throws(() => applyPatch('a a', patch), /2 times/);
  });
});
