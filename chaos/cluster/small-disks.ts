import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, readlinkSync, renameSync, rmdirSync, statfsSync } from 'node:fs';
import path from 'node:path';

/** Room for a reserve, a log and states, and for as much again. */
const DISK_MIB = 768;
/** What filled it, and what holds nothing: of no interest afterwards. */
const NOT_KEPT = new Set(['filler', 'reserve']);

/** Why small disks cannot be made by this process, or null. */
export function smallDisksFault(): string | null {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'small disks need Linux and root';
  const [own, ...others] = ancestors(process.pid).map(namespaceOf);
  const isOwn = others.some((one) => one !== null && one !== own);
  return isOwn ? null : 'small disks need a mount namespace of their own: npm run chaos:root';
}

/** The process, its parent, and so on. */
function ancestors(pid: number): number[] {
  if (pid === 0) return [];
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const [, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return [pid, ...ancestors(Number(parent))];
}

/** Null when it may not be known: of the first process of a container, mostly. */
function namespaceOf(pid: number): string | null {
  try {
    return readlinkSync(`/proc/${pid}/ns/mnt`);
  } catch {
    return null;
  }
}

/** A file system in memory for each folder: seen by this process and its children only, and gone with them. */
export class SmallDisks {
  private readonly folders: readonly string[];

  constructor(folders: readonly string[]) {
    this.folders = folders;
  }

  mount(): void {
    for (const folder of this.folders) {
      mkdirSync(folder, { recursive: true });
      execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_MIB}m`, 'tmpfs', folder]);
    }
  }

  /** What they hold stays, as plain folders. */
  unmount(): void {
    for (const folder of this.folders) {
      const copy = `${folder}-kept`;
      const filter = (source: string): boolean => !NOT_KEPT.has(path.basename(source));
      cpSync(folder, copy, { recursive: true, filter });
      execFileSync('umount', ['--lazy', folder]);
      rmdirSync(folder);
      renameSync(copy, folder);
    }
  }
}

export function freeBytes(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}
