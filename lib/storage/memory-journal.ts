import { assert, compareBytes } from '../base/index.js';
import { EVERYTHING } from './keys.js';
import { SortedBytes } from './sorted-bytes.js';
import type { KvOperation } from './types.js';

const ALL = 1 << 30;

/**
 * The last batches written to one database in memory, and what it held before them: enough to show what LevelDB
 * was seen to do to synced batches when its files are damaged (docs/data-on-disk.md, "Damage").
 */
export class BatchJournal {
  private readonly limit: number;
  private readonly before: SortedBytes;
  private readonly list: (readonly KvOperation[])[] = [];

  constructor(before: SortedBytes, limit: number) {
    this.before = before;
    this.limit = limit;
  }

  get batches(): readonly (readonly KvOperation[])[] {
    return this.list;
  }

  /** `operations` never change from here on. */
  record(operations: readonly KvOperation[]): void {
    this.list.push(operations);
    if (this.list.length > this.limit) this.before.apply(this.list.shift()!);
  }

  /** The database as if `count` batches, followed by `kept` later ones, had never been written. */
  without(count: number, kept: number): SortedBytes {
    const from = this.list.length - kept - count;
    assert(
      from >= 0 && count >= 0 && kept >= 0,
      () => `${count} batches before the last ${kept}, ${this.list.length} are known`,
    );
    const contents = this.before.copy();
    this.list.forEach((batch, at) => {
      if (at < from || at >= from + count) contents.apply(batch);
    });
    return contents;
  }

  /** Values that `now` no longer holds: of keys overwritten since, and of keys deleted since. */
  formerValues(now: SortedBytes): Extract<KvOperation, { readonly type: 'put' }>[] {
    const former: Extract<KvOperation, { readonly type: 'put' }>[] = [];
    const add = (key: Uint8Array, value: Uint8Array): void => {
      const present = now.get(key);
      if (present === undefined || compareBytes(present, value) !== 0)
        former.push({ type: 'put', key, value });
    };
    for (const [key, value] of this.before.read(EVERYTHING, ALL, ALL)) add(key, value);
    for (const batch of this.list)
      for (const operation of batch) if (operation.type === 'put') add(operation.key, operation.value);
    return former;
  }
}
