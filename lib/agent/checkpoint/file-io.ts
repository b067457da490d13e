import fs from 'node:fs';
import path from 'node:path';

type Done = (error: Error | null) => void;

/** The few file operations that the record log is made of; tests put failing ones in their place. */
export interface FileIo {
  /** Opens for reading and writing; creates the file when `create` is set (and empties it). */
  open(file: string, create: boolean): number;
  close(fd: number): void;
  readAll(fd: number): Buffer;
  truncate(fd: number, sizeBytes: number): void;
  /** Writes all of `bytes` at `position`. */
  write(fd: number, bytes: Uint8Array, position: number, done: Done): void;
  /** Writes all of `bytes` at the start of the file, at once. */
  writeNow(fd: number, bytes: Uint8Array): void;
  /** Once called back without an error, what was written survives loss of power. */
  sync(fd: number, done: Done): void;
  syncNow(fd: number): void;
  /** Replaces `to` by `from`, and syncs their folder. */
  replace(from: string, to: string): void;
}

export const diskIo: FileIo = {
  open: (file, create) => fs.openSync(file, create ? 'w+' : 'r+', 0o600),
  close: (fd) => fs.closeSync(fd),
  readAll: (fd) => fs.readFileSync(fd),
  truncate: (fd, sizeBytes) => fs.ftruncateSync(fd, sizeBytes),
  write: writeAll,
  writeNow: (fd, bytes) => {
    for (let at = 0; at < bytes.length;) at += fs.writeSync(fd, bytes, at, bytes.length - at, at);
  },
  sync: (fd, done) => fs.fdatasync(fd, done),
  syncNow: (fd) => fs.fsyncSync(fd),
  replace: (from, to) => {
    fs.renameSync(from, to);
    syncFolder(path.dirname(to));
  },
};

function writeAll(fd: number, bytes: Uint8Array, position: number, done: Done): void {
  fs.write(fd, bytes, 0, bytes.length, position, (error, written) => {
    if (error !== null) done(error);
    else if (written === bytes.length) done(null);
    else writeAll(fd, bytes.subarray(written), position + written, done);
  });
}

/** Makes creations and renames in `folder` survive loss of power. */
export function syncFolder(folder: string): void {
  const fd = fs.openSync(folder, 'r');
  try {
    fs.fsyncSync(fd);
  } finally {
    fs.closeSync(fd);
  }
}
