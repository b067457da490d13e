import type { Configuration, HardState, LogIndex } from '../raft/types.js';
import {
  ACKNOWLEDGED_RANGE,
  ALL_ENTRIES,
  NOTE_RANGE,
  RAFT_KEYS,
  entryKey,
  indexOfKey,
  textAfterPrefix,
} from './keys.js';
import {
  encodeBase,
  sealConfiguration,
  encodeFolderName,
  encodeHardState,
  encodeOwner,
  type BaseRecord,
  type Owner,
} from './log-records.js';
import type { LogContents } from './log-scan.js';
import type { CutMeta, Kv, KvOperation } from './types.js';
import { equalBytes } from '../base/index.js';

const SLICE = 1024;
/** Far above the number of members and notes there can be. */
const MANY = 1 << 16;

/** Whether log and state belong together. */
export type Fit =
  | { readonly kind: 'fits' }
  /** The state holds what the log does not: entries were lost. The log can go on above the state. */
  | { readonly kind: 'state-ahead'; readonly meta: CutMeta; readonly detail: string }
  /** The log does not reach down to the state: the state was lost. Both have to come from another member. */
  | { readonly kind: 'state-behind'; readonly detail: string };

type LogEnds = Pick<LogContents, 'base' | 'table'>;

/** `chainAt` is asked for an index the log holds. */
export function fitOf(
  log: LogEnds,
  chainAt: (index: LogIndex) => Uint8Array | null,
  meta: CutMeta | null,
): Fit {
  const { base, table } = log;
  const index = meta?.index ?? 0;
  if (index < base.index) {
    return { kind: 'state-behind', detail: `state/ is at ${index}, the log starts above ${base.index}` };
  }
  if (meta === null) return { kind: 'fits' };
  const range = `the log holds ${table.first} to ${table.last}`;
  if (index > table.last) return { kind: 'state-ahead', meta, detail: `state/ is at ${index}, ${range}` };
  const chain = chainAt(index);
  if (table.termAt(index) === meta.term && chain !== null && equalBytes(chain, meta.chain)) {
    return { kind: 'fits' };
  }
  return { kind: 'state-ahead', meta, detail: `state/ was made at ${index} from another log; ${range}` };
}

/** Everything raft/ needs to be opened as a log without entries. */
export interface FreshLog {
  readonly owner: Owner;
  readonly base: BaseRecord;
  readonly configuration: Configuration;
  readonly hard: HardState;
  readonly stateFolder: string;
}

function freshOperations(log: FreshLog): KvOperation[] {
  const put = (key: Uint8Array, value: Uint8Array): KvOperation => ({ type: 'put', key, value });
  return [
    put(RAFT_KEYS.base, encodeBase(log.base)),
    put(RAFT_KEYS.configuration, sealConfiguration(log.configuration)),
    put(RAFT_KEYS.hardState, encodeHardState(log.hard)),
    put(RAFT_KEYS.owner, encodeOwner(log.owner)),
    put(RAFT_KEYS.stateFolder, encodeFolderName(log.stateFolder)),
  ];
}

/** One synced batch: before it there is no log here, after it there is. */
export async function writeFreshLog(kv: Kv, log: FreshLog): Promise<void> {
  await kv.write(freshOperations(log));
}

/**
 * Deletes the entries above `last`, newest first, in slices, so that what is left at any moment is a log without
 * gaps that ends earlier. The witness says `recovering` before this is called.
 */
export async function cutEntries(kv: Kv, last: LogIndex): Promise<void> {
  for (;;) {
    const range = { from: entryKey(last + 1), to: ALL_ENTRIES.to, reverse: true };
    const slice = await kv.read(range, SLICE, 1 << 20);
    if (slice.length === 0) return;
    await kv.write(slice.map(([key]) => ({ type: 'delete', key })));
  }
}

/** Deletes acknowledged points and notes whose checksums are wrong: they count as never written. */
export async function dropUnreadable(kv: Kv, contents: LogContents): Promise<void> {
  const operations: KvOperation[] = [];
  for (const [range, good] of [
    [ACKNOWLEDGED_RANGE, contents.acknowledged],
    [NOTE_RANGE, contents.notes],
  ] as const) {
    const known: ReadonlyMap<string, unknown> = good;
    for (const [key] of await kv.read(range, MANY, 1 << 24)) {
      const name = textAfterPrefix(key);
      if (name === null || !known.has(name)) operations.push({ type: 'delete', key });
    }
  }
  if (operations.length > 0) await kv.write(operations);
}

/** Deletes entries at and below the base that a compaction, cut short, or an installed snapshot left behind. */
export async function dropBelow(kv: Kv, base: LogIndex): Promise<void> {
  for (;;) {
    const slice = await kv.read({ from: ALL_ENTRIES.from, to: entryKey(base + 1) }, SLICE, 1 << 20);
    const last = slice.at(-1);
    if (last === undefined) return;
    const keys = slice.map(([key]) => key).filter((key) => (indexOfKey(key) ?? 0) <= base);
    await kv.write(keys.map((key) => ({ type: 'delete', key })));
  }
}
