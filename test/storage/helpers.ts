import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  SeededRandom,
  utf8Encode,
  type ClusterId,
  type Logger,
  type MemberId,
  type NodeId,
} from '../../lib/base/index.js';
import type { Configuration, Entry, HardState, Persist } from '../../lib/raft/types.js';
import {
  FolderSource,
  MemoryDisk,
  openDataFolder,
  type DataFolder,
  type DataFolderOptions,
  type DiskSource,
  type LogPoint,
  type RaftLog,
} from '../../lib/storage/index.js';

export const M1 = 'm1' as MemberId;
export const C1 = 'c1' as ClusterId;
export const N1 = 'm1@0000000000000001' as NodeId;
export const N2 = 'm2@0000000000000002' as NodeId;
export const N3 = 'm3@0000000000000003' as NodeId;

const nothing = (): void => undefined;
export const quiet: Logger = {
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
  child: () => quiet,
};

export const group: Configuration = {
  voters: [N1, N2, N3],
  outgoing: [],
  learners: [],
  learnersNext: [],
  autoLeave: false,
  leaseMs: 0,
};

export const NOBODY: ReadonlyMap<NodeId, LogPoint> = new Map();

export function entry(term: number, index: number, text: string = `${term}.${index}`): Entry {
  return { term, index, kind: 'normal', data: utf8Encode(text) };
}

export function persist(parts: Partial<Persist>): Persist {
  return {
    truncateFrom: null,
    snapshot: null,
    entries: [],
    hardState: null,
    configuration: null,
    ...parts,
  };
}

/** Appends entries of `term` at the end of the log, raising the term first when it is new. */
export async function appendTerm(log: RaftLog, term: number, count: number): Promise<void> {
  const first = log.lastIndex() + 1;
  const entries = Array.from({ length: count }, (_, i) => entry(term, first + i));
  const hardState: HardState | null = term > log.hardState.term ? { term, vote: null } : null;
  await log.append(persist({ entries, hardState }), NOBODY, null);
}

/** What a log says, in a form that compares well. */
export function contentsOf(log: RaftLog): string[] {
  const last = log.lastIndex();
  if (last < log.firstIndex()) return [];
  return log
    .read(log.firstIndex(), last + 1, Infinity)
    .map((e) => `${e.index}:${e.term}:${e.kind}:${Buffer.from(e.data).toString('latin1')}`);
}

let seed = 1;

export function open(source: DiskSource, options: Partial<DataFolderOptions> = {}): Promise<DataFolder> {
  return openDataFolder({
    source,
    memberId: M1,
    random: new SeededRandom(seed++),
    logger: quiet,
    onFailure: nothing,
    wait: () => Promise.resolve(),
    ...options,
  });
}

export async function openFormed(
  source: DiskSource,
  options: Partial<DataFolderOptions> = {},
): Promise<DataFolder> {
  const folder = await open(source, options);
  if (folder.log === null) await folder.form(C1, group);
  return folder;
}

export function logOf(folder: DataFolder): RaftLog {
  if (folder.log === null) throw new Error('the folder belongs to no group');
  return folder.log;
}

/** Lets pending callbacks of the in-memory twin run. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** One real folder per test, deleted afterwards. */
export async function withFolder(work: (path: string) => Promise<void>): Promise<void> {
  const path = await mkdtemp(join(tmpdir(), 'tepui-storage-'));
  try {
    await work(path);
  } finally {
    await rm(path, { recursive: true, force: true });
  }
}

export interface Twin {
  readonly name: string;
  /** Runs `work` with an empty disk; `breakDisk(name)` makes the next larger write to that database fail. */
  with(
    work: (source: DiskSource, breakDisk: (name: string) => Promise<void>) => Promise<void>,
  ): Promise<void>;
}

/** The real disk and its in-memory twin: every contract holds on both. */
export const twins: readonly Twin[] = [
  {
    name: 'LevelDB',
    // Without its folder LevelDB can still write to its open file, but not begin the next one.
    with: (work) =>
      withFolder((path) =>
        work(new FolderSource(path), (name) => rm(join(path, name), { recursive: true, force: true })),
      ),
  },
  {
    name: 'memory',
    with: (work) => {
      const disk = new MemoryDisk();
      return work(disk, (name) => Promise.resolve(disk.failNext(`kv ${name}`, 'write')));
    },
  },
];
