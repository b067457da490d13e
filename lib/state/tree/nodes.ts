import { compareBytes, TepuiError, utf8Decode, type SessionId } from '../../base/index.js';
import type { BytesColumn } from '../store/bytes-column.js';
import { ColumnTable } from '../store/column-table.js';
import type { DerivedColumn, U32Column, UintColumn } from '../store/columns.js';
import type { Digest } from '../store/digest.js';
import { KeyBuffer } from '../store/keys.js';
import type { AclTable } from './acl.js';
import { OwnedRows } from './owned-rows.js';
import { highBits, lowBits, ownerOf, type Owner } from './owner.js';
import type { AclEntry, NameVisitor, NodeStat } from './types.js';

const SLASH = 0x2f;
const NONE = -1;

/** Owner, ACL and null data came with the second version of the record. */
const VERSION = 2;

const DATA_IS_NULL = 1;

/** Cost of a node beyond path and data: columns, index and slack of the slab, as measured. */
const NODE_FIXED_BYTES = 160;

/**
 * The nodes of the tree by absolute path. Children are a linked list through the rows:
 *
 *     parent.firstChild ─► row ⇄ row ⇄ row      (columns hold row + 1; 0 is none)
 *
 * Nodes that end by themselves are also in one list each: all containers, all with a time to live, and those of
 * each session.
 */
export class NodeTable {
  readonly table: ColumnTable;
  readonly czxid: UintColumn;
  readonly mzxid: UintColumn;
  readonly pzxid: UintColumn;
  readonly ctimeMs: UintColumn;
  readonly mtimeMs: UintColumn;
  readonly version: U32Column;
  /** Children ever created: ZooKeeper's stored cversion. */
  readonly creations: U32Column;
  readonly aversion: U32Column;
  readonly data: BytesColumn;
  private readonly flags: U32Column;
  private readonly ownerHigh: U32Column;
  private readonly ownerLow: U32Column;
  private readonly acl: U32Column;
  private readonly acls: AclTable;
  private readonly parent: DerivedColumn;
  private readonly firstChild: DerivedColumn;
  private readonly next: DerivedColumn;
  private readonly previous: DerivedColumn;
  private readonly childCount: DerivedColumn;
  private readonly owned: OwnedRows;
  private readonly keys: KeyBuffer = new KeyBuffer();
  /** Loaded before their parents. */
  private readonly orphans: number[] = [];
  /** While nodes are loaded: the parent of the one before. */
  private lastParent = NONE;

  constructor(number: number, digest: Digest, acls: AclTable) {
    const fixedBytes = NODE_FIXED_BYTES;
    const table = new ColumnTable({ number, name: 'tree', version: VERSION, fixedBytes, digest });
    this.table = table;
    this.acls = acls;
    this.czxid = table.uint();
    this.mzxid = table.uint();
    this.pzxid = table.uint();
    this.ctimeMs = table.uint();
    this.mtimeMs = table.uint();
    this.version = table.u32();
    this.creations = table.u32();
    this.aversion = table.u32();
    this.data = table.bytesColumn();
    this.flags = table.u32(VERSION);
    this.ownerHigh = table.u32(VERSION);
    this.ownerLow = table.u32(VERSION);
    this.acl = table.u32(VERSION);
    this.parent = table.derived();
    this.firstChild = table.derived();
    this.next = table.derived();
    this.previous = table.derived();
    this.childCount = table.derived();
    this.owned = new OwnedRows(table.derived(), table.derived());
  }

  /** Of all paths and data, in bytes. */
  get contentBytes(): number {
    return this.table.bytes - NODE_FIXED_BYTES * this.table.records;
  }

  /** The row of the node at `path`, or -1. */
  find(path: string): number {
    const key = this.keys.start().text(path);
    return this.table.find(key.bytes, 0, key.length);
  }

  /** The row of the parent of `path` (not `/`), or -1. */
  findParent(path: string): number {
    const key = this.keys.start().text(path);
    return this.table.find(key.bytes, 0, parentEnd(key.bytes, key.length));
  }

