import { mkdir, open, readdir, rename } from 'node:fs/promises';
import path from 'node:path';
import { TepuiError } from '../../base/index.js';

const IDENTITY = 'identity.json';
/** What a master keeps in its data folder. Its log file, pid and configuration are left alone. */
const DATA = /^(?:identity\.json|witness|reserve|raft|state(?:-\d+)?)(?:-damaged|\.new)?$/;

/** Names of data in a folder; empty when there is none, or no folder. */
export async function dataIn(folder: string): Promise<string[]> {
  let names: string[];
  try {
    names = await readdir(folder);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw new TepuiError('STORAGE', `${folder} cannot be read: ${(cause as Error).message}`, { cause });
  }
  return names.filter((name) => DATA.test(name)).sort();
}

/**
 * Puts what was built in `folder/built` in force, and what is in force into `folder/aside`; nothing is deleted. The
 * identity goes first and comes last: between the two moments no master starts from a mixture.
 */
export async function exchange(folder: string, built: string, aside: string): Promise<void> {
  const old = await dataIn(folder);
  if (old.length > 0) await mkdir(path.join(folder, aside), { recursive: true, mode: 0o700 });
  for (const name of first(old)) await rename(path.join(folder, name), path.join(folder, aside, name));
  await sync(folder);
  const inside = await readdir(path.join(folder, built));
  for (const name of first(inside).reverse())
    await rename(path.join(folder, built, name), path.join(folder, name));
  await sync(folder);
}

function first(names: readonly string[]): string[] {
  return [...names].sort((a, b) => Number(b === IDENTITY) - Number(a === IDENTITY));
}

async function sync(folder: string): Promise<void> {
  const file = await open(folder, 'r');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
