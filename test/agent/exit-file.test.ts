import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { readExitFile, writeExitFile } from '../../lib/agent/holder/exit-file.js';
import { tempFolder } from '../support/temp-folder.js';

describe('exit.json', () => {
  const folder = tempFolder();
  after(() => folder.remove());

  it('gives back the code or the signal of its own run', async () => {
    const atMs = 1_700_000_000_123;
    const code = { exit: { exitCode: 137, atMs }, killed: false };
    await writeExitFile(folder.path, 'run1', code);
    assert.deepEqual(await readExitFile(folder.path, 'run1'), code);
    const signal = { exit: { signal: 'SIGKILL', atMs }, killed: true };
    await writeExitFile(folder.path, 'run2', signal);
    assert.deepEqual(await readExitFile(folder.path, 'run2'), signal);
    assert.deepEqual(fs.readdirSync(folder.path), ['exit.json']);
  });

  it('is not believed when another run, or the task itself, wrote it', async () => {
    await writeExitFile(folder.path, 'old', { exit: { exitCode: 0, atMs: 0 }, killed: false });
    assert.equal(await readExitFile(folder.path, 'new'), undefined);
    for (const forged of ['{"exitCode":0}', '{"run":"new"}', '[]', 'null', '{', '']) {
      fs.writeFileSync(path.join(folder.path, 'exit.json'), forged);
      assert.equal(await readExitFile(folder.path, 'new'), undefined, forged);
    }
  });
});
