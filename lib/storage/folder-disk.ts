import { mkdir, open, readFile, readdir, rename, rm, stat, statfs, type FileHandle } from 'node:fs/promises';
import { write } from 'node:fs';
import { join } from 'node:path';
import { SLOT_BYTES, type Disk, type DiskSource, type KvOptions, type SlotFile } from './disk.js';
import { FailureLatch } from './failure-latch.js';
import { openLevel } from './level.js';
import type { Kv } from './types.js';

const FILL_BYTES = 1 << 20;

/** A real data folder. It is made on first use, with access for its owner only. */
export class FolderSource implements DiskSource {
  private readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  attach(onFailure: (error: Error) => void): Disk {
    return new FolderDisk(this.folder, new FailureLatch(onFailure));
  }
}

class FolderDisk implements Disk {
  readonly where: string;
  private readonly latch: FailureLatch;

  constructor(folder: string, latch: FailureLatch) {
    this.where = folder;
    this.latch = latch;
  }

  async openKv(name: string, options: KvOptions): Promise<Kv> {
    await this.make();
    return openLevel(join(this.where, name), options, this.latch);
  }

  async listKv(): Promise<string[]> {
    const names: string[] = [];
    for (const entry of await this.list()) {
      if (entry.isDirectory() && (await isDatabase(join(this.where, entry.name)))) names.push(entry.name);
    }
    return names.sort();
  }

  async removeKv(name: string): Promise<void> {
    await this.guard(`removal of ${name}`, async () => {
      await rm(join(this.where, name), { recursive: true, force: true });
      await this.syncFolder();
    });
  }

  async setAsideKv(name: string): Promise<void> {
    await this.guard(`renaming of ${name}`, async () => {
      const aside = join(this.where, `${name}-damaged`);
      await rm(aside, { recursive: true, force: true });
      await rename(join(this.where, name), aside);
      await this.syncFolder();
    });
  }

  async openSlots(name: string): Promise<SlotFile> {
    return this.guard(`opening of ${name}`, async () => {
      await this.make();
      const path = join(this.where, name);
      const found = await readOptional(path);
      const file = await open(path, found === null ? 'w+' : 'r+');
      if (found === null || found.length < 2 * SLOT_BYTES) await this.preallocate(file, found);
      else await file.datasync();
      return new FileSlots(name, file, found, this.latch);
    });
  }

  readFile(name: string): Promise<Uint8Array | null> {
    return this.guard(`reading of ${name}`, () => readOptional(join(this.where, name)));
  }

