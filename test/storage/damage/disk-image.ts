import { MemoryDisk, type KvOperation } from '../../../lib/storage/index.js';
import { SortedBytes } from '../../../lib/storage/sorted-bytes.js';

/** A disk in memory, as JSON: keys, values and files in base64. */
export interface DiskImage {
  readonly databases: Readonly<Record<string, readonly (readonly [string, string])[]>>;
  readonly files: Readonly<Record<string, string>>;
}

export function imageOf(disk: MemoryDisk): DiskImage {
  const databases: Record<string, [string, string][]> = {};
  for (const [name, contents] of disk.databases) {
    const all = contents.read({ from: new Uint8Array(0), to: Uint8Array.of(0xff) }, 1e6, 1e9);
    databases[name] = all.map(([key, value]) => [text(key), text(value)]);
  }
  const files = Object.fromEntries([...disk.files].map(([name, bytes]) => [name, text(bytes)]));
  return { databases, files };
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}

export function diskOf({ databases, files }: DiskImage): MemoryDisk {
  const disk = new MemoryDisk();
  for (const [name, pairs] of Object.entries(databases)) {
    const contents = new SortedBytes();
    contents.apply(
      pairs.map(([key, value]) => put(Buffer.from(key, 'base64'), Buffer.from(value, 'base64'))),
    );
    disk.databases.set(name, contents);
  }
  for (const [name, bytes] of Object.entries(files)) disk.files.set(name, Buffer.from(bytes, 'base64'));
  return disk;
}

export function put(key: Uint8Array, value: Uint8Array): KvOperation {
  return { type: 'put', key, value };
}
