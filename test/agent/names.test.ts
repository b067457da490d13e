import assert from 'node:assert/strict';
import path from 'node:path';
import fc from 'fast-check';
import { fileName } from '../../lib/agent/names.js';

describe('ids as names of files', () => {
  it('stay inside their folder, fit a file system, and are never hidden', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('a', 'Z', '.', '/', '\0', '\n', '%', 'ü', '😀'), maxLength: 400 }),
        (id) => {
          const name = fileName(id);
          assert.equal(path.basename(path.join('/x', name)), name);
          assert.match(name, /^[A-Za-z0-9_%~-][A-Za-z0-9_%~.-]*$/);
          assert.ok(name.length <= 200);
        },
      ),
      { numRuns: 50 },
    );
  });

  it('differ when the ids differ', () => {
    const close = fc.string({ unit: fc.constantFrom('a', '.', '%', '2', 'E', '/', '~', ' '), maxLength: 6 });
    fc.assert(
      fc.property(close, close, (a, b) => {
        assert.equal(fileName(a) === fileName(b), a === b);
      }),
    );
    assert.notEqual(fileName('x'.repeat(500)), fileName('x'.repeat(501)));
  });

  it('leave ordinary ids readable', () => {
    assert.equal(fileName('web.3_A-1'), 'web.3_A-1');
    assert.equal(fileName('../a b'), '%2E.%2Fa%20b');
  });
});
