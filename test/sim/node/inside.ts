import type { RaftNode } from '../../../lib/raft/index.js';
import type { Member } from '../../../lib/replica/index.js';
import type { RaftLog } from '../../../lib/storage/types.js';

type List = readonly unknown[];

/** Parts of a running member that nothing but a checker looks at. */
export interface Inside {
  readonly raft: RaftNode;
  readonly log: RaftLog;
  readonly traffic: {
    readonly lane: { readonly depth: number; readonly pendingBytes: number; readonly numbered: List };
  };
  readonly reads: {
    readonly waitingCount: number;
    readonly fresh: List;
    readonly proofs: List;
    readonly rounds: ReadonlyMap<number, { readonly waiting: List }>;
    readonly confirmed: readonly { readonly waiting: List }[];
    readonly host: { leasedIndex: () => number | null };
  };
  readonly state: { readonly snapshots: { pinnedIndex(): number | null } };
}

/** Null unless the member runs. */
export function insideOf(member: Member): Inside | null {
  const { phase } = member as unknown as { readonly phase: { readonly running?: Inside } };
  return phase.running ?? null;
}

/** Calls that wait at this member for the leader. */
export function callsOf(member: Member): number {
  return (member as unknown as { readonly calls: { readonly open: ReadonlyMap<number, unknown> } }).calls.open
    .size;
}
