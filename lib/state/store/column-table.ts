import { assert, ByteReader, ByteWriter, MalformedError, must, type Hash64 } from '../../base/index.js';
import { BytesColumn, type BytesOwner } from './bytes-column.js';
import { DerivedColumn, FlagColumn, ROWS_PER_PAGE, U32Column, UintColumn } from './columns.js';
import { hashRecord, type Digest } from './digest.js';
import { hashKey, KeyIndex, type KeyOwner } from './key-index.js';
import { Slab } from './slab.js';
import type { CutSink, Table } from './table.js';

/** In use: holds a record, or the tombstone of one. */
const USED = 1;
/** Deleted, but its deletion has not been part of a cut yet. */
const TOMBSTONE = 2;
/** Part of the last cut (or load): its hash counts in the digest, its deletion must be told. */
const PERSISTED = 4;
/** The two marks of changed rows, for the cut being encoded and for the next, swap at each freeze. */
const MARK_A = 8;
const MARK_B = 16;

/** `since`: the version of the record encoding that has the field. */
type StoredColumn =
  | { readonly type: 'u32'; readonly since: number; readonly column: U32Column }
  | { readonly type: 'uint'; readonly since: number; readonly column: UintColumn }
  | { readonly type: 'bytes'; readonly since: number; readonly column: BytesColumn };

const FIRST_VERSION = 1;

/** In place of the row of the last record loaded: there is none, or others are in the table whose keys are not below. */
const NONE_YET = -1;
const OUT_OF_ORDER = -2;

interface Growing {
  readonly reservedBytes: number;
  grow(): void;
}

export interface ColumnTableOptions {
  readonly number: number;
  readonly name: string;
  /** The newest record encoding; the first byte of each value says which it has. */
  readonly version: number;
  /** Cost of one record beyond its key and bytes, for admission. */
  readonly fixedBytes: number;
  readonly digest: Digest;
}

/**
 * A table of many records without a heap object for each: fields in typed columns, keys and byte fields in a
 * slab, rows found through a sharded index. Columns are declared by calling `u32()`, `uint()` and `bytes()` in
 * the order in which records are encoded; those that a later version added come after all others and name it. A
 * record is written in the lowest version that holds what it has: as long as nobody uses a new field, members of
 * either release write the same bytes, and have the same digest.
 *
 * Setting a stored field touches its row first: if a cut has frozen the row and not encoded it yet, the record
 * is encoded as it was. Nothing else has to remember to do so.
 */
export class ColumnTable implements Table, KeyOwner, BytesOwner {
  readonly number: number;
  readonly name: string;
  readonly version: number;
  private readonly fixedBytes: number;
  private readonly digest: Digest;
  readonly slab: Slab = new Slab();

  private readonly index: KeyIndex = new KeyIndex(this);
  private readonly flags: FlagColumn = new FlagColumn();
  private readonly keyRefs: DerivedColumn = new DerivedColumn();
  private readonly keyLengths: DerivedColumn = new DerivedColumn();
  private readonly keyHashes: DerivedColumn = new DerivedColumn();
  private readonly hashHighs: DerivedColumn = new DerivedColumn();
  private readonly hashLows: DerivedColumn = new DerivedColumn();
  private readonly stored: StoredColumn[] = [];
  private readonly byteColumns: BytesColumn[] = [];
  private readonly growing: Growing[] = [
    this.flags,
    this.keyRefs,
    this.keyLengths,
    this.keyHashes,
    this.hashHighs,
    this.hashLows,
  ];

  private rowCount = 0;
  private rowRoom = 0;
  private readonly freeRows: number[] = [];
  private recordCount = 0;
  private byteCount = 0;

  private lastLoaded = NONE_YET;

  private mark = MARK_A;
  private changed: number[] = [];
  private changedByteCount = 0;
  private frozenRows: number[] = [];
  private frozenNext = 0;
  private sink: CutSink | null = null;
  private readonly writer: ByteWriter = new ByteWriter(1024);
  private readonly hash: Hash64 = { high: 0, low: 0 };

  constructor(options: ColumnTableOptions) {
    this.number = options.number;
    this.name = options.name;
    this.version = options.version;
    this.fixedBytes = options.fixedBytes;
    this.digest = options.digest;
  }

  // Declaration.

