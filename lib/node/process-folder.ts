import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { TepuiError } from '../base/index.js';

/** Creates the process's folder and writes `pid` into it. */
export function openProcessFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true });
    const temporary = path.join(folder, `.pid.${process.pid}`);
    writeFileSync(temporary, `${process.pid}\n`);
    renameSync(temporary, path.join(folder, 'pid'));
  } catch (error) {
    throw new TepuiError('STORAGE', `${folder} cannot be written: ${String(error)}`, { cause: error });
  }
}
