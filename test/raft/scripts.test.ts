import assert from 'node:assert/strict';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { parseScript } from './script/parse.js';
import { checkScript, rewriteScript } from './script/runner.js';

/**
 * Each file of `test/raft/scripts` is a story: prose, what happens, and what must be true then. `REWRITE=1` puts the
 * values that are observed into the `expect` lines; whoever uses it reads every changed line.
 */
const FOLDER = new URL('../../../test/raft/scripts/', import.meta.url);
const REWRITE = process.env['REWRITE'] === '1';

describe('scripts', () => {
  const names = readdirSync(FOLDER).filter((name) => name.endsWith('.txt'));
  for (const name of names.sort()) {
    const file = new URL(name, FOLDER);
    const script = parseScript(readFileSync(file, 'utf8'));
    it(`${name.replace(/\.txt$/, '')}: ${script.title}`, () => {
      if (REWRITE) writeFileSync(file, rewriteScript(script));
      else checkScript(script);
    });
  }
});

describe('the runner of scripts', () => {
  const text = '# A group of one\n\ngroup m1\nelect m1\nexpect m1: role=follower commit=9\n';

  it('fails on a fact that does not hold, and names its line', () => {
    assert.throws(() => checkScript(parseScript(text)), /line 5/);
  });

  it('rewrites what is expected into what is observed, and nothing else', () => {
    const rewritten = rewriteScript(parseScript(text));
    assert.equal(rewritten, text.replace('role=follower commit=9', 'role=leader commit=1'));
    checkScript(parseScript(rewritten));
  });

  it('knows neither commands nor values that do not exist', () => {
    for (const line of [
      'elekt m1',
      'expect m1: rule=leader',
      'expect m9: role=leader',
      'expect m1 role=leader',
    ]) {
      assert.throws(() => checkScript(parseScript(`# x\ngroup m1\n${line}\n`)), /line 3/);
    }
  });
});