  u32(since: number = FIRST_VERSION): U32Column {
    const column = new U32Column(this);
    this.declare({ type: 'u32', since, column });
    return column;
  }

  uint(since: number = FIRST_VERSION): UintColumn {
    const column = new UintColumn(this);
    this.declare({ type: 'uint', since, column });
    return column;
  }

  bytesColumn(since: number = FIRST_VERSION): BytesColumn {
    const column = new BytesColumn(this);
    this.declare({ type: 'bytes', since, column });
    this.byteColumns.push(column);
    return column;
  }

  derived(): DerivedColumn {
    const column = new DerivedColumn();
    this.growing.push(column);
    return column;
  }

  // Records.

  get records(): number {
    return this.recordCount;
  }

  get bytes(): number {
    return this.byteCount;
  }

  get changedBytes(): number {
    return this.changedByteCount;
  }

  get changedRecords(): number {
    return this.changed.length;
  }

  /** Bytes held from the system, but for the index and lists of rows. */
  get reservedBytes(): number {
    let bytes = this.slab.reservedBytes;
    for (const column of this.growing) bytes += column.reservedBytes;
    return bytes;
  }

  /** Rows ever used: every row number is below. */
  get rowLimit(): number {
    return this.rowCount;
  }

  /** Whether the row holds a record now. */
  isLive(row: number): boolean {
    return (this.flags.get(row) & (USED | TOMBSTONE)) === USED;
  }

  /** The row of the record with this key, or -1. */
  find(key: Uint8Array, from: number, to: number): number {
    const row = this.index.find(hashKey(key, from, to), key, from, to);
    return row < 0 || (this.flags.get(row) & TOMBSTONE) !== 0 ? -1 : row;
  }

  /** Adds a record whose key is absent: every stored field 0 or empty. Returns its row. */
  insert(key: Uint8Array, from: number, to: number): number {
    const hash = hashKey(key, from, to);
    let row = this.index.find(hash, key, from, to);
    if (row < 0) row = this.claimRow(hash, key, from, to);
    else this.revive(row);
    this.recordCount++;
    this.byteCount += to - from + this.fixedBytes;
    this.touch(row);
    return row;
  }

  remove(row: number): void {
    this.touch(row);
    this.recordCount--;
    this.byteCount -= this.keyLengths.get(row) + this.fixedBytes;
    for (const column of this.byteColumns) column.drop(row);
    if ((this.flags.get(row) & PERSISTED) === 0) this.releaseRow(row);
    else this.flags.set(row, this.flags.get(row) | TOMBSTONE);
  }

  /** Marks the row as changed, after encoding it for the cut in progress if that still waits for it. */
  touch(row: number): void {
    if ((this.flags.get(row) & this.mark) === 0) this.markChanged(row);
  }

  key(row: number): Uint8Array {
    const at = this.slab.offsetOf(this.keyRefs.get(row));
    return this.slab.bytesAt(this.keyRefs.get(row)).slice(at, at + this.keyLengths.get(row));
  }

  /** Calls back with the bytes of the key where they lie, for this moment: of many keys, a copy of each would take longest. */
  viewKey(row: number, visit: (bytes: Uint8Array, from: number, to: number) => void): void {
    const ref = this.keyRefs.get(row);
    const at = this.slab.offsetOf(ref);
    visit(this.slab.bytesAt(ref), at, at + this.keyLengths.get(row));
  }

  keyHash(row: number): number {
    return this.keyHashes.get(row);
  }

  keyEquals(row: number, key: Uint8Array, from: number, to: number): boolean {
    const length = this.keyLengths.get(row);
    if (length !== to - from) return false;
    const ref = this.keyRefs.get(row);
    const bytes = this.slab.bytesAt(ref);
    const at = this.slab.offsetOf(ref);
    for (let i = length - 1; i >= 0; i--) if (bytes[at + i] !== key[from + i]) return false;
    return true;
  }

  /** Called by byte columns: keeps the counts that admission and cut triggers go by. */
  resized(row: number, before: number, after: number): void {
    this.byteCount += after - before;
    if (after > before) this.changedByteCount += after - before;
    assert((this.flags.get(row) & USED) !== 0, () => `${this.name}: row ${row} is not in use`);
  }

  // Cuts.

  get frozen(): number {
    return this.frozenRows.length - this.frozenNext;
  }

