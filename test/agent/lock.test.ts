import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { acquireLock, lockOwner } from '../../lib/agent/lock.js';
import { identityOf, thisPlatform, type ProcessIdentity } from '../../lib/agent/platform/index.js';
import { tempFolder } from '../support/temp-folder.js';

describe('lock of a folder', () => {
  const folder = tempFolder();
  const file = path.join(folder.path, 'lock');
  const platform = thisPlatform();
  const self = identityOf(platform, process.pid)!;
  afterEach(() => fs.rmSync(file, { force: true }));
  after(() => folder.remove());

  const heldBy = (owner: ProcessIdentity | string): void =>
    fs.writeFileSync(file, typeof owner === 'string' ? owner : JSON.stringify(owner));

  it('is refused while its owner lives, with the pid of the owner', () => {
    const lock = acquireLock(file, platform);
    assert.equal(lockOwner(file, platform)?.pid, process.pid);
    const message = new RegExp(`held by process ${process.pid}$`);
    assert.throws(() => acquireLock(file, platform), { code: 'FOLDER_IN_USE', message });
    lock.release();
    acquireLock(file, platform).release();
  });

  it('is free when its owner died, even if another process has the same pid now', () => {
    heldBy({ ...self, startTime: '1' });
    acquireLock(file, platform).release();
    heldBy({ ...self, bootId: 'an earlier boot' });
    acquireLock(file, platform).release();
    heldBy({ ...self, pid: 2 ** 22 + 1 });
    acquireLock(file, platform).release();
  });

  it('is free when a crash left it unreadable', () => {
    heldBy('');
    acquireLock(file, platform).release();
  });

  it('leaves no other file behind', () => {
    heldBy({ ...self, startTime: '1' });
    acquireLock(file, platform);
    assert.throws(() => acquireLock(file, platform), { code: 'FOLDER_IN_USE' });
    assert.deepEqual(fs.readdirSync(folder.path), ['lock']);
  });
});
