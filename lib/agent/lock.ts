import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import { TepuiError, must } from '../base/index.js';
import { identityOf, isAlive, type Platform, type ProcessIdentity } from './platform/index.js';

/**
 * A lock file that names its owner by pid, start time and boot id, so that the lock of a process that was killed
 * is free at once, and a stranger with the same pid does not hold it. Node has no flock(2).
 *
 * Made by link(2): it appears whole or not at all. Throws FOLDER_IN_USE with the owner's pid.
 */
export function acquireLock(file: string, platform: Platform): FolderLock {
  const self = must(identityOf(platform, process.pid), 'a process must find itself');
  const draft = `${file}.${randomBytes(6).toString('hex')}`;
  fs.writeFileSync(draft, JSON.stringify(self), { mode: 0o600 });
  try {
    while (!tryLink(draft, file)) removeStale(file, platform);
  } finally {
    fs.rmSync(draft, { force: true });
  }
  return new FolderLock(file);
}

export class FolderLock {
  private readonly file: string;

  constructor(file: string) {
    this.file = file;
  }

  release(): void {
    fs.rmSync(this.file, { force: true });
  }
}

/** The live owner of a lock, undefined when it is free. */
export function lockOwner(file: string, platform: Platform): ProcessIdentity | undefined {
  const owner = readOwner(file);
  return owner !== undefined && isAlive(platform, owner) ? owner : undefined;
}

function tryLink(draft: string, file: string): boolean {
  try {
    fs.linkSync(draft, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/**
 * Moves a dead owner's lock aside before deleting it: of two processes that judge it dead, one moves the stale
 * file and the other one perhaps the first one's new lock, which it then puts back.
 */
function removeStale(file: string, platform: Platform): void {
  const owner = lockOwner(file, platform);
  if (owner !== undefined) {
    throw new TepuiError('FOLDER_IN_USE', `${file} is held by process ${owner.pid}`, {
      fields: { pid: owner.pid },
    });
  }
  const aside = `${file}.${randomBytes(6).toString('hex')}`;
  try {
    fs.renameSync(file, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  if (lockOwner(aside, platform) !== undefined) tryLink(aside, file);
  fs.rmSync(aside, { force: true });
}

function readOwner(file: string): ProcessIdentity | undefined {
  try {
    return JSON.parse(fs.readFileSync(file, 'utf8')) as ProcessIdentity;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT' || error instanceof SyntaxError) return undefined;
    throw error;
  }
}
