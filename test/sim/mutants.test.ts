import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { MUTANTS } from './mutants.js';

describe('the planted faults', () => {
  it('each name text that is once in the build', () => {
    for (const { name, file, find } of MUTANTS) {
      const text = readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');
      assert.equal(text.split(find).length, 2, `${name}: rewrite it in test/sim/mutants.ts`);
    }
  });

  it('begin with the five of the release gate, and have names of their own', () => {
    const names = MUTANTS.map(({ name }) => name);
    assert.equal(new Set(names).size, names.length);
    assert.deepEqual(names.slice(0, 5), [
      'old-term-counted',
      'vote-not-synced',
      'read-before-noop',
      'conflict-kept',
      'vote-lost-on-restart',
    ]);
  });
});