  freeze(sink: CutSink): void {
    assert(this.frozen === 0, () => `${this.name}: ${this.frozen} records of the cut before are not encoded`);
    this.sink = sink;
    this.frozenRows = this.changed;
    this.frozenNext = 0;
    this.changed = [];
    this.changedByteCount = 0;
    this.mark ^= MARK_A | MARK_B;
  }

  encodeFrozen(budget: number): number {
    const frozenMark = this.mark ^ (MARK_A | MARK_B);
    const stop = Math.min(this.frozenRows.length, this.frozenNext + budget);
    const visited = stop - this.frozenNext;
    for (; this.frozenNext < stop; this.frozenNext++) {
      const row = this.frozenRows[this.frozenNext]!;
      if ((this.flags.get(row) & frozenMark) === 0) continue;
      this.encodeRow(row, frozenMark);
      if ((this.flags.get(row) & TOMBSTONE) !== 0) this.releaseRow(row);
    }
    if (this.frozen === 0) {
      this.frozenRows = [];
      this.frozenNext = 0;
    }
    return visited;
  }

  touchRows(from: number, to: number): boolean {
    const end = Math.min(to, this.rowCount);
    for (let row = from; row < end; row++) if (this.isLive(row)) this.touch(row);
    return end < this.rowCount;
  }

  /** Takes a record as it was encoded; throws MalformedError. Returns its row. */
  load(key: Uint8Array, value: Uint8Array): number {
    const r = new ByteReader(value);
    const version = r.u8();
    if (version < FIRST_VERSION || version > this.version) {
      throw new MalformedError(`${this.name}: record version ${version}`);
    }
    const hash = hashKey(key, 0, key.length);
    // Stores give records in the order of their keys: then none can be there already.
    const last = this.comesLast(key);
    if (!last && this.index.find(hash, key, 0, key.length) >= 0) {
      throw new MalformedError(`${this.name}: a key comes twice`);
    }
    const row = this.occupyRow(hash, key, 0, key.length);
    this.recordCount++;
    this.byteCount += key.length + this.fixedBytes + this.decodeRow(row, r, version, value);
    r.expectEnd(`${this.name} record`);
    hashRecord(this.hash, this.number, key, value);
    this.digest.add(this.hash.high, this.hash.low);
    this.hashHighs.set(row, this.hash.high);
    this.hashLows.set(row, this.hash.low);
    this.flags.set(row, USED | PERSISTED);
    this.lastLoaded = last ? row : OUT_OF_ORDER;
    return row;
  }

  // Inside.

  private declare(field: StoredColumn): void {
    const before = this.stored.at(-1)?.since ?? FIRST_VERSION;
    assert(
      field.since >= before && field.since <= this.version,
      () =>
        `${this.name}: a field of version ${field.since} after one of ${before}, in a table of ${this.version}`,
    );
    this.stored.push(field);
    this.growing.push(field.column);
  }

  /** Whether `key` sorts after all keys of the table, which is known as long as they were loaded in their order. */
  private comesLast(key: Uint8Array): boolean {
    if (this.lastLoaded === NONE_YET) return true;
    return this.lastLoaded !== OUT_OF_ORDER && this.compareKey(this.lastLoaded, key) < 0;
  }

  /** Below 0: the row's key sorts before `key`. */
  private compareKey(row: number, key: Uint8Array): number {
    const ref = this.keyRefs.get(row);
    const bytes = this.slab.bytesAt(ref);
    const at = this.slab.offsetOf(ref);
    const length = this.keyLengths.get(row);
    const shared = Math.min(length, key.length);
    for (let i = 0; i < shared; i++) {
      const difference = bytes[at + i]! - key[i]!;
      if (difference !== 0) return difference;
    }
    return length - key.length;
  }

  private claimRow(hash: number, key: Uint8Array, from: number, to: number): number {
    const row = this.occupyRow(hash, key, from, to);
    this.lastLoaded = OUT_OF_ORDER;
    this.clearFields(row);
    return row;
  }

