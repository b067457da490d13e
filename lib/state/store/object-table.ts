import {
  assert,
  ByteReader,
  ByteWriter,
  MalformedError,
  must,
  utf8Decode,
  utf8Encode,
} from '../../base/index.js';
import { hashRecord, type Digest } from './digest.js';
import type { CutSink, Table } from './table.js';

/** How records of a small table are encoded. `write` must be canonical: equal values, equal bytes. */
export interface RecordCodec<T> {
  write(w: ByteWriter, value: T): void;
  read(r: ByteReader): T;
}

export interface ObjectTableOptions<T> {
  readonly number: number;
  readonly name: string;
  readonly version: number;
  readonly fixedBytes: number;
  readonly digest: Digest;
  readonly codec: RecordCodec<T>;
}

interface Slot<T> {
  readonly key: Uint8Array;
  /** Null is a tombstone: deleted since the last cut. */
  value: T | null;
  /** Encoded size of the value. */
  size: number;
  /** Part of the last cut or load: its hash counts in the digest. */
  persisted: boolean;
  high: number;
  low: number;
}

/**
 * A table of few records, kept as immutable objects under text keys. `put` replaces the whole object, so a
 * record frozen by a cut is encoded before it changes, whoever changes it.
 */
export class ObjectTable<T extends object> implements Table {
  readonly number: number;
  readonly name: string;
  readonly version: number;
  private readonly fixedBytes: number;
  private readonly digest: Digest;
  private readonly codec: RecordCodec<T>;
  private readonly slots: Map<string, Slot<T>> = new Map();
  /** Ids of records that are there, in order. */
  private readonly sorted: string[] = [];
  private recordCount = 0;
  private byteCount = 0;
  private changed: Set<Slot<T>> = new Set();
  private changedByteCount = 0;
  private frozenSlots: Set<Slot<T>> = new Set();
  private sink: CutSink | null = null;
  private readonly writer: ByteWriter = new ByteWriter(1024);
  private readonly hash: { high: number; low: number } = { high: 0, low: 0 };

  constructor(options: ObjectTableOptions<T>) {
    this.number = options.number;
    this.name = options.name;
    this.version = options.version;
    this.fixedBytes = options.fixedBytes;
    this.digest = options.digest;
    this.codec = options.codec;
  }

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
    return this.changed.size;
  }

  get frozen(): number {
    return this.frozenSlots.size;
  }

  get(id: string): T | null {
    return this.slots.get(id)?.value ?? null;
  }

  /** Ids in order, whatever order they came in. */
  ids(): readonly string[] {
    return this.sorted;
  }

  /** Values in order of their ids. */
  list(): T[] {
    return this.ids().map((id) => must(this.get(id), () => `${this.name}: ${id} is listed but absent`));
  }

  put(id: string, value: T): void {
    const slot = this.slots.get(id) ?? this.addSlot(id);
    this.touch(slot);
    const size = this.encode(value).length;
    if (slot.value === null) {
      this.sorted.splice(this.position(id), 0, id);
      this.recordCount++;
      this.byteCount += slot.key.length + this.fixedBytes;
    }
    this.byteCount += size - slot.size;
    this.changedByteCount += size;
    slot.value = value;
    slot.size = size;
  }

  delete(id: string): void {
    const slot = this.slots.get(id);
    if (slot === undefined || slot.value === null) return;
    this.touch(slot);
    this.sorted.splice(this.position(id), 1);
    this.recordCount--;
    this.byteCount -= slot.key.length + this.fixedBytes + slot.size;
    slot.value = null;
    slot.size = 0;
    if (slot.persisted) return;
    this.slots.delete(id);
    this.changed.delete(slot);
  }

  freeze(sink: CutSink): void {
    assert(this.frozen === 0, () => `${this.name}: ${this.frozen} records of the cut before are not encoded`);
    this.sink = sink;
    this.frozenSlots = this.changed;
    this.changed = new Set();
    this.changedByteCount = 0;
  }

  encodeFrozen(budget: number): number {
    let visited = 0;
    for (const slot of this.frozenSlots) {
      if (visited === budget) break;
      visited++;
      this.encodeSlot(slot);
      if (slot.value === null) this.slots.delete(utf8Decode(slot.key));
    }
    return visited;
  }

  touchRows(): boolean {
    for (const slot of this.slots.values()) this.touch(slot);
    return false;
  }

  /** Takes the place of whatever was here. */
  become(other: ObjectTable<T>): void {
    for (const id of Array.from(this.sorted)) this.delete(id);
    for (const id of other.ids())
      this.put(
        id,
        must(other.get(id), () => `${this.name}: ${id} is absent`),
      );
  }

  load(key: Uint8Array, value: Uint8Array): void {
    const r = new ByteReader(value);
    const version = r.u8();
    if (version !== this.version) throw new MalformedError(`${this.name}: record version ${version}`);
    const id = utf8Decode(key);
    this.put(id, this.codec.read(r));
    r.expectEnd(`${this.name} record`);
    const slot = must(this.slots.get(id), () => `${this.name}: ${id} was just loaded`);
    this.setHash(slot, key, value);
    this.changed.delete(slot);
    this.changedByteCount = 0;
  }

  /** Where the id stands among the sorted ones, or would stand. */
  private position(id: string): number {
    let low = 0;
    let high = this.sorted.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.sorted[middle]! < id) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  private addSlot(id: string): Slot<T> {
    const slot = { key: utf8Encode(id), value: null, size: 0, persisted: false, high: 0, low: 0 };
    this.slots.set(id, slot);
    return slot;
  }

  private touch(slot: Slot<T>): void {
    if (this.frozenSlots.has(slot)) this.encodeSlot(slot);
    this.changed.add(slot);
  }

  private encode(value: T): Uint8Array {
    this.writer.reset();
    this.writer.u8(this.version);
    this.codec.write(this.writer, value);
    return this.writer.view();
  }

  private encodeSlot(slot: Slot<T>): void {
    const sink = must(this.sink, () => `${this.name}: a record is frozen outside a cut`);
    this.frozenSlots.delete(slot);
    if (slot.persisted) this.digest.subtract(slot.high, slot.low);
    if (slot.value === null) {
      slot.persisted = false;
      sink.deletion({ table: this.number, key: slot.key });
      return;
    }
    const value = this.encode(slot.value);
    this.setHash(slot, slot.key, value);
    sink.record(this.number, slot.key, 0, slot.key.length, value);
  }

  private setHash(slot: Slot<T>, key: Uint8Array, value: Uint8Array): void {
    hashRecord(this.hash, this.number, key, value);
    this.digest.add(this.hash.high, this.hash.low);
    slot.high = this.hash.high;
    slot.low = this.hash.low;
    slot.persisted = true;
  }
}
