export { DataFolder, openDataFolder, type DataFolderOptions } from './data-folder.js';
export type { Disk, DiskSource, KvOptions, SlotFile } from './disk.js';
export { FolderSource } from './folder-disk.js';
export { FORMAT_VERSION } from './identity.js';
export { comparePoints, decodeCutMeta, encodeCutMeta } from './log-records.js';
export { MemoryDisk, type DiskAction, type MemoryDiskOptions } from './memory-disk.js';
export type { Space, SpaceLimits, SpaceState } from './reserve.js';
export { CHUNK_BYTES } from './state-snapshot.js';
export type {
  CutMeta,
  Identity,
  InstalledState,
  Kv,
  KvOperation,
  KvRange,
  KvSnapshot,
  LogHealth,
  LogPoint,
  RaftLog,
  SnapshotReceiver,
  StateDeletion,
  StateRecord,
  StateSnapshot,
  StateStore,
} from './types.js';
