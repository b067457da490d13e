import assert from 'node:assert/strict';
import { pageOfBytes, pageOfFloats, pageOfWords } from '../../../lib/state/store/pages.js';

describe('Pages of tables', () => {
  it('begin as zeros and share nothing, whatever kinds are taken in turn and however many', () => {
    const pages = Array.from({ length: 400 }, (_, i) => {
      const page = [pageOfBytes, pageOfWords, pageOfFloats][i % 3]!(4096 * (1 + (i % 8)));
      assert.ok(page.every((value) => value === 0));
      return page.fill(1 + (i % 100));
    });
    for (const [i, page] of pages.entries()) assert.ok(page.every((value) => value === 1 + (i % 100)));
  });
});
