import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { CORE_MUTANTS } from './mutants.js';
import { NODE_MUTANTS } from './node/mutants.js';

const MUTANTS = [...CORE_MUTANTS, ...NODE_MUTANTS];

describe('the planted faults', () => {
  it('each name text that is once in the build', () => {
    for (const mutant of MUTANTS) {
      for (const { file, find } of [mutant, ...(mutant.also ?? [])]) {
        const text = readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');
        assert.equal(text.split(find).length, 2, `${mutant.name}: rewrite it where it is listed`);
      }
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
