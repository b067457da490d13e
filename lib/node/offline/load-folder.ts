import { TepuiError, equalBytes, must } from '../../base/index.js';
import { DEFAULT_LIMITS, Machine } from '../../state/index.js';
import type { FolderReading } from '../../storage/offline/index.js';
import type { Origin } from './new-history.js';
import { TableCounter, type LoadedArchive, type TableCounts } from './load-archive.js';

export interface LoadOptions {
  /** The last entry to apply; default: the last there is. */
  readonly to?: number;
  /** Entries that are passed over, because they break this release. */
  readonly skip?: ReadonlySet<number>;
  /** Begin with this state of the same history instead of the folder's newest cut: it may lie further back. */
  readonly base?: LoadedArchive;
}

/** A machine made from a data folder, at one entry. */
export interface LoadedFolder extends Origin {
  /** Records by table of the cut that it began with. */
  readonly tables: TableCounts;
  readonly cutIndex: number;
}

/**
 * The state of a folder at an entry: its newest cut, and the log after it applied. Throws OUT_OF_RANGE when the folder
 * does not reach there, DAMAGED when cut and log do not meet, UNSUPPORTED at an entry that breaks this release.
 */
export async function loadFolder(reading: FolderReading, options: LoadOptions = {}): Promise<LoadedFolder> {
  if (options.base !== undefined) return loadFromBase(reading, options.base, options);
  const { path, log, state } = reading;
  const cut = state?.meta ?? { index: 0, term: 0 };
  const reach = reading.replayable ? (log?.table.last ?? cut.index) : cut.index;
  const to = options.to ?? reach;
  // A log that was never compacted tells everything from the beginning.
  const fromNothing = to < cut.index && log?.base.index === 0;
  const from = fromNothing ? { index: 0, term: 0 } : { index: cut.index, term: cut.term };
  if (log !== null && from.index < log.base.index) {
    const message = `${path}: its state ends at entry ${cut.index}, its log begins above ${log.base.index}`;
    throw new TepuiError('DAMAGED', message);
  }
  if (to < from.index || to > reach) {
    const range = `from its newest cut on, it holds entries ${cut.index} to ${reach}`;
    throw new TepuiError('OUT_OF_RANGE', `${path} cannot tell the state at entry ${to}: ${range}`);
  }
  const machine = new Machine(DEFAULT_LIMITS);
  const tables = from.index === 0 ? new TableCounter().counts() : await loadCut(reading, machine);
  const { index, term } = await replay(reading, machine, from, to, options.skip);
  return { machine, index, term, tables, cutIndex: from.index };
}

/** The log of the folder, applied to a state that was taken elsewhere: proved to be of the same history by its chain. */
async function loadFromBase(
  reading: FolderReading,
  { contents, machine, tables }: LoadedArchive,
  { to, skip }: LoadOptions,
): Promise<LoadedFolder> {
  const { path, log } = reading;
  const { index, term, chain } = contents.meta;
  const last = log?.table.last ?? 0;
  const found = reading.chainAt(index);
  if (log === null || found === null || (to ?? last) > last || (to ?? last) < index) {
    const range = log === null ? 'no log' : `entries ${log.table.first} to ${last}`;
    throw new TepuiError(
      'OUT_OF_RANGE',
      `${path} holds ${range}: it does not go on from entry ${index} to ${to ?? last}`,
    );
  }
  if (!equalBytes(found, chain)) {
    const message = `${path} had another entry ${index} than the snapshot file: they are of two histories`;
    throw new TepuiError('FOREIGN_CLUSTER', message);
  }
  const reached = await replay(reading, machine, { index, term }, to ?? last, skip);
  return { machine, ...reached, tables, cutIndex: index };
}

async function loadCut(reading: FolderReading, machine: Machine): Promise<TableCounts> {
  const counter = new TableCounter();
  for await (const records of reading.records()) {
    for (const record of records) {
      machine.load(record);
      counter.add(record.table);
    }
  }
  machine.finishLoad(must(reading.state, 'a cut is loaded that is not there').meta);
  return counter.counts();
}

async function replay(
  reading: FolderReading,
  machine: Machine,
  from: { readonly index: number; readonly term: number },
  to: number,
  skip: ReadonlySet<number> = new Set(),
): Promise<{ readonly index: number; readonly term: number }> {
  let at = from;
  for await (const entry of reading.entries(from.index + 1, to)) {
    if (entry.kind === 'normal' && !skip.has(entry.index)) {
      try {
        machine.apply(entry.index, entry.term, entry.data);
      } catch (cause) {
        const message = `${reading.path}: entry ${entry.index} breaks this release: ${(cause as Error).message}`;
        throw new TepuiError('UNSUPPORTED', message, { fields: { index: entry.index }, cause });
      }
    }
    at = { index: entry.index, term: entry.term };
  }
  return { index: at.index, term: at.term };
}
