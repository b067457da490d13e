import type { ClusterId, NodeId } from '../../base/index.js';
import type { CoreTable } from '../core.js';
import type { Digest } from '../store/digest.js';
import { ObjectTable } from '../store/object-table.js';
import { MEMBER_RECORD } from './codec.js';
import type { ClusterView, MemberView } from './types.js';

const MEMBER_FIXED_BYTES = 512;

/** What members told about themselves; the cluster id and the limits are in the core record. */
export class ClusterTable implements ClusterView {
  readonly table: ObjectTable<MemberView>;
  private readonly core: CoreTable;
  /** Null when it has to be found again. */
  private smallest: number | null = null;

  constructor(number: number, digest: Digest, core: CoreTable) {
    this.core = core;
    this.table = new ObjectTable({
      number,
      name: 'members',
      version: 1,
      fixedBytes: MEMBER_FIXED_BYTES,
      digest,
      codec: MEMBER_RECORD,
    });
  }

  get clusterId(): ClusterId | null {
    return this.core.clusterId;
  }

  members(): MemberView[] {
    return this.table.list();
  }

  member(node: NodeId): MemberView | null {
    return this.table.get(node);
  }

  get lowestCommandLevel(): number {
    let lowest = Infinity;
    for (const member of this.table.list()) lowest = Math.min(lowest, member.commandLevel);
    return lowest;
  }

  put(member: MemberView): void {
    this.table.put(member.node, member);
    this.smallest = null;
  }

  forget(node: NodeId): void {
    this.table.delete(node);
    this.smallest = null;
  }

  /** Smallest memory budget that a member told, in bytes, and `fallback` if none did. */
  smallestBudget(fallback: number): number {
    this.smallest ??= this.table
      .list()
      .map((member) => member.memoryBudgetBytes)
      .filter((budget) => budget > 0)
      .reduce((least, budget) => Math.min(least, budget), Infinity);
    return this.smallest === Infinity ? fallback : this.smallest;
  }

  finishLoad(): void {
    this.smallest = null;
  }
}
