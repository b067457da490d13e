import { mkdir, readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { TepuiError } from '../../base/index.js';
import { WholeFile } from '../../storage/archive/index.js';
import type { Backup, BackupOptions } from '../../replica/index.js';
import { stampOf } from '../offline/restore.js';
import type { BackupStore, KeptBackup } from './schedule.js';

export interface BackupFolderOptions {
  readonly dir: string;
  /** Whose files count and are deleted: those of every member of the cluster, or one member's own. */
  readonly of: 'cluster' | 'member';
  readonly clusterId: () => string | null;
  readonly memberId: string;
  readonly source: { begin(options: BackupOptions): Promise<Backup> };
  /** Loads the file on trial; rejects when it is no good. */
  readonly verify: (file: string) => Promise<void>;
}

/** tepui-<cluster>-<member>-<time>-<entry>.snapshot */
const NAME =
  /^tepui-([0-9A-Za-z]+)-([A-Za-z0-9._-]+)-(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z-(\d+)\.snapshot$/;
const CLUSTER_DIGITS = 8;

/** A folder of snapshot files. Files with other names are left alone. */
export class BackupFolder implements BackupStore {
  private readonly options: BackupFolderOptions;

  constructor(options: BackupFolderOptions) {
    this.options = options;
  }

  async list(): Promise<readonly KeptBackup[]> {
    const { dir } = this.options;
    await this.working(() => mkdir(dir, { recursive: true, mode: 0o700 }));
    const names = await this.working(() => readdir(dir));
    return names
      .flatMap((name) => this.keptAs(name) ?? [])
      .sort((a, b) => a.atMs - b.atMs || (a.file < b.file ? -1 : 1));
  }

  async take(): Promise<KeptBackup> {
    const { dir, source, verify, memberId } = this.options;
    await this.working(() => mkdir(dir, { recursive: true, mode: 0o700 }));
    const backup = await source.begin({ linearizable: true });
    try {
      const { clusterId, createdAtMs, index } = backup.header;
      const stamp = stampOf(createdAtMs);
      const name = `tepui-${clusterId.slice(0, CLUSTER_DIGITS)}-${memberId}-${stamp}-${index}.snapshot`;
      const file = await WholeFile.create(path.join(dir, name));
      try {
        for await (const bytes of backup.bytes()) await file.write(bytes);
        await file.finish(verify);
      } catch (error) {
        await file.abandon();
        throw error;
      }
      return { file: file.path, atMs: createdAtMs };
    } finally {
      await backup.close();
    }
  }

  async remove({ file }: KeptBackup): Promise<void> {
    await this.working(() => rm(file, { force: true }));
  }

  /** What a process that was killed in the middle left behind. */
  async tidy(): Promise<void> {
    const { dir } = this.options;
    const names = await readdir(dir).catch(() => []);
    for (const name of names) {
      const whole = name.endsWith('.partial') ? name.slice(0, -'.partial'.length) : null;
      if (whole !== null && NAME.exec(whole)?.[2] === this.options.memberId) {
        await rm(path.join(dir, name), { force: true });
      }
    }
  }

  private keptAs(name: string): KeptBackup | null {
    const parts = NAME.exec(name);
    const clusterId = this.options.clusterId();
    if (parts === null || clusterId === null) return null;
    const [, cluster, member, year, month, day, hour, minute, second] = parts;
    if (cluster !== clusterId.slice(0, CLUSTER_DIGITS)) return null;
    if (this.options.of === 'member' && member !== this.options.memberId) return null;
    const atMs = Date.UTC(
      Number(year),
      Number(month) - 1,
      Number(day),
      Number(hour),
      Number(minute),
      Number(second),
    );
    return { file: path.join(this.options.dir, name), atMs };
  }

  private async working<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (cause) {
      throw new TepuiError('STORAGE', `${this.options.dir}: ${(cause as Error).message}`, { cause });
    }
  }
}
