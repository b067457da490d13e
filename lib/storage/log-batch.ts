import { assert, type NodeId } from '../base/index.js';
import type { Configuration, HardState, LogIndex, Persist } from '../raft/types.js';
import { encodeEntry, storedEntry, type StoredEntry } from './entry-codec.js';
import { RAFT_KEYS, acknowledgedKey, entryKey } from './keys.js';
import type { LogIndexTable } from './log-index.js';
import {
  encodeBase,
  sealConfiguration,
  encodeFolderName,
  encodeHardState,
  encodePoint,
  type BaseRecord,
} from './log-records.js';
import type { InstalledState, KvOperation, LogPoint } from './types.js';

/** One `Persist` as a database batch, and what changes in memory once it is durable. */
export interface LogBatch {
  readonly operations: readonly KvOperation[];
  /** Entries above this index go; entries up to it stay (unless the base rises above them). */
  readonly keepTo: LogIndex;
  readonly base: BaseRecord | null;
  readonly added: readonly StoredEntry[];
  /** The log's last point afterwards. */
  readonly last: LogPoint;
  readonly hardState: HardState | null;
  readonly configuration: Configuration | null;
  readonly stateFolder: string | null;
}

export interface LogView {
  readonly table: LogIndexTable;
  readonly base: BaseRecord;
  chainAt(index: LogIndex): Uint8Array | null;
}

export function planBatch(
  log: LogView,
  persist: Persist,
  acknowledged: ReadonlyMap<NodeId, LogPoint>,
  installed: InstalledState | null,
): LogBatch {
  const operations: KvOperation[] = [];
  const base = planBase(log, persist, installed);
  const keepTo = planKeep(log, persist, base);
  const added = planEntries(log, persist, base, keepTo, operations);
  const lastAdded = added.at(-1)?.entry;
  const last = lastAdded ?? pointAt(log, base, keepTo);
  for (let index = last.index + 1; index <= log.table.last; index++) {
    operations.push({ type: 'delete', key: entryKey(index) });
  }
  const put = (key: Uint8Array, value: Uint8Array): void => {
    operations.push({ type: 'put', key, value });
  };
  if (base !== null) put(RAFT_KEYS.base, encodeBase(base));
  if (installed !== null) put(RAFT_KEYS.stateFolder, encodeFolderName(installed.folder));
  if (persist.hardState !== null) put(RAFT_KEYS.hardState, encodeHardState(persist.hardState));
  const configuration = persist.configuration ?? persist.snapshot?.configuration ?? null;
  if (configuration !== null) put(RAFT_KEYS.configuration, sealConfiguration(configuration));
  for (const [peer, point] of acknowledged) put(acknowledgedKey(peer), encodePoint(point, peer));
  return {
    operations,
    keepTo,
    base,
    added,
    last: { term: last.term, index: last.index },
    hardState: persist.hardState,
    configuration,
    stateFolder: installed?.folder ?? null,
  };
}

function planBase(log: LogView, persist: Persist, installed: InstalledState | null): BaseRecord | null {
  const { snapshot } = persist;
  assert((snapshot === null) === (installed === null), 'a snapshot and its state folder come together');
  if (snapshot === null || installed === null) return null;
  const { index } = log.base;
  assert(snapshot.index > index, () => `snapshot at ${snapshot.index} is not above the base ${index}`);
  return { ...snapshot, chain: installed.chain };
}

/** The last index that stays: nothing above a snapshot does (it replaces the log), nor above a truncation. */
function planKeep(log: LogView, persist: Persist, base: BaseRecord | null): LogIndex {
  const { truncateFrom } = persist;
  if (base !== null) return base.index;
  if (truncateFrom === null) return log.table.last;
  const { first, last } = log.table;
  assert(truncateFrom >= first, () => `truncation from ${truncateFrom}, the log is ${first} to ${last}`);
  return Math.min(last, truncateFrom - 1);
}

function pointAt(log: LogView, base: BaseRecord | null, index: LogIndex): LogPoint {
  if (base !== null) return base;
  const term = log.table.termAt(index);
  assert(term !== null, () => `no term at ${index}, the end of what is kept`);
  return { term, index };
}

function planEntries(
  log: LogView,
  persist: Persist,
  base: BaseRecord | null,
  keepTo: LogIndex,
  operations: KvOperation[],
): StoredEntry[] {
  if (persist.entries.length === 0) return [];
  const added: StoredEntry[] = [];
  let chain = base === null ? log.chainAt(keepTo) : base.chain;
  let index = keepTo;
  for (const entry of persist.entries) {
    assert(entry.index === ++index, () => `entry ${entry.index} where ${index} must follow`);
    assert(chain !== null, () => `no chain at ${keepTo}, the end of what is kept`);
    const value = encodeEntry(entry, chain);
    const stored = storedEntry(entry, value);
    operations.push({ type: 'put', key: entryKey(index), value });
    added.push(stored);
    chain = stored.chain;
  }
  return added;
}
