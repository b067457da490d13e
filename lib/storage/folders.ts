import { TepuiError, type Logger } from '../base/index.js';
import type { Disk, KvOptions } from './disk.js';
import { STATE_META_KEY } from './keys.js';
import { decodeCutMeta } from './log-records.js';
import { DurableState, type StateStoreOptions } from './state-store.js';
import type { Kv } from './types.js';

/** The folder of a member that never installed a snapshot. */
export const FIRST_STATE_FOLDER = 'state';

const STATE_FOLDER = /^state(?:-(\d+))?$/;

export const STATE_KV: KvOptions = { writeBufferBytes: 16 << 20 };

export function isDamaged(error: unknown): error is TepuiError {
  return error instanceof TepuiError && error.code === 'DAMAGED';
}

/** Every state folder present: the one in force, and what installations that did not end left behind. */
export async function stateFolders(disk: Disk): Promise<string[]> {
  return (await disk.listKv()).filter((name) => STATE_FOLDER.test(name));
}

/** A name no state folder has, above all present ones. */
export async function nextStateFolder(disk: Disk): Promise<string> {
  const numbers = (await stateFolders(disk)).map((name) => Number(STATE_FOLDER.exec(name)?.[1] ?? 0));
  return `state-${Math.max(0, ...numbers) + 1}`;
}

/** raft/ was lost, so the name in force is unknown: the folder with the newest complete cut, or null. */
export async function newestStateFolder(disk: Disk): Promise<string | null> {
  let best: { readonly name: string; readonly index: number } | null = null;
  for (const name of await stateFolders(disk)) {
    const index = await cutIndex(disk, name);
    if (index !== null && (best === null || index > best.index)) best = { name, index };
  }
  return best?.name ?? null;
}

async function cutIndex(disk: Disk, name: string): Promise<number | null> {
  let kv: Kv | null = null;
  try {
    kv = await disk.openKv(name, STATE_KV);
    const meta = kv.get(STATE_META_KEY);
    return meta === undefined ? null : decodeCutMeta(meta).index;
  } catch (error) {
    if (isDamaged(error)) return null;
    throw error;
  } finally {
    await kv?.close();
  }
}

/** Opens a state folder. One that cannot be read is set aside, and an empty one takes its place. */
export async function openState(
  disk: Disk,
  name: string,
  options: StateStoreOptions,
  logger: Logger,
): Promise<DurableState> {
  let kv: Kv | null = null;
  try {
    kv = await disk.openKv(name, STATE_KV);
    return new DurableState(name, kv, options);
  } catch (error) {
    await kv?.close();
    if (!isDamaged(error)) throw error;
    logger.error({ folder: name, detail: error.message }, 'state folder damaged: set aside');
    await disk.setAsideKv(name);
    return new DurableState(name, await disk.openKv(name, STATE_KV), options);
  }
}

export async function removeStateFolders(disk: Disk, except: string | null): Promise<void> {
  for (const name of await stateFolders(disk)) if (name !== except) await disk.removeKv(name);
}

/** Sets a state with contents aside for inspection; removes one without. */
export async function retireStateFolders(disk: Disk): Promise<void> {
  const newest = await newestStateFolder(disk);
  if (newest !== null) await disk.setAsideKv(newest);
  await removeStateFolders(disk, null);
}
