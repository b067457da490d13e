import { ByteReader, TepuiError, type NodeId } from '../../../lib/base/index.js';
import type { Configuration } from '../../../lib/raft/index.js';
import { comparePoints, type LogPoint, type MemoryDisk } from '../../../lib/storage/index.js';
import { SLOT_BYTES, type SlotFile } from '../../../lib/storage/disk.js';
import { decodeEntry } from '../../../lib/storage/entry-codec.js';
import { parseIdentity } from '../../../lib/storage/identity.js';
import {
  ACKNOWLEDGED_RANGE,
  ALL_ENTRIES,
  RAFT_KEYS,
  entryKey,
  indexOfKey,
  noteKey,
  textAfterPrefix,
} from '../../../lib/storage/keys.js';
import { LogIndexTable } from '../../../lib/storage/log-index.js';
import { decodeBase, decodePoint, unsealConfiguration } from '../../../lib/storage/log-records.js';
import { decodeNote } from '../../../lib/storage/log-scan.js';
import { Witness } from '../../../lib/storage/witness.js';

const ALL = 1 << 30;
const NOWHERE: LogPoint = { term: 0, index: 0 };

/** What a disk holds of a member's promises and of what it knows of others: as the next start will find it. */
export interface OnDisk {
  /** Null: there is no identity. */
  readonly folder: NodeId | null;
  readonly boot: number;
  /** Null when no group was formed here, or nobody can tell. */
  readonly configuration: Configuration | null;
  /** Where the sound part of the log ends. */
  readonly last: LogPoint;
  /** Whether the log shows by itself that it lost something, or the witness does. */
  readonly shows: boolean;
  /** The sound part of the log has what was committed at this point. */
  readonly holds: (point: LogPoint) => boolean;
  /** How far others are noted to have acknowledged. */
  readonly acknowledged: ReadonlyMap<string, LogPoint>;
  /** The last start of each folder that is noted. */
  readonly boots: ReadonlyMap<string, number>;
}

/** Reads a disk without changing anything. */
export function readDisk(memory: MemoryDisk): OnDisk {
  const bytes = memory.files.get('identity.json');
  const identity = bytes === undefined ? null : parseIdentity('memory', bytes);
  const { table, configuration, sound } = readLog(memory);
  const witness = identity === null ? null : readWitness(memory, identity.instance);
  const last = table.lastPoint;
  const short = witness === null || witness.recovering || comparePoints(last, witness.promised) < 0;
  return {
    folder: identity?.nodeId ?? null,
    boot: identity?.boot ?? 0,
    configuration,
    last,
    shows: !sound || short,
    holds: ({ term, index }) => table.first > index || table.termAt(index) === term,
    acknowledged: readAcknowledged(memory),
    boots: readBoots(memory),
  };
}

interface Log {
  readonly table: LogIndexTable;
  readonly configuration: Configuration | null;
  readonly sound: boolean;
}

function readLog(memory: MemoryDisk): Log {
  const raft = memory.databases.get('raft');
  const stored = raft?.get(RAFT_KEYS.base);
  const base = stored === undefined ? null : tolerate(() => decodeBase(stored));
  const table = new LogIndexTable(base ?? NOWHERE);
  if (raft === undefined || base === null) return { table, configuration: null, sound: false };
  const beside = raft.get(RAFT_KEYS.configuration);
  const configuration = beside === undefined ? null : tolerate(() => unsealConfiguration(beside));
  let { chain } = base;
  const range = { from: entryKey(base.index + 1), to: ALL_ENTRIES.to };
  for (const [key, value] of raft.read(range, ALL, ALL)) {
    const index = table.last + 1;
    const stored = indexOfKey(key) === index ? tolerate(() => decodeEntry(value, index, chain)) : null;
    if (stored === null || stored.entry.term < table.lastPoint.term)
      return { table, configuration, sound: false };
    table.append(stored.entry.term, stored.entry.data.length);
    chain = stored.chain;
  }
  return { table, configuration, sound: configuration !== null };
}

function readWitness(memory: MemoryDisk, instance: string): Witness | null {
  const bytes = memory.files.get('witness');
  if (bytes === undefined) return null;
  const file: SlotFile = {
    found: [bytes.slice(0, SLOT_BYTES), bytes.slice(SLOT_BYTES)],
    write: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
  return Witness.open(file, instance);
}

function readAcknowledged(memory: MemoryDisk): ReadonlyMap<string, LogPoint> {
  const found = new Map<string, LogPoint>();
  for (const [key, value] of memory.databases.get('raft')?.read(ACKNOWLEDGED_RANGE, ALL, ALL) ?? []) {
    const peer = textAfterPrefix(key);
    const point = peer === null ? null : tolerate(() => decodePoint(value, peer));
    if (peer !== null && point !== null) found.set(peer, point);
  }
  return found;
}

function readBoots(memory: MemoryDisk): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  const bytes = memory.databases.get('raft')?.get(noteKey('boots'));
  const note = bytes === undefined ? null : tolerate(() => decodeNote(bytes));
  if (note === null) return found;
  const reader = new ByteReader(note);
  for (let left = reader.uint(); left > 0; left--) {
    const folder = reader.text();
    found.set(folder, reader.uint());
    reader.text();
  }
  return found;
}

/** Null for what is damaged. */
function tolerate<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (error instanceof TepuiError && error.code === 'DAMAGED') return null;
    throw error;
  }
}
