import { TepuiError, utf8Decode, utf8Encode } from '../../base/index.js';
import type { BytesColumn } from '../store/bytes-column.js';
import { ColumnTable } from '../store/column-table.js';
import type { DerivedColumn, U32Column, UintColumn } from '../store/columns.js';
import type { Digest } from '../store/digest.js';
import { KeyBuffer } from '../store/keys.js';
import { exitNumbers, exitOf } from './codec.js';
import type { PendingUpdate, TaskSource, TaskState } from './types.js';

const UPDATE_FIXED_BYTES = 160;
const ORDER_BYTES = 8;

/**
 * Status updates that their frameworks have not acknowledged. Keys are the task's key and an order number; a
 * task's updates are a queue:
 *
 *     task.first ─► row ─► row ─► row ◄─ task.last      (row + 1; 0 is none)
 */
export class UpdateTable {
  readonly table: ColumnTable;
  private readonly order: UintColumn;
  private readonly state: U32Column;
  private readonly source: U32Column;
  /** One higher than the reason: 0 is none. */
  private readonly reason: U32Column;
  private readonly exitKind: U32Column;
  private readonly exitValue: U32Column;
  private readonly timeMs: UintColumn;
  private readonly revision: UintColumn;
  private readonly sequence: UintColumn;
  private readonly uuid: BytesColumn;
  private readonly message: BytesColumn;
  private readonly status: BytesColumn;
  readonly next: DerivedColumn;
  private readonly keys: KeyBuffer = new KeyBuffer();
  private readonly loaded: number[] = [];

  constructor(number: number, digest: Digest) {
    const fixedBytes = UPDATE_FIXED_BYTES;
    const table = new ColumnTable({ number, name: 'updates', version: 1, fixedBytes, digest });
    this.table = table;
    this.order = table.uint();
    this.state = table.u32();
    this.source = table.u32();
    this.reason = table.u32();
    this.exitKind = table.u32();
    this.exitValue = table.u32();
    this.timeMs = table.uint();
    this.revision = table.uint();
    this.sequence = table.uint();
    this.uuid = table.bytesColumn();
    this.message = table.bytesColumn();
    this.status = table.bytesColumn();
    this.next = table.derived();
  }

  add(taskKey: Uint8Array, order: number, update: PendingUpdate): number {
    const key = this.keys.start().raw(taskKey).uint(order);
    const row = this.table.insert(key.bytes, 0, key.length);
    const [exitKind, exitValue] = exitNumbers(update.exit);
    this.order.set(row, order);
    this.state.set(row, update.state);
    this.source.set(row, update.source);
    this.reason.set(row, update.reason + 1);
    this.exitKind.set(row, exitKind);
    this.exitValue.set(row, exitValue);
    this.timeMs.set(row, update.timeMs);
    this.revision.set(row, update.revision);
    this.sequence.set(row, update.sequence);
    this.uuid.set(row, update.uuid);
    this.message.set(row, utf8Encode(update.message));
    this.status.set(row, update.status);
    this.next.set(row, 0);
    return row;
  }

  uuidOf(row: number): Uint8Array {
    return this.uuid.get(row);
  }

  view(row: number): PendingUpdate {
    return {
      uuid: this.uuid.get(row),
      state: this.state.get(row) as TaskState,
      source: this.source.get(row) as TaskSource,
      reason: this.reason.get(row) - 1,
      message: utf8Decode(this.message.view(row)),
      status: this.status.get(row),
      exit: exitOf(this.exitKind.get(row), this.exitValue.get(row)),
      timeMs: this.timeMs.get(row),
      revision: this.revision.get(row),
      sequence: this.sequence.get(row),
    };
  }

  load(key: Uint8Array, value: Uint8Array): void {
    if (key.length < ORDER_BYTES) throw new TepuiError('DAMAGED', `an update key of ${key.length} bytes`);
    this.loaded.push(this.table.load(key, value));
  }

  /** Hands out what was loaded, in order, with the key of the task of each. */
  finishLoad(queue: (row: number, taskKey: Uint8Array) => void): void {
    this.loaded.sort((a, b) => this.order.get(a) - this.order.get(b));
    for (const row of this.loaded) {
      const key = this.table.key(row);
      this.next.set(row, 0);
      queue(row, key.subarray(0, key.length - ORDER_BYTES));
    }
    this.loaded.length = 0;
  }
}
