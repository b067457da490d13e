import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/** A folder of its own for one test, and its removal. */
export function tempFolder(): { readonly path: string; remove(): void } {
  const folder = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'tepui-test-')));
  return { path: folder, remove: () => fs.rmSync(folder, { recursive: true, force: true }) };
}
