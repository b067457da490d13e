import type { Kv } from './types.js';

/** How a database is opened. Sizes in bytes. */
export interface KvOptions {
  /** Memtable size: larger means fewer and longer flushes. */
  readonly writeBufferBytes: number;
  /** Called after each synced batch with its duration; undefined: nobody asks. */
  readonly onWriteMs?: (durationMs: number) => void;
}

/** Two slots of fixed size in one preallocated file. The caller writes one at a time. */
export interface SlotFile {
  /** Contents of both slots, synced by opening; zeros where nothing was. Null when the file did not exist. */
  readonly found: readonly [Uint8Array, Uint8Array] | null;
  /**
   * Overwrites one slot. With `synced` everything written so far is on disk when it resolves; without, the slot
   * survives the end of the process, but a power cut may lose it, or leave a mixture of old and new.
   */
  write(slot: 0 | 1, bytes: Uint8Array, synced: boolean): Promise<void>;
  close(): Promise<void>;
}

export const SLOT_BYTES = 4096;

/**
 * One data folder as this room uses it. Real: `folder-disk.ts`. Twin: `memory-disk.ts`, which a simulator can
 * cut the power of. Everything that is written is synced when its promise resolves, and the first write or
 * sync that fails makes every later call reject with STORAGE: after a failed sync nobody knows what is on disk
 * (Rebello et al., USENIX ATC 2020), so the process ends and starts from what it can verify.
 */
export interface Disk {
  /** For messages: the folder's path. */
  readonly where: string;
  /** Opens or makes a database. Rejects with FOLDER_IN_USE, DAMAGED, or STORAGE (`fields.noSpace` when full). */
  openKv(name: string, options: KvOptions): Promise<Kv>;
  /** Names of the databases present, in code-unit order. */
  listKv(): Promise<string[]>;
  /** Deletes a closed database; no error when it is absent. */
  removeKv(name: string): Promise<void>;
  /** Renames a closed database to `<name>-damaged`, replacing an older one of that name, for inspection. */
  setAsideKv(name: string): Promise<void>;
  openSlots(name: string): Promise<SlotFile>;
  /** A small file, whole; null when absent. */
  readFile(name: string): Promise<Uint8Array | null>;
  /** Replaces a small file atomically. */
  replaceFile(name: string, bytes: Uint8Array): Promise<void>;
  removeFile(name: string): Promise<void>;
  /** Fills a file with real blocks up to `sizeBytes`, giving way in between; one that is there is enlarged. */
  allocate(name: string, sizeBytes: number): Promise<void>;
  /** Size of a file in bytes, 0 when absent. */
  sizeOf(name: string): Promise<number>;
  /** Space that opening one database may take for a moment: the size of its log files, the largest of all. */
  unflushedBytes(): Promise<number>;
  /** Bytes an unprivileged process may still write. */
  freeBytes(): Promise<number>;
  /** Lets the loop serve others between two slices of long work. */
  pause(): Promise<void>;
  /** Syncs the folder itself, so that files made in it survive. */
  syncFolder(): Promise<void>;
}

/** Opens sessions on one data folder. After a failed write a session is dead; a restart attaches anew. */
export interface DiskSource {
  /** `onFailure` is called once, with the first failed write or sync of the session. */
  attach(onFailure: (error: Error) => void): Disk;
}
