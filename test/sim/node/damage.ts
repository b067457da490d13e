import { below, between, pick, type NodeId, type Random } from '../../../lib/base/index.js';
import type { MemoryDisk } from '../../../lib/storage/index.js';
import type { NodeDisk } from './disk.js';

/** What happens to the disk of a machine that is down. LevelDB was seen to do each of the first five to synced data. */
export const DAMAGES = [
  'lost-tail',
  'hole',
  'former-value',
  'wrong-bytes',
  'lost-database',
  'witness-slot',
  'witness',
  'stale-folder',
  'wiped-folder',
] as const;

export type Damage = (typeof DAMAGES)[number];

/** The same for a machine that runs on. */
export const DISK_ERRORS = ['write-error', 'sync-error', 'no-space'] as const;

const EVERYTHING = { from: new Uint8Array(0), to: Uint8Array.of(0xff, 0xff) };
const ALL = 1 << 30;

/** An older copy of a whole disk. */
export interface Copy {
  readonly image: MemoryDisk;
  /** Processes that had been started on this machine when it was made. */
  readonly lives: number;
  readonly folder: NodeId | null;
}

/** Does `damage` to a disk that nobody uses; what it did in words, or null when there was nothing to be done to. */
export function inflict(damage: Damage, disk: NodeDisk, random: Random, copy: Copy | null): string | null {
  const { memory } = disk;
  switch (damage) {
    case 'lost-tail':
      return loseBatches(memory, random, false);
    case 'hole':
      return loseBatches(memory, random, true);
    case 'former-value':
      return formerValue(memory, random);
    case 'wrong-bytes':
      return wrongBytes(memory, random);
    case 'lost-database':
      return loseDatabase(memory, random);
    case 'witness-slot':
      return spoilWitness(memory, [below(random, 2)]);
    case 'witness':
      return spoilWitness(memory, [0, 1]);
    case 'stale-folder':
      if (copy === null) return null;
      disk.memory = copy.image.image();
      return `the folder of start ${copy.lives} is put back`;
    case 'wiped-folder':
      disk.memory = disk.empty();
      return 'the folder is gone';
  }
}

/** The next write of some kind fails, once. */
export function failWrite(error: (typeof DISK_ERRORS)[number], disk: NodeDisk, random: Random): string {
  const action = pick(random, ['kv raft', 'kv raft', 'kv state', 'slots witness'] as const);
  const cause = Object.assign(new Error(error), { code: error === 'no-space' ? 'ENOSPC' : 'EIO' });
  disk.memory.failNext(action, error === 'sync-error' ? 'sync' : 'write', cause);
  return `${error} in ${action}`;
}

function loseBatches(memory: MemoryDisk, random: Random, keeps: boolean): string | null {
  const names = [...memory.journals.keys()];
  if (names.length === 0) return null;
  const name = pick(random, names);
  const known = memory.journals.get(name)!.batches.length;
  if (known < (keeps ? 2 : 1)) return null;
  const count = between(random, 1, Math.min(known - (keeps ? 1 : 0), pick(random, [1, 3, 20])));
  const kept = keeps ? between(random, 1, known - count) : 0;
  memory.loseBatches(name, count, kept);
  return `${count} batches of ${name} are gone, ${kept} after them are not`;
}

function formerValue(memory: MemoryDisk, random: Random): string | null {
  const names = [...memory.journals.keys()];
  if (names.length === 0) return null;
  const name = pick(random, names);
  const former = memory.journals.get(name)!.formerValues(memory.databases.get(name)!);
  if (former.length === 0) return null;
  const operation = pick(random, former);
  memory.tamper(name, [operation]);
  return `a former value of key ${hex(operation.key)} of ${name} returns`;
}

function wrongBytes(memory: MemoryDisk, random: Random): string | null {
  const names = [...memory.databases.keys()];
  if (names.length === 0) return null;
  const name = pick(random, names);
  const all = memory.databases.get(name)!.read(EVERYTHING, ALL, ALL);
  if (all.length === 0) return null;
  const [key, value] = pick(random, all);
  if (value.length === 0) return null;
  const wrong = value.slice();
  const at = below(random, wrong.length);
  wrong[at]! ^= 1 << below(random, 8);
  memory.tamper(name, [{ type: 'put', key, value: wrong }]);
  return `byte ${at} of key ${hex(key)} of ${name} is wrong`;
}

function loseDatabase(memory: MemoryDisk, random: Random): string | null {
  const names = [...memory.databases.keys()].filter((name) => !name.endsWith('-damaged'));
  if (names.length === 0) return null;
  const name = pick(random, names);
  memory.databases.delete(name);
  memory.journals.delete(name);
  return `${name} is gone`;
}

function spoilWitness(memory: MemoryDisk, slots: readonly number[]): string | null {
  const bytes = memory.files.get('witness');
  if (bytes === undefined) return null;
  const wrong = bytes.slice();
  for (const slot of slots) wrong.fill(0, (slot * wrong.length) / 2, ((slot + 1) * wrong.length) / 2);
  memory.files.set('witness', wrong);
  return `slots ${slots.join(' and ')} of the witness are zero`;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
