import { copyFile, link, mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { TepuiError } from '../../base/index.js';

/** Never changed once written, and only ever deleted: a second name for them costs nothing. */
const IMMUTABLE = /\.(?:ldb|sst)$/;
/** LevelDB's own diary. */
const DIARY = /^LOG(?:\.old)?$/;
const LOCK = 'LOCK';

/**
 * A copy of a LevelDB database to read from: opening the database itself would write to it. Tables are linked; the
 * small files that LevelDB rewrites are copied. The lock is linked too, so that opening the copy fails while another
 * process holds the original, and keeps others from opening the original meanwhile.
 */
export async function linkedCopy(database: string, into: string): Promise<void> {
  await mkdir(into, { recursive: true, mode: 0o700 });
  const names = await readdir(database);
  // Newest first: a table that a manifest names is there before the manifest names it, and never after.
  for (const name of names.filter((one) => !DIARY.test(one))) {
    const from = join(database, name);
    const to = join(into, name);
    try {
      if (name === LOCK || IMMUTABLE.test(name)) await link(from, to);
      else await copyFile(from, to);
    } catch (cause) {
      throw explained(database, name, cause);
    }
  }
}

function explained(database: string, name: string, cause: unknown): TepuiError {
  const { code, message } = cause as NodeJS.ErrnoException;
  if (code === 'ENOENT') {
    return new TepuiError('FOLDER_IN_USE', `${database} changes while it is read: ${name} went away`, {
      cause,
    });
  }
  return new TepuiError('STORAGE', `${database}/${name} cannot be read: ${message}`, { cause });
}
