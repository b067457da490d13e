import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { TepuiError, assert } from '../../base/index.js';
import type { StateRecord } from '../../storage/index.js';
import { FolderSource } from '../../storage/index.js';
import { FolderBuilder, readFolder, type NewOwner } from '../../storage/offline/index.js';
import { loadFolder } from './load-folder.js';
import type { NewHistory } from './new-history.js';
import { exchange } from './place.js';

/** A folder that was built beside the data it replaces, proved by a trial load, and waits to be put in force. */
export interface BuiltFolder {
  readonly owner: NewOwner;
  readonly folder: string;
  /** Puts it in force; what was there is in the folder that this names, null if there was nothing. */
  place(): Promise<void>;
  abandon(): Promise<void>;
}

/**
 * Builds the folder of `owner` for a new history: the records of its origin, as `copy` hands them over, and what the
 * history changed in them. `stamp` names what is set aside.
 */
export async function buildFolder(
  folder: string,
  owner: NewOwner,
  history: NewHistory,
  stamp: string,
  copy: (put: (records: readonly StateRecord[]) => Promise<void>) => Promise<void>,
): Promise<BuiltFolder> {
  const name = `building-${stamp}`;
  const built = path.join(folder, name);
  const abandon = (): Promise<void> => rm(built, { recursive: true, force: true });
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const builder = await FolderBuilder.create(new FolderSource(built));
  try {
    if (!history.whole) await copy((records) => builder.put(records));
    await builder.put(history.records);
    if (!history.whole) await builder.remove(history.deletions);
    await builder.finish(owner, history.meta, history.meta.term);
    await prove(built, history);
  } catch (error) {
    await builder.abandon().catch(() => undefined);
    await abandon();
    throw error;
  }
  return { owner, folder, place: () => exchange(folder, stamp), abandon };
}

/** What a start will find, read back from the disk: the folder is sound and holds the state of the history. */
async function prove(built: string, { meta }: NewHistory): Promise<void> {
  const reading = await readFolder(built);
  try {
    const problem = reading.problems[0];
    if (problem !== undefined)
      throw new TepuiError('STORAGE', `${built} is not what was written: ${problem}`);
    const { machine, index } = await loadFolder(reading);
    assert(
      index === meta.index && machine.revision === meta.revision,
      () => `${built} ends at entry ${index}`,
    );
  } finally {
    await reading.close();
  }
}
