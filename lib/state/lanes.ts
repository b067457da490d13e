import { assert, type ByteReader, type ByteWriter, type NodeId } from '../base/index.js';
import type { SubBatchHead } from './entry.js';
import { ObjectTable } from './store/object-table.js';
import type { Digest } from './store/digest.js';

export interface Lane {
  readonly boot: number;
  readonly number: number;
}

const LANE_FIXED_BYTES = 128;

const LANE_RECORD: { write(w: ByteWriter, lane: Lane): void; read(r: ByteReader): Lane } = {
  write: (w, lane) => {
    w.uint(lane.boot).uint(lane.number);
  },
  read: (r) => ({ boot: r.uint(), number: r.uint() }),
};

/** Boots of one history: those of a later history are all higher, so they close the lanes of the former one. */
const BOOTS = 2 ** 32;

/**
 * The boot under which a member's sub-batches go while the history `history` is in force: what was made for an earlier
 * one is not executed, wherever it is on its way.
 */
export function laneBoot(history: number, boot: number): number {
  assert(boot < BOOTS && history < 2 ** 20, () => `boot ${boot} in history ${history}`);
  return history * BOOTS + boot;
}

/** The history that a boot of `laneBoot` belongs to. */
export function historyOf(boot: number): number {
  return Math.floor(boot / BOOTS);
}

/** The last sub-batch executed of each member, so that what a member resends runs once and in order. */
export class LaneTable {
  readonly table: ObjectTable<Lane>;

  constructor(number: number, digest: Digest) {
    this.table = new ObjectTable({
      number,
      name: 'lanes',
      version: 1,
      fixedBytes: LANE_FIXED_BYTES,
      digest,
      codec: LANE_RECORD,
    });
  }

  get(node: NodeId): Lane | null {
    return this.table.get(node);
  }

  /** Only for a folder whose sub-batches can be appended no more: one of them would run as the first of a new lane. */
  forget(node: NodeId): void {
    this.table.delete(node);
  }

  /**
   * Whether the sub-batch is the next of its lane; it counts as executed then. A higher boot closes the lanes of
   * older ones and begins at 1. What was made in another history than the one in force is none.
   */
  advance(head: SubBatchHead, history: number): boolean {
    if (historyOf(head.boot) !== history) return false;
    const last = this.table.get(head.lane);
    const opens = head.number === 1 && head.boot > (last?.boot ?? -1);
    const follows = last !== null && head.boot === last.boot && head.number === last.number + 1;
    if (!opens && !follows) return false;
    this.table.put(head.lane, { boot: head.boot, number: head.number });
    return true;
  }
}
