import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { tempFolder } from '../support/temp-folder.js';
import { titlesIn } from './titles.js';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const PAGE = readFileSync(path.join(ROOT, 'docs/reliability.md'), 'utf8');
const PROMISES = PAGE.slice(PAGE.indexOf('\n## Promises'), PAGE.indexOf('\n## Track record'));

interface Proof {
  readonly file: string;
  readonly title: string;
}

/** "[test/x/y.test.ts](../test/x/y.test.ts): “title”; “title”", over any number of lines. */
function proofsIn(text: string): Proof[] {
  const items = text.replaceAll(/\n +/g, ' ').matchAll(/^- \[(test\/[^\]]+)\]\(([^)]+)\): (.*)$/gm);
  return [...items].flatMap(([, file, target, titles]) => {
    assert.equal(target, `../${file}`, `the link of ${file}`);
    const quoted = [...titles!.matchAll(/“([^”]*)”/g)].map(([, title]) => ({ file: file!, title: title! }));
    assert.ok(quoted.length > 0, `${file} is named without a title`);
    return quoted;
  });
}

describe('docs/reliability.md', () => {
  it('names only tests that exist, by file and title', () => {
    const missing = proofsIn(PAGE)
      .filter(({ file, title }) => {
        const source = path.join(ROOT, file);
        return !existsSync(source) || !titlesIn(source).some((pattern) => pattern.test(title));
      })
      .map(({ file, title }) => `${file}: “${title}”`);
    assert.deepEqual(missing, []);
  });

  it('names a test for every promise', () => {
    const promises = PROMISES.split(/^### /m).slice(1);
    const without = promises.filter((text) => proofsIn(text).length === 0).map((text) => text.split('\n')[0]);
    assert.ok(promises.length >= 9, `${promises.length} promises`);
    assert.deepEqual(without, []);
  });

  it('names only commands that the package has', () => {
    const { scripts } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>;
    };
    const named = [...PAGE.matchAll(/npm run ([\w:-]+)/g)].map(([, name]) => name!);
    assert.ok(named.length > 0);
    assert.deepEqual(
      named.filter((name) => scripts[name] === undefined),
      [],
    );
  });
});

describe('titles of tests in a source file', () => {
  const folder = tempFolder();
  const file = path.join(folder.path, 'x.test.ts');
  after(() => folder.remove());

  function known(source: string, title: string): boolean {
    writeFileSync(file, source);
    return titlesIn(file).some((pattern) => pattern.test(title));
  }

  it('are found whole, in any quotes, and over line breaks', () => {
    assert.equal(known("it('keeps it', () => 1)", 'keeps it'), true);
    assert.equal(known('it(\n  "a leader\'s", () => 1)', "a leader's"), true);
    assert.equal(known("it('it\\'s', () => 1)", "it's"), true);
    assert.equal(known("it('keeps it all', () => 1)", 'keeps it'), false);
    assert.equal(known("wait('keeps it')", 'keeps it'), false);
  });

  it('may be made from data', () => {
    const source = 'it(`holds (seed ${seed})`, () => 1)';
    assert.equal(known(source, 'holds (seed 7)'), true);
    assert.equal(known(source, 'holds (seed )'), false);
    assert.equal(known(source, 'held (seed 7)'), false);
  });
});
