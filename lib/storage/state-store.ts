import { assert, type Random, randomHex } from '../base/index.js';
import { ALL_RECORDS, EVERYTHING, STATE_META_KEY, after, recordKey } from './keys.js';
import { decodeCutMeta, encodeCutMeta } from './log-records.js';
import { Scratch } from './slab.js';
import { decodeRecord, encodeRecord } from './state-codec.js';
import { PinnedState } from './state-snapshot.js';
import type {
  CutMeta,
  Kv,
  KvOperation,
  LogSyncs,
  StateDeletion,
  StateRecord,
  StateSnapshot,
  StateStore,
} from './types.js';

/** Entries asked for in one read, whatever their size. */
const LOAD_ENTRIES = 4096;
/** Entries, and bytes of them, read at once where only their keys matter. */
const LIST_ENTRIES = 512;
const LIST_BYTES = 1 << 20;

export interface StateStoreOptions {
  readonly random: Random;
  /** Gives way between slices. */
  readonly pause: () => Promise<void>;
  /** Resolves when the log's disk is quick enough for a large write beside it. */
  readonly clear: () => Promise<void>;
  readonly logSyncs: () => LogSyncs;
}

/** The machine's records in one folder. Made by `openDataFolder`, which chooses the folder. */
export class DurableState implements StateStore {
  readonly folder: string;
  private readonly kv: Kv;
  private readonly options: StateStoreOptions;
  private current: CutMeta | null;
  private cutting: Promise<void> | null = null;
  private readonly pinned = new Set<PinnedState>();

  /** Throws DAMAGED when the stored meta is bad. */
  constructor(folder: string, kv: Kv, options: StateStoreOptions) {
    this.folder = folder;
    this.kv = kv;
    this.options = options;
    const stored = kv.get(STATE_META_KEY);
    this.current = stored === undefined ? null : decodeCutMeta(stored);
  }

  get meta(): CutMeta | null {
    return this.current;
  }

  get logSyncs(): LogSyncs {
    return this.options.logSyncs();
  }

  async *load(maxBytes: number): AsyncGenerator<StateRecord[]> {
    let reading = this.readAhead(ALL_RECORDS.from, maxBytes);
    try {
      for (;;) {
        const slice = await reading;
        const last = slice.at(-1);
        // The database reads the next slice while this one is taken in.
        if (last !== undefined) reading = this.readAhead(after(last[0]), maxBytes);
        yield slice.map(([key, value]) => decodeRecord(key, value));
        if (last === undefined) return await this.kv.trust();
      }
    } finally {
      await reading.catch(() => undefined);
    }
  }

  private readAhead(from: Uint8Array, maxBytes: number): Promise<[Uint8Array, Uint8Array][]> {
    const reading = this.kv.read({ from, to: ALL_RECORDS.to }, LOAD_ENTRIES, maxBytes);
    // Whoever loads meets a failure at its turn, or has given up.
    reading.catch(() => undefined);
    return reading;
  }

  async writeCut(
    meta: CutMeta,
    records: Iterable<StateRecord>,
    deletions: readonly StateDeletion[],
    whole = false,
  ): Promise<void> {
    assert(this.cutting === null, () => `a cut at ${meta.index} while another is being written`);
    const last = this.current?.index ?? 0;
    assert(meta.index >= last, () => `a cut at ${meta.index} after one at ${last}`);
    this.cutting = this.cut(meta, records, deletions, whole);
    try {
      await this.cutting;
    } finally {
      this.cutting = null;
    }
  }

  openSnapshot(): StateSnapshot {
    const view = this.kv.snapshot();
    const stored = view.get(STATE_META_KEY);
    assert(stored !== undefined, `snapshot of ${this.folder}, which holds no cut yet`);
    const pinned: PinnedState = new PinnedState(randomHex(this.options.random, 8), stored, view, () => {
      this.pinned.delete(pinned);
    });
    this.pinned.add(pinned);
    return pinned;
  }

  /** Asks the database to give deleted ranges back. */
  async reclaim(): Promise<void> {
    await this.kv.compact(EVERYTHING);
  }

  /** Waits for a cut in flight; snapshots that are being read end with OUT_OF_RANGE. */
  async close(): Promise<void> {
    await this.cutting?.catch(() => undefined);
    for (const pinned of this.pinned) await pinned.close();
    await this.kv.close();
  }

  private async cut(
    meta: CutMeta,
    records: Iterable<StateRecord>,
    deletions: readonly StateDeletion[],
    whole: boolean,
  ): Promise<void> {
    const others = whole ? await this.othersThan(records) : [];
    await this.options.clear();
    await this.kv.write(operationsOf(meta, records, deletions, others));
    this.current = meta;
  }

  /** The keys of all records in the folder that are not among `records`. */
  private async othersThan(records: Iterable<StateRecord>): Promise<Uint8Array[]> {
    const scratch = new Scratch();
    const written = new Set<string>();
    for (const { table, key } of records) {
      scratch.reset();
      written.add(nameOf(recordKey(table, key, scratch)));
    }
    const others: Uint8Array[] = [];
    for (let from = ALL_RECORDS.from; ;) {
      const slice = await this.kv.read({ from, to: ALL_RECORDS.to }, LIST_ENTRIES, LIST_BYTES);
      for (const [key] of slice) if (!written.has(nameOf(key))) others.push(key);
      const last = slice.at(-1);
      if (last === undefined) return others;
      from = after(last[0]);
      await this.options.pause();
    }
  }
}

/** Of one cut, each made in the same memory when the database asks for it. */
function* operationsOf(
  meta: CutMeta,
  records: Iterable<StateRecord>,
  deletions: readonly StateDeletion[],
  others: readonly Uint8Array[],
): Generator<KvOperation, void> {
  const scratch = new Scratch();
  for (const { table, key } of deletions) {
    scratch.reset();
    yield { type: 'delete', key: recordKey(table, key, scratch) };
  }
  for (const record of records) {
    scratch.reset();
    const { key, value } = encodeRecord(record, scratch);
    yield { type: 'put', key, value };
  }
  for (const key of others) yield { type: 'delete', key };
  yield { type: 'put', key: STATE_META_KEY, value: encodeCutMeta(meta) };
}

/** A key as a text that is equal for equal keys only. */
function nameOf(key: Uint8Array): string {
  return Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString('latin1');
}
