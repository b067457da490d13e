import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { copyData, filesOf, identityOf, wipe } from '../../chaos/damage/data-folder.js';
import { tempFolder } from '../support/temp-folder.js';

describe('the data folder of a master, as chaos sees it', () => {
  let folder: ReturnType<typeof tempFolder>;
  let data: string;

  beforeEach(() => {
    folder = tempFolder();
    data = path.join(folder.path, 'm1');
    for (const name of ['raft', 'state', 'state-2', 'raft-damaged'])
      mkdirSync(path.join(data, name), { recursive: true });
    for (const name of ['config.yaml', 'log.jsonl', 'output.log', 'pid', 'reserve', 'witness'])
      put(name, name);
    put('identity.json', JSON.stringify({ format: 1, instance: 'abcd', boot: 3 }));
    for (const name of ['000003.log', 'CURRENT', 'LOCK', 'LOG', 'LOG.old']) put(`raft/${name}`, 'x');
    put('raft/000005.ldb', '');
    put('state/000004.log', 'x');
    put('state-2/CURRENT', 'x');
  });
  afterEach(() => folder.remove());

  function put(name: string, text: string): void {
    writeFileSync(path.join(data, name), text);
  }

  it('keeps only configuration and words of the process when it is wiped', () => {
    assert.ok(wipe(data) > 0);
    assert.deepEqual(readdirSync(data).sort(), ['config.yaml', 'log.jsonl', 'output.log', 'pid']);
    assert.equal(identityOf(data), null);
  });

  it('is copied but for the reserve', () => {
    const copy = path.join(folder.path, 'copy');
    copyData(data, copy);
    assert.deepEqual(identityOf(copy), { instance: 'abcd', boot: 3 });
    assert.equal(readFileSync(path.join(copy, 'raft/000003.log'), 'utf8'), 'x');
    assert.equal(existsSync(path.join(copy, 'reserve')), false);
    assert.equal(existsSync(path.join(copy, 'log.jsonl')), false);
  });

  it('has a log and states of files that somebody reads and that are not empty', () => {
    const names = (part: 'raft' | 'state') =>
      filesOf(data, part)
        .map((file) => path.relative(data, file))
        .sort();
    assert.deepEqual(names('raft'), ['raft/000003.log', 'raft/CURRENT']);
    assert.deepEqual(names('state'), ['state-2/CURRENT', 'state/000004.log']);
  });
});
