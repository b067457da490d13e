import { lstatSync, readdirSync } from 'node:fs';
import path from 'node:path';
import type { Clock } from '../base/index.js';

const FRESH_MS = 5_000;

/** What the files of a folder take, measured when somebody asks and no more often than every few seconds. */
export class FolderSize {
  private readonly folder: string;
  private readonly clock: Clock;
  private measuredAtMs = -Infinity;
  private last = 0;

  constructor(folder: string, clock: Clock) {
    this.folder = folder;
    this.clock = clock;
  }

  bytes(): number {
    const nowMs = this.clock.monotonicMs();
    if (nowMs - this.measuredAtMs >= FRESH_MS) {
      this.measuredAtMs = nowMs;
      this.last = measure(this.folder);
    }
    return this.last;
  }
}

function measure(folder: string): number {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return files.reduce((sum, { parentPath, name }) => sum + sizeOf(path.join(parentPath, name)), 0);
}

/** Files come and go while one looks. */
function sizeOf(file: string): number {
  return lstatSync(file, { throwIfNoEntry: false })?.size ?? 0;
}
