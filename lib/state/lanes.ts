import type { ByteReader, ByteWriter, NodeId } from '../base/index.js';
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
   * older ones and begins at 1.
   */
  advance(head: SubBatchHead): boolean {
    const last = this.table.get(head.lane);
    const opens = head.number === 1 && head.boot > (last?.boot ?? -1);
    const follows = last !== null && head.boot === last.boot && head.number === last.number + 1;
    if (!opens && !follows) return false;
    this.table.put(head.lane, { boot: head.boot, number: head.number });
    return true;
  }
}