  async replaceFile(name: string, bytes: Uint8Array): Promise<void> {
    await this.guard(`writing of ${name}`, async () => {
      await this.make();
      const temporary = join(this.where, `${name}.new`);
      const file = await open(temporary, 'w');
      try {
        await file.writeFile(bytes);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(temporary, join(this.where, name));
      await this.syncFolder();
    });
  }

  async removeFile(name: string): Promise<void> {
    await this.guard(`removal of ${name}`, async () => {
      await rm(join(this.where, name), { force: true });
      await this.syncFolder();
    });
  }

  async allocate(name: string, sizeBytes: number): Promise<void> {
    const file = await open(join(this.where, name), 'a');
    const before = (await file.stat()).size;
    try {
      // Not zeros: some file systems store those without blocks.
      const block = new Uint8Array(FILL_BYTES).map((_, i) => (i * 167 + 13) & 0xff);
      for (let at = before; at < sizeBytes; at += FILL_BYTES) {
        await file.write(block, 0, Math.min(FILL_BYTES, sizeBytes - at));
        await file.datasync();
      }
    } catch (error) {
      await file.truncate(before);
      throw error;
    } finally {
      await file.close();
    }
  }

  sizeOf(name: string): Promise<number> {
    return sizeOf(join(this.where, name));
  }

  async unflushedBytes(): Promise<number> {
    let most = 0;
    for (const name of await this.listKv()) most = Math.max(most, await logBytes(join(this.where, name)));
    return most;
  }

  async freeBytes(): Promise<number> {
    const { bavail, bsize } = await statfs(this.where);
    return bavail * bsize;
  }

  pause(): Promise<void> {
    return new Promise((resolve) => setImmediate(resolve));
  }

  async syncFolder(): Promise<void> {
    const folder = await open(this.where, 'r');
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  }

  private async make(): Promise<void> {
    await mkdir(this.where, { recursive: true, mode: 0o700 });
  }

  private async preallocate(file: FileHandle, found: Uint8Array | null): Promise<void> {
    const whole = new Uint8Array(2 * SLOT_BYTES);
    if (found !== null) whole.set(found);
    await file.write(whole, 0, whole.length, 0);
    await file.sync();
    await this.syncFolder();
  }

  private async list(): Promise<{ name: string; isDirectory(): boolean }[]> {
    try {
      return await readdir(this.where, { withFileTypes: true });
    } catch (error) {
      if (isAbsent(error)) return [];
      throw error;
    }
  }

  private async guard<T>(what: string, work: () => Promise<T>): Promise<T> {
    this.latch.check();
    try {
      return await work();
    } catch (error) {
      throw this.latch.fail(`${what} in ${this.where}`, error);
    }
  }
}

class FileSlots implements SlotFile {
  readonly found: readonly [Uint8Array, Uint8Array] | null;
  private readonly name: string;
  private readonly file: FileHandle;
  private readonly latch: FailureLatch;

  constructor(name: string, file: FileHandle, found: Uint8Array | null, latch: FailureLatch) {
    this.name = name;
    this.file = file;
    this.latch = latch;
    this.found =
      found === null ? null : [found.subarray(0, SLOT_BYTES), found.subarray(SLOT_BYTES, 2 * SLOT_BYTES)];
  }

  async write(slot: 0 | 1, bytes: Uint8Array, synced: boolean): Promise<void> {
    this.latch.check();
    try {
      if (!synced) await afterThis();
      await overwrite(this.file.fd, bytes, slot * SLOT_BYTES);
      if (synced) await this.file.datasync();
    } catch (error) {
      throw this.latch.fail(`writing of ${this.name}`, error);
    }
  }

  async close(): Promise<void> {
    await this.file.close();
  }
}

/** Resolves after this round of the loop and what it makes others wait for: nobody waits for what begins then. */
function afterThis(): Promise<void> {
  return new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
}

/** As `FileHandle.write`, which costs more than all else that goes with a small write. */
function overwrite(fd: number, bytes: Uint8Array, at: number): Promise<void> {
  return new Promise((resolve, reject) => {
    write(fd, bytes, 0, bytes.length, at, (error, written) => {
      if (error !== null) reject(error);
      else if (written < bytes.length) reject(new Error(`${written} of ${bytes.length} bytes were written`));
      else resolve();
    });
  });
}

/** A folder that LevelDB made, or began to make. */
async function isDatabase(path: string): Promise<boolean> {
  return (await namesIn(path)).some((name) => name === 'LOCK' || name === 'CURRENT');
}

/** Size of a database's log files. They come and go while this looks, and so may the database. */
async function logBytes(path: string): Promise<number> {
  let bytes = 0;
  for (const name of await namesIn(path)) {
    if (name.endsWith('.log')) bytes += await sizeOf(join(path, name));
  }
  return bytes;
}

/** None when the folder is gone. */
async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (isAbsent(error)) return [];
    throw error;
  }
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (isAbsent(error)) return 0;
    throw error;
  }
}

async function readOptional(path: string): Promise<Uint8Array | null> {
  try {
    return await readFile(path);
  } catch (error) {
    if (isAbsent(error)) return null;
    throw error;
  }
}

function isAbsent(error: unknown): boolean {
  return error instanceof Error && (error as { code?: unknown }).code === 'ENOENT';
}
