import { closeSync, fsyncSync, ftruncateSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import path from 'node:path';
import { TepuiError } from '../../base/index.js';
import type { Operator, ReadConsistency } from '../../client/index.js';
import { loadArchive, type LoadedArchive } from './load-archive.js';

/**
 * Fetches a snapshot from whichever master serves and stores it under `target`, which appears only once the file was
 * synced, read back and loaded. Nothing is left behind when any of that fails.
 */
export async function saveSnapshot(
  operator: Operator,
  target: string,
  consistency: ReadConsistency,
): Promise<LoadedArchive> {
  const partial = partialOf(target);
  const file = writing(target, () => openSync(partial, 'w', 0o600));
  try {
    await receive(operator, file, target, consistency);
    // Read back from where it was synced to: what is loaded is what a restore would find.
    const loaded = await loadArchive(partial);
    writing(target, () => moveInto(partial, target));
    return loaded;
  } catch (error) {
    discardPartial(target);
    throw error;
  }
}

/** What a save that does not come to its end leaves nothing of. */
export function discardPartial(target: string): void {
  rmSync(partialOf(target), { force: true });
}

function partialOf(target: string): string {
  return `${target}.partial`;
}

async function receive(
  operator: Operator,
  file: number,
  target: string,
  consistency: ReadConsistency,
): Promise<void> {
  let size = 0;
  try {
    await operator.saveSnapshot(
      {
        begin: () =>
          writing(target, () => {
            size = 0;
            ftruncateSync(file, 0);
          }),
        // Synchronous on purpose: the next piece is read from the network when this one is with the system.
        data: (bytes) =>
          writing(target, () => {
            for (let at = 0; at < bytes.length;)
              at += writeSync(file, bytes, at, bytes.length - at, size + at);
            size += bytes.length;
          }),
      },
      { consistency },
    );
    writing(target, () => fsyncSync(file));
  } finally {
    closeSync(file);
  }
}

function moveInto(partial: string, target: string): void {
  renameSync(partial, target);
  const folder = openSync(path.dirname(path.resolve(target)), 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

function writing<T>(target: string, write: () => T): T {
  try {
    return write();
  } catch (cause) {
    throw new TepuiError('STORAGE', `${target} cannot be written: ${(cause as Error).message}`, { cause });
  }
}
