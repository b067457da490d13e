import type { ReplicaLimits } from '../../../lib/replica/index.js';
import { RAFT_DEFAULTS } from '../../../lib/raft/config.js';
import { check } from '../violation.js';
import { callsOf, insideOf, type Inside } from './inside.js';
import type { SimNode } from './node.js';

/** A log may be longer than its tail by this share of it before it is worth a compaction. */
const TAIL_SLACK = 1.25;
/** Compaction follows a cut within this time on a disk that is well. */
const COMPACTED_US = 1_000_000;

/** The last cut of one process that had no transfer to wait for. */
interface LastCut {
  readonly index: number;
  readonly atUs: number;
}

/** L6: whatever waits in a member, is on its way or is kept, stays below the limits that its process was given. */
export class Bounds {
  /** No disk hangs any more. */
  calm = false;
  private readonly limits: ReplicaLimits;
  private readonly nowUs: () => number;
  private readonly cuts = new Map<SimNode, LastCut>();

  constructor(limits: ReplicaLimits, nowUs: () => number) {
    this.limits = limits;
    this.nowUs = nowUs;
  }

  /** Asked now and then. */
  look(nodes: readonly SimNode[]): void {
    for (const node of nodes) {
      const member = node.life?.member ?? null;
      const inside = member === null ? null : insideOf(member);
      if (member === null || inside === null) continue;
      const { limits } = this;
      atMost(node, 'calls', callsOf(member), limits.calls);
      this.lane(node, inside);
      this.reads(node, inside);
      this.flight(node, inside);
      this.log(node, inside);
    }
  }

  /** A cut at `index` is durable. */
  cut(node: SimNode, index: number): void {
    const member = node.life?.member ?? null;
    const inside = member === null ? null : insideOf(member);
    this.cuts.delete(node);
    if (!this.calm || inside === null || inside.state.snapshots.pinnedIndex() !== null) return;
    this.cuts.set(node, { index, atUs: this.nowUs() });
  }

  ended(node: SimNode): void {
    this.cuts.delete(node);
  }

  private lane(node: SimNode, { traffic }: Inside): void {
    const { depth, pendingBytes, numbered } = traffic.lane;
    const { laneCommands, laneBytes, laneWindow } = this.limits;
    atMost(node, 'commands in the lane', depth, laneCommands);
    atMost(node, 'bytes in the lane', pendingBytes, laneBytes);
    atMost(node, 'sub-batches on their way', numbered.length, laneWindow);
  }

  private reads(node: SimNode, { reads }: Inside): void {
    const { waitingCount, fresh, proofs, rounds, confirmed } = reads;
    atMost(node, 'reads', waitingCount, this.limits.reads);
    const asked = [...rounds.values(), ...confirmed].map(({ waiting }) => waiting.length);
    const kept = asked.reduce((a, b) => a + b, fresh.length + proofs.length);
    check(
      kept === waitingCount,
      'L6',
      () => `${node.id} counts ${waitingCount} waiting reads and keeps ${kept}`,
    );
  }

  private flight(node: SimNode, { raft }: Inside): void {
    const { maxInflightMessages, maxInflightBytes, maxUncommittedBytes } = RAFT_DEFAULTS;
    const { entryBytes } = this.limits;
    for (const { id, inflightMessages, inflightBytes } of raft.view.peers()) {
      atMost(node, `appends on their way to ${id}`, inflightMessages, maxInflightMessages);
      atMost(node, `bytes on their way to ${id}`, inflightBytes, maxInflightBytes + entryBytes);
    }
    atMost(node, 'uncommitted bytes', raft.view.uncommittedBytes, maxUncommittedBytes + entryBytes);
  }

  /** What a cut covers is dropped from the log, but for the tail. */
  private log(node: SimNode, { log }: Inside): void {
    const last = this.cuts.get(node);
    if (last === undefined || this.nowUs() - last.atUs < COMPACTED_US) return;
    const kept = last.index + 1 - log.firstIndex();
    atMost(node, 'entries below the last cut', kept, Math.ceil(TAIL_SLACK * this.limits.logTailEntries) + 1);
  }
}

function atMost(node: SimNode, what: string, found: number, limit: number): void {
  check(found <= limit, 'L6', () => `${node.id}: ${found} ${what}, the limit is ${limit}`);
}
