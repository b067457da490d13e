import { ObjectTable } from '../store/object-table.js';
import type { Digest } from '../store/digest.js';
import type { AclEntry } from './types.js';

export const PERMISSION = { read: 1, write: 2, create: 4, delete: 8, admin: 16, all: 31 } as const;

/** Anybody may do anything: ZooKeeper's OPEN_ACL_UNSAFE. Never stored. */
export const OPEN_ACL: readonly AclEntry[] = [{ permissions: PERMISSION.all, scheme: 'world', id: 'anyone' }];

/** The number of `OPEN_ACL`. */
export const OPEN = 0;

interface Interned {
  readonly number: number;
  readonly acl: readonly AclEntry[];
}

/** Cost of a record beyond its key and bytes. */
const ACL_FIXED_BYTES = 96;

/**
 * ACLs by number. Trees have many nodes and few different ACLs, so nodes hold numbers; a list that no node has any
 * more is gone. A new list takes the lowest number that is free: which one it is follows from the records alone.
 */
export class AclTable {
  readonly table: ObjectTable<Interned>;
  private readonly byText: Map<string, Interned> = new Map();
  private readonly byNumber: Map<number, Interned> = new Map();
  /** Nodes that have the list; derived. */
  private readonly uses: Map<number, number> = new Map();
  /** No number below it is free. */
  private lowestFree = OPEN + 1;

  constructor(number: number, digest: Digest) {
    this.table = new ObjectTable<Interned>({
      number,
      name: 'acls',
      version: 1,
      fixedBytes: ACL_FIXED_BYTES,
      digest,
      codec: {
        write: (w, { number: one, acl }) => {
          w.uint(one).uint(acl.length);
          for (const { permissions, scheme, id } of acl) w.uint(permissions).text(scheme).text(id);
        },
        read: (r) => {
          const one = r.uint();
          const acl: AclEntry[] = [];
          for (let left = r.uint(); left > 0; left--) {
            acl.push({ permissions: r.uint(), scheme: r.text(), id: r.text() });
          }
          return { number: one, acl };
        },
      },
    });
  }

  get(number: number): readonly AclEntry[] {
    return number === OPEN ? OPEN_ACL : this.byNumber.get(number)!.acl;
  }

  /** One more node has this list. Returns its number. */
  take(acl: readonly AclEntry[]): number {
    if (isOpen(acl)) return OPEN;
    const text = textOf(acl);
    const known = this.byText.get(text) ?? this.add(text, acl);
    this.uses.set(known.number, (this.uses.get(known.number) ?? 0) + 1);
    return known.number;
  }

  /** One node less has it. */
  release(number: number): void {
    if (number === OPEN) return;
    const left = this.uses.get(number)! - 1;
    this.uses.set(number, left);
    if (left > 0) return;
    const { acl } = this.byNumber.get(number)!;
    this.uses.delete(number);
    this.byNumber.delete(number);
    this.byText.delete(textOf(acl));
    this.lowestFree = Math.min(this.lowestFree, number);
    this.table.delete(keyOf(number));
  }

  load(key: Uint8Array, value: Uint8Array): void {
    this.table.load(key, value);
  }

  /** Call before the nodes are counted. */
  finishLoad(): void {
    for (const interned of this.table.list()) this.know(interned);
  }

  /** A loaded node has the list; false when there is none of that number. */
  count(number: number): boolean {
    if (number === OPEN) return true;
    if (!this.byNumber.has(number)) return false;
    this.uses.set(number, (this.uses.get(number) ?? 0) + 1);
    return true;
  }

  private add(text: string, acl: readonly AclEntry[]): Interned {
    while (this.byNumber.has(this.lowestFree)) this.lowestFree++;
    const number = this.lowestFree;
    const interned = { number, acl: acl.map((entry) => ({ ...entry })) };
    this.table.put(keyOf(number), interned);
    this.know(interned, text);
    return interned;
  }

  private know(interned: Interned, text: string = textOf(interned.acl)): void {
    this.byText.set(text, interned);
    this.byNumber.set(interned.number, interned);
  }
}

function isOpen(acl: readonly AclEntry[]): boolean {
  if (acl === OPEN_ACL) return true;
  const only = acl[0];
  return (
    acl.length === 1 &&
    only !== undefined &&
    only.permissions === PERMISSION.all &&
    only.scheme === 'world' &&
    only.id === 'anyone'
  );
}

function keyOf(number: number): string {
  return number.toString(16).padStart(8, '0');
}

/** The same for equal lists only: lengths stand before texts. */
function textOf(acl: readonly AclEntry[]): string {
  return acl
    .map(({ permissions, scheme, id }) => `${permissions}:${scheme.length}:${scheme}:${id.length}:${id}`)
    .join(',');
}
