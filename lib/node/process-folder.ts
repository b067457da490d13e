import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { TepuiError } from '../base/index.js';

/** Creates the process's folder. */
export function openProcessFolder(folder: string): void {
  written(folder, () => mkdirSync(folder, { recursive: true }));
}

/** Writes `pid`. To be called once the folder is known to be free: it may be another process's. */
export function writePid(folder: string): void {
  written(folder, () => {
    const temporary = path.join(folder, `.pid.${process.pid}`);
    writeFileSync(temporary, `${process.pid}\n`);
    renameSync(temporary, path.join(folder, 'pid'));
  });
}

/** The process that wrote `pid` into the folder, if one with this pid lives: somebody may have started it by hand. */
export function livingPid(folder: string): number | null {
  try {
    const pid = Number(readFileSync(path.join(folder, 'pid'), 'utf8'));
    if (!Number.isInteger(pid) || pid < 1) return null;
    process.kill(pid, 0);
    return pid;
  } catch {
    return null;
  }
}

function written(folder: string, write: () => void): void {
  try {
    write();
  } catch (error) {
    throw new TepuiError('STORAGE', `${folder} cannot be written: ${String(error)}`, { cause: error });
  }
}
