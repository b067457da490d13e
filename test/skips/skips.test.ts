import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import Mocha from 'mocha';
import { judgeSkips } from './judge.js';
import { recordTests, type RanTest } from './record.js';
import { tempFolder } from '../support/temp-folder.js';

const RAN: RanTest = { titles: ['a leader', 'leads'], skipped: false };
const SKIPPED: RanTest = { titles: ['a leader', 'may rest'], skipped: true };

function page(...entries: string[]): string {
  return `# Skips\n\nWords about \`a › b\`.\n\n## Entries\n\n${entries.join('\n\n')}\n`;
}

describe('the skips of a run', () => {
  it('are allowed when each stands on the page with a reason', () => {
    assert.deepEqual(judgeSkips(page('### `a leader › may rest`\n\nNeeds two hosts.'), [RAN, SKIPPED]), []);
  });

  it('need no entry when there are none', () => {
    assert.deepEqual(judgeSkips(page('None.'), [RAN]), []);
  });

  it('fail it when one is not listed, by its name', () => {
    assert.deepEqual(judgeSkips(page('None.'), [RAN, SKIPPED]), [
      'skipped without a reason: a leader › may rest',
    ]);
  });

  it('fail it when an entry names a test that does not exist', () => {
    assert.deepEqual(judgeSkips(page('### `a leader › rested`\n\nNeeds two hosts.'), [RAN]), [
      'listed, but no such test: a leader › rested',
    ]);
  });

  it('are allowed in a suite that is listed as a whole, and not in one whose name begins alike', () => {
    const listed = page('### `a leader`\n\nNeeds two hosts.');
    const other: RanTest = { titles: ['a leader of three', 'may rest'], skipped: true };
    assert.deepEqual(judgeSkips(listed, [RAN, SKIPPED]), []);
    assert.deepEqual(judgeSkips(listed, [RAN, other]), [
      'skipped without a reason: a leader of three › may rest',
    ]);
  });

  it('may be fewer than listed: the test ran here', () => {
    assert.deepEqual(judgeSkips(page('### `a leader › leads`\n\nNeeds two hosts.'), [RAN]), []);
  });

  it('fail it when an entry gives no reason, even if the next one does', () => {
    const entries = [
      '### `a leader › may rest`',
      '### `a leader › leads`\n\nNeeds two hosts.',
      '## More\n\nwords',
    ];
    assert.deepEqual(judgeSkips(page(...entries), [RAN, SKIPPED]), [
      'listed without a reason: a leader › may rest',
    ]);
  });

  it('fail it when a test is listed twice', () => {
    const entry = '### `a leader › may rest`\n\nNeeds two hosts.';
    assert.deepEqual(judgeSkips(page(entry, entry), [RAN, SKIPPED]), ['listed twice: a leader › may rest']);
  });

  it('may have backticks in their names', () => {
    const test = { titles: ['the flag `--x`'], skipped: true };
    assert.deepEqual(judgeSkips(page('### `` the flag `--x` ``\n\nNeeds two hosts.'), [test]), []);
  });

  it('cannot be judged from a run that reported nothing', () => {
    assert.equal(judgeSkips(page('None.'), []).length, 1);
  });
});

describe('the record of a run', () => {
  const folder = tempFolder();
  const file = path.join(folder.path, 'tests.jsonl');
  after(() => folder.remove());

  /** Runs tests that pass, fail, and are skipped in every way that Mocha knows. */
  function run(): Promise<number> {
    const root = new Mocha().suite;
    const outer = Mocha.Suite.create(root, 'outer');
    outer.addTest(new Mocha.Test('passes', () => undefined));
    outer.addTest(new Mocha.Test('fails', () => assert.fail('as it should')));
    outer.addTest(new Mocha.Test('has no body'));
    outer.addTest(
      new Mocha.Test('skips itself', function (this: Mocha.Context) {
        this.skip();
      }),
    );
    const inner = Mocha.Suite.create(outer, 'inner');
    inner.beforeAll(function (this: Mocha.Context) {
      this.skip();
    });
    inner.addTest(new Mocha.Test('is skipped by a hook', () => undefined));
    const runner = new Mocha.Runner(root, {});
    recordTests(runner, file);
    return new Promise((resolve) => runner.run(resolve));
  }

  it('names every test, and those that were skipped in whatever way', async () => {
    assert.equal(await run(), 1, 'failures of the recorded run');
    const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
    assert.deepEqual(
      lines.map((line) => JSON.parse(line) as RanTest),
      [
        { titles: ['outer', 'passes'], skipped: false },
        { titles: ['outer', 'fails'], skipped: false },
        { titles: ['outer', 'has no body'], skipped: true },
        { titles: ['outer', 'skips itself'], skipped: true },
        { titles: ['outer', 'inner', 'is skipped by a hook'], skipped: true },
      ],
    );
  });
});
