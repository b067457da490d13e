import { TepuiError } from '../../base/index.js';
import { DEFAULT_LIMITS, Machine, TABLE_NUMBERS } from '../../state/index.js';
import { readArchive, type ArchiveContents } from '../../storage/archive/index.js';

/** A snapshot file that was read to its end, loaded, and found to be what was written. */
export interface LoadedArchive {
  readonly contents: ArchiveContents;
  readonly machine: Machine;
  /** Records by the names of the machine's tables. */
  readonly tables: TableCounts;
}

export type TableCounts = Readonly<Record<keyof typeof TABLE_NUMBERS, number>>;

const NAMES = new Map<number, keyof typeof TABLE_NUMBERS>(
  Object.entries(TABLE_NUMBERS).map(([name, number]) => [number, name as keyof typeof TABLE_NUMBERS]),
);

/** Counts records by table as they pass. */
export class TableCounter {
  private readonly byNumber: Map<number, number> = new Map();

  add(table: number): void {
    this.byNumber.set(table, (this.byNumber.get(table) ?? 0) + 1);
  }

  counts(): TableCounts {
    const counts: Record<string, number> = {};
    for (const [number, name] of NAMES) counts[name] = this.byNumber.get(number) ?? 0;
    return counts as TableCounts;
  }
}

/**
 * The trial that makes a snapshot good: the whole file is read and verified, and a machine is built from it, whose
 * digest is the one the group computed. Throws SNAPSHOT_DAMAGED, NEWER_FORMAT or STORAGE.
 */
export async function loadArchive(path: string): Promise<LoadedArchive> {
  const machine = new Machine(DEFAULT_LIMITS);
  const counter = new TableCounter();
  const contents = await readArchive(path, {
    begin: () => undefined,
    records: (records) => {
      for (const record of records) {
        machine.load(record);
        counter.add(record.table);
      }
    },
  });
  if (contents.records === 0) throw new TepuiError('SNAPSHOT_DAMAGED', `${path}: there is no record in it`);
  try {
    machine.finishLoad(contents.meta);
  } catch (cause) {
    if (!(cause instanceof TepuiError) || cause.code !== 'DAMAGED') throw cause;
    throw new TepuiError('SNAPSHOT_DAMAGED', `${path}: ${cause.message}`, { cause });
  }
  const { clusterId } = contents.header;
  const found = machine.cluster.clusterId;
  if (found !== null && found !== clusterId) {
    throw new TepuiError(
      'SNAPSHOT_DAMAGED',
      `${path}: its header says cluster ${clusterId}, its state ${found}`,
    );
  }
  return { contents, machine, tables: counter.counts() };
}
