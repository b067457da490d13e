import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TepuiError, type MemberId } from '../../../lib/base/index.js';
import { FolderSource, MemoryDisk } from '../../../lib/storage/index.js';
import { SortedBytes } from '../../../lib/storage/sorted-bytes.js';
import { Group } from '../../replica/group.js';
import { open } from '../helpers.js';
import { contentsOf } from './contents.js';
import { diskOf, put, type DiskImage } from './disk-image.js';
import { stateLoads } from './judge.js';
import { VICTIM } from './prepared.js';

/** More than any damage should take. */
const STARTS = 4;

/** False: the state could not be loaded, so it was discarded and the process would end. */
async function started(path: string): Promise<boolean> {
  const folder = await open(new FolderSource(path), { memberId: VICTIM });
  try {
    if (await stateLoads(folder)) return true;
    await folder.discardState();
    return false;
  } finally {
    await folder.close();
  }
}

/** Opens a damaged folder as starts would, and takes what it then holds into memory. Null: it is refused. */
async function repaired(folder: string): Promise<MemoryDisk | null> {
  try {
    while (!(await started(folder)));
  } catch (error) {
    if (error instanceof TepuiError && error.code === 'DAMAGED') return null;
    throw error;
  }
  const disk = new MemoryDisk();
  for (const name of await new FolderSource(folder).attach(() => undefined).listKv()) {
    if (name.endsWith('-damaged')) continue;
    const contents = new SortedBytes();
    contents.apply((await contentsOf(join(folder, name))).map(([key, value]) => put(key, value)));
    disk.databases.set(name, contents);
  }
  for (const name of ['identity.json', 'witness']) disk.files.set(name, await readFile(join(folder, name)));
  return disk;
}

/**
 * Starts the group with the damaged folder in the place of the sound one. However it came up, in the end it is a voter
 * that holds everything, without an operator; a process that ends is started again. Throws when that does not happen.
 */
export async function comeBack(
  folder: string,
  images: Readonly<Record<MemberId, DiskImage>>,
): Promise<string> {
  const victim = await repaired(folder);
  if (victim === null) return 'stays out';
  const group = new Group({ limits: { logTailEntries: 60, cutIntervalMs: 300 } });
  for (const [id, image] of Object.entries(images)) group.adopt(id, diskOf(image));
  group.adopt(VICTIM, victim);
  await group.startAll();
  for (let starts = 1; starts <= STARTS; starts++) {
    await group.until('it is a voter again', () => isVoter(group) || !group.at(VICTIM).alive, 60_000);
    if (group.at(VICTIM).alive) break;
    await group.start(VICTIM);
  }
  await group.untilServing();
  for (const id of group.ids) await group.create(id, `/after-${id}`);
  await group.untilLevel();
  group.check();
  if (group.ends.some(({ id }) => id !== VICTIM)) throw new Error(`others ended\n${group.describe()}`);
  return group.ends.length > 0 ? `voter again, after ${group.ends.length} more starts` : 'voter again';
}

function isVoter(group: Group): boolean {
  const process = group.at(VICTIM);
  const { leader } = group;
  if (!process.alive) return false;
  const { role } = process.member.status();
  if (leader === null || leader.configuration.outgoing.length > 0) return false;
  const whole = role === 'follower' || role === 'leader';
  return whole && leader.configuration.voters.includes(process.disk.identity.nodeId);
}
