import { cpSync, existsSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import type { Range } from './bit-flips.js';

/** What of a master's folder is its data (`docs/data-on-disk.md`); configuration and logs of the process are not. */
const DATA = /^(identity\.json.*|witness|reserve|raft|state(-\d+)?|.+-damaged)$/;
/** Of LevelDB, for people and for locking: nothing is ever read back from them. */
const NOT_READ = new Set(['LOCK', 'LOG', 'LOG.old']);

export interface FolderIdentity {
  readonly instance: string;
  readonly boot: number;
}

/** What `identity.json` says; null when there is none. */
export function identityOf(folder: string): FolderIdentity | null {
  const file = path.join(folder, 'identity.json');
  if (!existsSync(file)) return null;
  const { instance, boot } = JSON.parse(readFileSync(file, 'utf8')) as FolderIdentity;
  return { instance, boot };
}

/** Deletes all data. Returns how many bytes that were. */
export function wipe(folder: string): number {
  let bytes = 0;
  for (const name of dataIn(folder)) {
    const item = path.join(folder, name);
    bytes += sizeOf(item);
    rmSync(item, { recursive: true });
  }
  return bytes;
}

/** Copies all data but the reserve, which holds nothing. */
export function copyData(from: string, to: string): void {
  for (const name of dataIn(from).filter((one) => one !== 'reserve')) {
    cpSync(path.join(from, name), path.join(to, name), { recursive: true });
  }
}

/** What a store consists of: the files whose damage somebody can notice. */
export function filesOf(folder: string, part: 'raft' | 'state'): string[] {
  const folders = dataIn(folder).filter((name) =>
    part === 'raft' ? name === 'raft' : /^state(-\d+)?$/.test(name),
  );
  return folders.flatMap((name) => {
    const files = readdirSync(path.join(folder, name)).filter((file) => !NOT_READ.has(file));
    return files.map((file) => path.join(folder, name, file)).filter((file) => statSync(file).size > 0);
  });
}

const SLOT_BYTES = 4096;
/** Magic, checksum, and at the end the size of the rest in two bytes. */
const SLOT_HEADER_BYTES = 10;

/** The record in a slot of the witness: what comes after it is never read. A vote makes it longer. */
export function witnessRecord(folder: string, slot: 0 | 1): Range {
  const file = path.join(folder, 'witness');
  const from = slot * SLOT_BYTES;
  const bytes = readFileSync(file).subarray(from, from + SLOT_BYTES);
  const to = from + Math.min(SLOT_BYTES, SLOT_HEADER_BYTES + bytes.readUInt16LE(SLOT_HEADER_BYTES - 2));
  return { file, from, to };
}

function dataIn(folder: string): string[] {
  return readdirSync(folder).filter((name) => DATA.test(name));
}

function sizeOf(item: string): number {
  const stat = statSync(item);
  if (!stat.isDirectory()) return stat.size;
  return readdirSync(item).reduce((sum, name) => sum + sizeOf(path.join(item, name)), 0);
}