  /** A row under this key; its fields may hold what a record before it left. */
  private occupyRow(hash: number, key: Uint8Array, from: number, to: number): number {
    const row = this.freeRows.pop() ?? this.nextRow();
    this.keyRefs.set(row, this.slab.store(key, from, to));
    this.keyLengths.set(row, to - from);
    this.keyHashes.set(row, hash);
    this.flags.set(row, USED);
    this.hashHighs.set(row, 0);
    this.hashLows.set(row, 0);
    this.index.add(hash, row);
    return row;
  }

  private nextRow(): number {
    if (this.rowCount === this.rowRoom) {
      for (const column of this.growing) column.grow();
      this.rowRoom += ROWS_PER_PAGE;
    }
    return this.rowCount++;
  }

  private clearFields(row: number): void {
    for (const field of this.stored) {
      if (field.type !== 'bytes') field.column.set(row, 0);
    }
  }

  /** A record comes back under the key of one whose deletion was not part of a cut yet. */
  private revive(row: number): void {
    assert((this.flags.get(row) & TOMBSTONE) !== 0, () => `${this.name}: row ${row} is inserted twice`);
    this.touch(row);
    this.flags.set(row, this.flags.get(row) & ~TOMBSTONE);
    this.clearFields(row);
  }

  private releaseRow(row: number): void {
    this.index.remove(this.keyHashes.get(row), row);
    this.slab.release(this.keyRefs.get(row));
    this.lastLoaded = OUT_OF_ORDER;
    this.flags.set(row, 0);
    this.freeRows.push(row);
  }

  private markChanged(row: number): void {
    const frozenMark = this.mark ^ (MARK_A | MARK_B);
    if ((this.flags.get(row) & frozenMark) !== 0) this.encodeRow(row, frozenMark);
    this.flags.set(row, this.flags.get(row) | this.mark);
    this.changed.push(row);
    let size = this.keyLengths.get(row) + this.fixedBytes;
    for (const column of this.byteColumns) size += column.length(row);
    this.changedByteCount += size;
  }

  /** Puts the row as it is into the cut and takes it out of the frozen set. */
  private encodeRow(row: number, frozenMark: number): void {
    const sink = must(this.sink, () => `${this.name}: row ${row} is frozen outside a cut`);
    const flags = this.flags.get(row) & ~frozenMark;
    if ((flags & PERSISTED) !== 0) this.digest.subtract(this.hashHighs.get(row), this.hashLows.get(row));
    const ref = this.keyRefs.get(row);
    const at = this.slab.offsetOf(ref);
    const end = at + this.keyLengths.get(row);
    const page = this.slab.bytesAt(ref);
    if ((flags & TOMBSTONE) !== 0) {
      sink.deletion({ table: this.number, key: page.slice(at, end) });
      this.flags.set(row, flags & ~PERSISTED);
      return;
    }
    const value = this.encodeFields(row);
    hashRecord(this.hash, this.number, page, value, at, end);
    this.digest.add(this.hash.high, this.hash.low);
    this.hashHighs.set(row, this.hash.high);
    this.hashLows.set(row, this.hash.low);
    this.flags.set(row, flags | PERSISTED);
    sink.record(this.number, page, at, end, value);
  }

  /** A view: valid until the next record is encoded. */
  private encodeFields(row: number): Uint8Array {
    const w = this.writer;
    w.reset();
    const version = this.versionOf(row);
    w.u8(version);
    for (const field of this.stored) {
      if (field.since > version) break;
      if (field.type === 'bytes') field.column.write(row, w);
      else w.uint(field.column.get(row));
    }
    return w.view();
  }

  /** The lowest version that holds what the row has: fields that are 0 or empty need none. */
  private versionOf(row: number): number {
    for (let i = this.stored.length - 1; i >= 0; i--) {
      const { type, since, column } = this.stored[i]!;
      if (since === FIRST_VERSION) break;
      if ((type === 'bytes' ? column.length(row) : column.get(row)) !== 0) return since;
    }
    return FIRST_VERSION;
  }

  /** Returns the bytes of its byte fields. */
  private decodeRow(row: number, r: ByteReader, version: number, value: Uint8Array): number {
    let bytes = 0;
    for (const field of this.stored) {
      const here = field.since <= version;
      if (field.type === 'bytes') {
        const size = here ? r.uint() : 0;
        const from = r.offset;
        r.skip(size);
        field.column.load(row, value, from, from + size);
        bytes += size;
      } else field.column.load(row, here ? r.uint() : 0);
    }
    return bytes;
  }
}
