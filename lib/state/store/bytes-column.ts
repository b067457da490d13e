import type { ByteWriter } from '../../base/index.js';
import { DerivedColumn, type Toucher } from './columns.js';
import type { Slab } from './slab.js';

/** The table of a byte column, as the column sees it. */
export interface BytesOwner extends Toucher {
  readonly slab: Slab;
  /** Told after each change, so that the table keeps its counts. */
  resized(row: number, before: number, after: number): void;
}

/** Byte strings in the table's slab, part of the record. */
export class BytesColumn {
  private readonly owner: BytesOwner;
  private readonly refs: DerivedColumn = new DerivedColumn();
  private readonly lengths: DerivedColumn = new DerivedColumn();

  constructor(owner: BytesOwner) {
    this.owner = owner;
  }

  /** Bytes held from the system, but for those in the slab. */
  get reservedBytes(): number {
    return this.refs.reservedBytes + this.lengths.reservedBytes;
  }

  length(row: number): number {
    return this.lengths.get(row);
  }

  /** A copy. */
  get(row: number): Uint8Array {
    const ref = this.refs.get(row);
    if (ref === 0) return new Uint8Array(0);
    const at = this.owner.slab.offsetOf(ref);
    return this.owner.slab.bytesAt(ref).slice(at, at + this.lengths.get(row));
  }

  /** A view: valid until the next change of any record of the table. */
  view(row: number): Uint8Array {
    const ref = this.refs.get(row);
    if (ref === 0) return new Uint8Array(0);
    const at = this.owner.slab.offsetOf(ref);
    return this.owner.slab.bytesAt(ref).subarray(at, at + this.lengths.get(row));
  }

  set(row: number, bytes: Uint8Array): void {
    this.setRange(row, bytes, 0, bytes.length);
  }

  setRange(row: number, source: Uint8Array, from: number, to: number): void {
    this.owner.touch(row);
    const before = this.lengths.get(row);
    this.refs.set(row, this.owner.slab.replace(this.refs.get(row), before, source, from, to));
    this.lengths.set(row, to - from);
    this.owner.resized(row, before, to - from);
  }

  /** For a record that is being loaded, whose field is empty: it is not a change, and its table counts. */
  load(row: number, source: Uint8Array, from: number, to: number): void {
    this.refs.set(row, this.owner.slab.store(source, from, to));
    this.lengths.set(row, to - from);
  }

  /** Frees the bytes of a record that is being removed. */
  drop(row: number): void {
    const before = this.lengths.get(row);
    this.owner.slab.release(this.refs.get(row));
    this.refs.set(row, 0);
    this.lengths.set(row, 0);
    this.owner.resized(row, before, 0);
  }

  write(row: number, w: ByteWriter): void {
    w.bytes(this.view(row));
  }

  grow(): void {
    this.refs.grow();
    this.lengths.grow();
  }
}
