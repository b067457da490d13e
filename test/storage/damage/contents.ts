import { FailureLatch } from '../../../lib/storage/failure-latch.js';
import { EVERYTHING } from '../../../lib/storage/keys.js';
import { openLevel } from '../../../lib/storage/level.js';

export type Contents = [Uint8Array, Uint8Array][];

/** All keys and values of a database. Reading changes the files of LevelDB. */
export async function contentsOf(folder: string): Promise<Contents> {
  const kv = await openLevel(folder, { writeBufferBytes: 1 << 20 }, new FailureLatch(() => undefined));
  const contents = await kv.read(EVERYTHING, 1e6, 1e9);
  await kv.close();
  return contents;
}
