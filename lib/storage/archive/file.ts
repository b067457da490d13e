import { open, rename, rm, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { TepuiError } from '../../base/index.js';

/**
 * A file that appears under its name only when it is whole: written beside it, synced, renamed, and the folder
 * synced. Whatever fails before, and a kill at any moment, leaves at most `NAME.partial`.
 */
export class WholeFile {
  readonly path: string;
  readonly partial: string;
  private readonly file: FileHandle;
  private size = 0;

  private constructor(path: string, partial: string, file: FileHandle) {
    this.path = path;
    this.partial = partial;
    this.file = file;
  }

  static async create(target: string): Promise<WholeFile> {
    const partial = `${target}.partial`;
    return guarded(target, async () => new WholeFile(target, partial, await open(partial, 'w', 0o600)));
  }

  async write(bytes: Uint8Array): Promise<void> {
    await guarded(this.path, async () => {
      for (let at = 0; at < bytes.length;) {
        const { bytesWritten } = await this.file.write(bytes, at, bytes.length - at, this.size);
        at += bytesWritten;
        this.size += bytesWritten;
      }
    });
  }

  /** `check` reads the synced file under its partial name; if it rejects, nothing is left. */
  async finish(check: (partial: string) => Promise<void>): Promise<void> {
    try {
      await guarded(this.path, async () => {
        await this.file.sync();
        await this.file.close();
      });
      await check(this.partial);
    } catch (error) {
      await rm(this.partial, { force: true });
      throw error;
    }
    await guarded(this.path, async () => {
      await rename(this.partial, this.path);
      const folder = await open(path.dirname(this.path), 'r');
      try {
        await folder.sync();
      } finally {
        await folder.close();
      }
    });
  }

  /** Leaves nothing. */
  async abandon(): Promise<void> {
    await this.file.close().catch(() => undefined);
    await rm(this.partial, { force: true });
  }
}

async function guarded<T>(target: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    const message = `${target} cannot be written: ${(cause as Error).message}`;
    throw new TepuiError('STORAGE', message, { cause });
  }
}