  /** Adds a node under `parent` (-1 for the root itself) with every field 0 and no data. */
  add(path: string, parent: number): number {
    const key = this.keys.start().text(path);
    const row = this.table.insert(key.bytes, 0, key.length);
    this.clearLinks(row);
    if (parent !== NONE) this.link(row, parent);
    return row;
  }

  /** The path of a row. */
  path(row: number): string {
    return utf8Decode(this.table.key(row));
  }

  parentOf(row: number): number {
    return this.parent.get(row) - 1;
  }

  owner(row: number): Owner {
    return ownerOf(this.ownerHigh.get(row), this.ownerLow.get(row));
  }

  setOwner(row: number, owner: Owner): void {
    this.owned.remove(row, this.owner(row));
    this.ownerHigh.set(row, highBits(owner));
    this.ownerLow.set(row, lowBits(owner));
    this.owned.add(row, owner);
  }

  aclOf(row: number): readonly AclEntry[] {
    return this.acls.get(this.acl.get(row));
  }

  setAcl(row: number, acl: readonly AclEntry[]): void {
    const before = this.acl.get(row);
    this.acl.set(row, this.acls.take(acl));
    this.acls.release(before);
  }

  setData(row: number, data: Uint8Array | null): void {
    this.data.set(row, data ?? NO_BYTES);
    const isNull = data === null ? DATA_IS_NULL : 0;
    if (this.flags.get(row) !== isNull) this.flags.set(row, isNull);
  }

  dataIsNull(row: number): boolean {
    return this.flags.get(row) === DATA_IS_NULL;
  }

  /** A copy, or null. */
  dataOf(row: number): Uint8Array | null {
    return this.dataIsNull(row) ? null : this.data.get(row);
  }

  ownedBy(session: SessionId): number {
    return this.owned.countOf(session);
  }

  /** Nodes that sessions own. */
  get ephemerals(): number {
    return this.owned.countOfSessions;
  }

  /** A session's nodes in the order of their paths: how rows came into memory must not show. */
  rowsOwnedBy(session: SessionId): number[] {
    const rows = this.owned.rowsOf(session).map((row) => ({ row, key: this.table.key(row) }));
    return rows.sort((a, b) => compareBytes(a.key, b.key)).map(({ row }) => row);
  }

  /** Rows of containers and nodes with a time to live, in no order that means anything. */
  mortalRows(): number[] {
    return this.owned.mortalRows();
  }

  /** The root exists before the first command: its revisions and times are 0. */
  addRoot(): void {
    this.add('/', NONE);
  }

  /** Removes a node without children. Returns its parent's row. */
  remove(row: number): number {
    const parent = this.parent.get(row) - 1;
    this.unlink(row, parent);
    this.owned.remove(row, this.owner(row));
    this.acls.release(this.acl.get(row));
    this.table.remove(row);
    return parent;
  }

  children(row: number): number {
    return this.childCount.get(row);
  }

  /** Names of the children, in byte order. */
  childNames(row: number): string[] {
    const names: Uint8Array[] = [];
    for (let at = this.firstChild.get(row); at !== 0; at = this.next.get(at - 1)) {
      const key = this.table.key(at - 1);
      names.push(key.subarray(parentEndOrRoot(key) + 1));
    }
    return names.sort(compareBytes).map((name) => utf8Decode(name));
  }

  /** Names of the children in no order that means anything, as bytes that are not to be kept: there may be many. */
  forEachChildName(row: number, visit: NameVisitor): void {
    const { length } = this.table.key(row);
    const skipped = length === 1 ? 1 : length + 1;
    const name = (bytes: Uint8Array, from: number, to: number): void => visit(bytes, from + skipped, to);
    for (let at = this.firstChild.get(row); at !== 0; at = this.next.get(at - 1)) {
      this.table.viewKey(at - 1, name);
    }
  }

