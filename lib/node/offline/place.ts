import { mkdir, open, readdir, rename, rmdir } from 'node:fs/promises';
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
 * Puts what was built in `folder/building-STAMP` in force, and what is in force into `folder/before-STAMP`; nothing is
 * deleted. The identity goes first and comes last, so that no master takes a mixture for its folder. Cut short at any
 * moment, `completeExchange` does the rest:
 *
 *   building-STAMP  ─ old data moves to before-STAMP ─►  placing-STAMP  ─ new data moves into the folder ─►  gone
 */
export async function exchange(folder: string, stamp: string): Promise<void> {
  const aside = path.join(folder, `before-${stamp}`);
  const old = await dataIn(folder);
  if (old.length > 0) await mkdir(aside, { recursive: true, mode: 0o700 });
  for (const name of identityFirst(old)) await rename(path.join(folder, name), path.join(aside, name));
  await sync(folder);
  await rename(path.join(folder, `building-${stamp}`), path.join(folder, `placing-${stamp}`));
  await sync(folder);
  await moveIn(folder, stamp);
}

async function moveIn(folder: string, stamp: string): Promise<void> {
  const from = path.join(folder, `placing-${stamp}`);
  for (const name of identityFirst(await readdir(from)).reverse())
    await rename(path.join(from, name), path.join(folder, name));
  await rmdir(from);
  await sync(folder);
}

/** Ends an exchange that was cut short. False: there was none. */
export async function completeExchange(folder: string): Promise<boolean> {
  const names: string[] = await readdir(folder).catch(() => []);
  const placing = names.find((name) => name.startsWith('placing-'));
  if (placing !== undefined) {
    const left = await readdir(path.join(folder, placing));
    // A master was started in between, and made a folder of its own of what it found.
    if (left.length > 0 && names.includes(IDENTITY)) return false;
    await moveIn(folder, placing.slice('placing-'.length));
    return true;
  }
  // Without the identity of the old data the exchange had begun; what was built is whole when it has its own.
  if (names.includes(IDENTITY)) return false;
  for (const name of names.filter((one) => one.startsWith('building-')).sort()) {
    const stamp = name.slice('building-'.length);
    const built = await readdir(path.join(folder, name));
    if (!built.includes(IDENTITY) || !names.includes(`before-${stamp}`)) continue;
    await exchange(folder, stamp);
    return true;
  }
  return false;
}

function identityFirst(names: readonly string[]): string[] {
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
