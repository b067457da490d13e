import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
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

function written(folder: string, write: () => void): void {
  try {
    write();
  } catch (error) {
    throw new TepuiError('STORAGE', `${folder} cannot be written: ${String(error)}`, { cause: error });
  }
}
