import assert from 'node:assert/strict';
import { appendFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Utterances, brokenInvariant } from '../../chaos/cluster/utterances.js';
import { tempFolder } from '../support/temp-folder.js';

describe('what a process says', () => {
  let folder: ReturnType<typeof tempFolder>;
  let file: string;

  beforeEach(() => {
    folder = tempFolder();
    file = path.join(folder.path, 'log.jsonl');
  });
  afterEach(() => folder.remove());

  const line = (level: number, msg: string, err?: object) => `${JSON.stringify({ level, msg, err })}\n`;

  it('of troubles is known from a moment on, each once', () => {
    writeFileSync(file, line(50, 'of before'));
    const said = new Utterances(folder.path);
    appendFileSync(file, line(30, 'leads') + line(40, 'late') + line(40, 'late'));
    appendFileSync(file, line(50, 'the process ends', { type: 'TepuiError', message: 'no space' }));
    assert.deepEqual(said.troubles(), ['late', 'the process ends: no space']);
  });

  it('may break off within a line', () => {
    const said = new Utterances(folder.path);
    writeFileSync(file, `${line(40, 'late')}{"level":50,"ms`);
    assert.deepEqual(said.troubles(), ['late']);
  });

  it('last tells whether an invariant was broken', () => {
    writeFileSync(file, line(50, 'the process ends', { type: 'InvariantError', message: '3 is above 2' }));
    assert.equal(brokenInvariant(folder.path), '3 is above 2');
    appendFileSync(file, line(50, 'the process ends', { type: 'TepuiError', message: 'no space' }));
    assert.equal(brokenInvariant(folder.path), null);
  });
});
