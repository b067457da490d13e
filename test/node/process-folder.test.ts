import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { livingPid, openProcessFolder, writePid } from '../../lib/node/process-folder.js';
import { tempFolder } from '../support/temp-folder.js';

describe("a process's folder", () => {
  const temporary = tempFolder();
  const folder = path.join(temporary.path, 'a', 'b');
  after(() => temporary.remove());

  it('is made with the folders above it, and may be there already', () => {
    openProcessFolder(folder);
    openProcessFolder(folder);
    assert.deepEqual(readdirSync(folder), []);
  });

  it('tells the pid, over that of the process before, and nothing else is left in it', () => {
    openProcessFolder(folder);
    writeFileSync(path.join(folder, 'pid'), '1\n');
    writePid(folder);
    assert.equal(readFileSync(path.join(folder, 'pid'), 'utf8'), `${process.pid}\n`);
    assert.deepEqual(readdirSync(folder), ['pid']);
  });

  it('names its process as long as that lives', () => {
    openProcessFolder(folder);
    const file = path.join(folder, 'pid');
    writePid(folder);
    assert.equal(livingPid(folder), process.pid);
    const { pid } = spawnSync('true');
    writeFileSync(file, `${pid}\n`);
    assert.equal(livingPid(folder), null);
  });

  it('names no process when its pid is missing or none', () => {
    openProcessFolder(folder);
    for (const text of ['', '0\n', '-1\n', 'seven\n']) {
      writeFileSync(path.join(folder, 'pid'), text);
      assert.equal(livingPid(folder), null, text);
    }
    assert.equal(livingPid(path.join(folder, 'nowhere')), null);
  });

  it('is a storage error, with its name, where it cannot be made or written', () => {
    const file = path.join(temporary.path, 'file');
    writeFileSync(file, '');
    const inside = path.join(file, 'folder');
    const says = (error: Error): boolean => error.message.startsWith(`${inside} cannot be written: `);
    assert.throws(() => openProcessFolder(inside), says);
    assert.throws(() => openProcessFolder(inside), { code: 'STORAGE' });
    assert.throws(() => writePid(inside), { code: 'STORAGE' });
    assert.equal(existsSync(inside), false);
  });
});
