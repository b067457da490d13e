import { MalformedError, TepuiError, equalBytes, type NodeId } from '../base/index.js';
import { decodeConfiguration, encodeConfiguration } from '../raft/index.js';
import type { Configuration, Entry, HardState } from '../raft/types.js';
import { decodeEntry, type StoredEntry } from './entry-codec.js';
import {
  ACKNOWLEDGED_RANGE,
  ALL_ENTRIES,
  NOTE_RANGE,
  RAFT_KEYS,
  after,
  entryKey,
  indexOfKey,
  textAfterPrefix,
} from './keys.js';
import { LogIndexTable } from './log-index.js';
import {
  decodeBase,
  unsealConfiguration,
  decodeFolderName,
  decodeHardState,
  decodeOwner,
  decodePoint,
  type BaseRecord,
  type Owner,
} from './log-records.js';
import { LogTail } from './log-tail.js';
import { unseal } from './sealed.js';
import type { Kv, KvRange, LogPoint } from './types.js';

/** Entries read and verified before the loop is given a turn: about 3 ms. */
const SLICE_BYTES = 1 << 20;
const SLICE_ENTRIES = 2048;

/** What raft/ holds, verified as far as it goes. */
export interface LogContents {
  readonly owner: Owner;
  readonly base: BaseRecord;
  readonly stateFolder: string;
  /** Null when it is missing or damaged; the witness has another copy. */
  readonly hard: HardState | null;
  /** The last one in the log, or the base's (thesis §4.1). */
  readonly configuration: Configuration;
  readonly acknowledged: Map<NodeId, LogPoint>;
  readonly notes: Map<string, Uint8Array>;
  readonly table: LogIndexTable;
  readonly tail: LogTail;
  /** Why not everything could be read, null when all is well. Entries end before the first bad one. */
  readonly problem: string | null;
}

/**
 * Reads raft/ whole, in slices. Null when no group was formed or joined here. Throws DAMAGED when it cannot even
 * be said where the log starts: nothing of it is usable then.
 */
export async function scanLog(
  kv: Kv,
  tailBytes: number,
  pause: () => Promise<void>,
): Promise<LogContents | null> {
  const stored = kv.get(RAFT_KEYS.base);
  if (stored === undefined) {
    const stray = await kv.read(ALL_ENTRIES, 1, 1);
    if (stray.length === 0) return null;
    throw new TepuiError('DAMAGED', 'raft/ has entries but no base');
  }
  const base = decodeBase(stored);
  const problems: string[] = [];
  const entries = await scanEntries(kv, base, tailBytes, pause, problems);
  checkConfiguration(kv, entries.configuration, problems);
  return {
    owner: decodeOwner(need(kv, RAFT_KEYS.owner, 'owner')),
    base,
    stateFolder: decodeFolderName(need(kv, RAFT_KEYS.stateFolder, 'state folder')),
    hard: tolerate(problems, () => decodeHardState(need(kv, RAFT_KEYS.hardState, 'term and vote')), null),
    acknowledged: await readMap(kv, ACKNOWLEDGED_RANGE, problems, decodePoint),
    notes: await readMap(kv, NOTE_RANGE, problems, decodeNote),
    ...entries,
    problem: problems.length === 0 ? null : problems.join('; '),
  };
}

/** The copy beside the log must be the one the log ends with: LevelDB can bring an older, sound one back. */
function checkConfiguration(kv: Kv, inLog: Configuration, problems: string[]): void {
  const read = (): Configuration => unsealConfiguration(need(kv, RAFT_KEYS.configuration, 'configuration'));
  const stored = tolerate(problems, read, inLog);
  if (!equalBytes(encodeConfiguration(stored), encodeConfiguration(inLog)))
    problems.push('the configuration in raft/ is not the last one in the log');
}

function need(kv: Kv, key: Uint8Array, what: string): Uint8Array {
  const value = kv.get(key);
  if (value === undefined) throw new TepuiError('DAMAGED', `${what} is missing in raft/`);
  return value;
}

function tolerate<T>(problems: string[], read: () => T, otherwise: T): T {
  try {
    return read();
  } catch (error) {
    problems.push(damageOf(error));
    return otherwise;
  }
}

/** The message of a DAMAGED error; others are thrown on. */
function damageOf(error: unknown): string {
  if (error instanceof TepuiError && error.code === 'DAMAGED') return error.message;
  throw error;
}

export function decodeNote(bytes: Uint8Array): Uint8Array {
  return unseal('note in raft/', bytes, (r) => r.raw(r.remaining).slice());
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

async function readMap<K extends string, V>(
  kv: Kv,
  range: KvRange,
  problems: string[],
  decode: (bytes: Uint8Array, name: string) => V,
): Promise<Map<K, V>> {
  const found = new Map<K, V>();
  for (let from = range.from; ;) {
    const slice = await kv.read({ from, to: range.to }, SLICE_ENTRIES, SLICE_BYTES);
    const last = slice.at(-1);
    if (last === undefined) return found;
    for (const [key, value] of slice) {
      const name = textAfterPrefix(key);
      if (name === null) problems.push(`a key of raft/ is damaged: ${hexOf(key)}`);
      const decoded = name === null ? null : tolerate(problems, () => decode(value, name), null);
      if (decoded !== null) found.set(name as K, decoded);
    }
    from = after(last[0]);
  }
}

interface ScannedEntries {
  readonly table: LogIndexTable;
  readonly tail: LogTail;
  readonly configuration: Configuration;
}

async function scanEntries(
  kv: Kv,
  base: BaseRecord,
  tailBytes: number,
  pause: () => Promise<void>,
  problems: string[],
): Promise<ScannedEntries> {
  const table = new LogIndexTable(base);
  const tail = new LogTail(tailBytes);
  let { chain, configuration } = base;
  for (;;) {
    const range = { from: entryKey(table.last + 1), to: ALL_ENTRIES.to };
    const slice = await kv.read(range, SLICE_ENTRIES, SLICE_BYTES);
    if (slice.length === 0) return { table, tail, configuration };
    try {
      for (const [key, value] of slice) {
        const stored = take(table, chain, key, value);
        if (stored.entry.kind === 'configuration') configuration = configurationOf(stored.entry);
        table.append(stored.entry.term, stored.entry.data.length);
        tail.push(stored);
        chain = stored.chain;
      }
    } catch (error) {
      problems.push(damageOf(error));
      return { table, tail, configuration };
    }
    await pause();
  }
}

/** Its checksum and hash are right, so what cannot be read was written by a newer release. */
function configurationOf({ index, data }: Entry): Configuration {
  try {
    return decodeConfiguration(data);
  } catch (error) {
    if (!(error instanceof MalformedError)) throw error;
    throw new TepuiError('NEWER_FORMAT', `log entry ${index}: ${error.message}`, { cause: error });
  }
}

/** Verifies the entry that must follow what the table holds. */
function take(table: LogIndexTable, chain: Uint8Array, key: Uint8Array, value: Uint8Array): StoredEntry {
  const index = table.last + 1;
  const found = indexOfKey(key);
  if (found !== index) throw new TepuiError('DAMAGED', `log entry ${index} is missing, ${found} follows`);
  const stored = decodeEntry(value, index, chain);
  const { term } = stored.entry;
  if (term < table.lastPoint.term) {
    throw new TepuiError('DAMAGED', `log entry ${index}: term ${term} after term ${table.lastPoint.term}`);
  }
  return stored;
}