  /** Visits the node and everything below it, in no order that means anything. It follows the links: there may be many. */
  forEachBelow(top: number, visit: (row: number) => void): void {
    let row = top;
    for (;;) {
      visit(row);
      const child = this.firstChild.get(row);
      if (child !== 0) {
        row = child - 1;
        continue;
      }
      while (row !== top && this.next.get(row) === 0) row = this.parent.get(row) - 1;
      if (row === top) return;
      row = this.next.get(row) - 1;
    }
  }

  stat(row: number): NodeStat {
    const numChildren = this.childCount.get(row);
    const owner = this.owner(row);
    return {
      czxid: this.czxid.get(row),
      mzxid: this.mzxid.get(row),
      pzxid: this.pzxid.get(row),
      ctimeMs: this.ctimeMs.get(row),
      mtimeMs: this.mtimeMs.get(row),
      version: this.version.get(row) | 0,
      cversion: (2 * this.creations.get(row) - numChildren) | 0,
      aversion: this.aversion.get(row) | 0,
      ephemeralOwner: owner.kind === 'session' ? owner.session : null,
      dataLength: this.data.length(row),
      numChildren,
    };
  }

  /** Takes one record of a cut. Parents may come later. */
  load(key: Uint8Array, value: Uint8Array): void {
    const row = this.table.load(key, value);
    this.clearLinks(row);
    this.owned.add(row, this.owner(row));
    if (!this.linkLoaded(row, key)) this.orphans.push(row);
  }

  /** Links what came before its parent; every node but the root must have one. */
  finishLoad(): void {
    this.acls.finishLoad();
    for (let row = 0; row < this.table.rowLimit; row++) {
      if (!this.table.isLive(row) || this.acls.count(this.acl.get(row))) continue;
      throw new TepuiError('DAMAGED', `node ${this.path(row)} has an ACL that is not there`);
    }
    for (const row of this.orphans) {
      if (this.linkLoaded(row, this.table.key(row))) continue;
      throw new TepuiError('DAMAGED', `node ${utf8Decode(this.table.key(row))} has no parent`);
    }
    this.orphans.length = 0;
    this.lastParent = NONE;
  }

  private linkLoaded(row: number, key: Uint8Array): boolean {
    if (key.length === 1) return true;
    const parent = this.findLoaded(key, parentEnd(key, key.length));
    if (parent < 0) return false;
    this.link(row, parent);
    return true;
  }

  /** The row of `key[0, end)`, or -1. Nodes come in the order of their paths: many of one parent after each other. */
  private findLoaded(key: Uint8Array, end: number): number {
    if (this.lastParent === NONE || !this.table.keyEquals(this.lastParent, key, 0, end)) {
      this.lastParent = this.table.find(key, 0, end);
    }
    return this.lastParent;
  }

  private clearLinks(row: number): void {
    this.parent.set(row, 0);
    this.firstChild.set(row, 0);
    this.next.set(row, 0);
    this.previous.set(row, 0);
    this.childCount.set(row, 0);
  }

  private link(row: number, parent: number): void {
    const first = this.firstChild.get(parent);
    this.parent.set(row, parent + 1);
    this.next.set(row, first);
    if (first !== 0) this.previous.set(first - 1, row + 1);
    this.firstChild.set(parent, row + 1);
    this.childCount.set(parent, this.childCount.get(parent) + 1);
  }

  private unlink(row: number, parent: number): void {
    const next = this.next.get(row);
    const previous = this.previous.get(row);
    if (previous === 0) this.firstChild.set(parent, next);
    else this.next.set(previous - 1, next);
    if (next !== 0) this.previous.set(next - 1, previous);
    this.childCount.set(parent, this.childCount.get(parent) - 1);
  }
}

const NO_BYTES = new Uint8Array(0);

/** Length of the parent's key: the last slash, or 1 for the root. */
function parentEnd(key: Uint8Array, length: number): number {
  let at = length - 1;
  while (at > 0 && key[at] !== SLASH) at--;
  return at === 0 ? 1 : at;
}

function parentEndOrRoot(key: Uint8Array): number {
  const end = parentEnd(key, key.length);
  return end === 1 ? 0 : end;
}
