import type { NodeId } from '../base/index.js';
import type { AgentsView } from './agents/types.js';
import type { ClusterView } from './cluster/types.js';
import type { Cut, LoadMeta, StateRecord } from './cut.js';
import type { CoordinationView } from './zookeeper/types.js';
import type { SubBatchHead } from './entry.js';
import type { StateEvent } from './events.js';
import type { FrameworksView } from './frameworks/types.js';
import type { MachineLimits } from './limits.js';
import type { MembershipView } from './membership/types.js';
import type { AlarmView, CheckpointsView } from './operations/types.js';
import type { CommandResult } from './results.js';
import type { RestoresView } from './restores/types.js';
import type { RolesView } from './roles/types.js';
import type { SessionsView } from './sessions/types.js';
import type { SweepView, TasksView } from './tasks/types.js';
import type { Refusal } from './turn.js';
import type { TreeView } from './tree/types.js';

export interface AppliedBatch {
  readonly lane: NodeId;
  readonly boot: number;
  readonly number: number;
  /** Not executed: a repetition, out of order, or of a closed boot. `results` is empty then. */
  readonly skipped: boolean;
  /** One per command, in order. */
  readonly results: readonly CommandResult[];
}

export interface Applied {
  readonly batches: readonly AppliedBatch[];
  readonly events: readonly StateEvent[];
  /** Sub-batches that could not be read at all: skipped alike everywhere, and a defect of their origin. */
  readonly malformed: number;
}

/** Estimate of what the next cut will encode. */
export interface Changes {
  readonly changedBytes: number;
  readonly changedRecords: number;
}

export interface Usage extends Changes {
  /** Keys, values and a fixed cost per record: a function of the records alone, alike on every member. */
  readonly bytes: number;
  readonly records: number;
  /** Above this, growth is refused (GROWTH_REFUSED). */
  readonly budgetBytes: number;
  readonly budgetRecords: number;
}

/**
 * Told of each command while its entry is applied, in order: its events, then its result. What it is told may be acted
 * upon before the next command runs, so nothing of what it does may reach anybody before the whole entry is applied.
 */
export interface ApplyObserver {
  readonly event: (event: StateEvent) => void;
  /** `position` in its sub-batch, from 0. */
  readonly result: (batch: SubBatchHead, position: number, result: CommandResult) => void;
}

export interface LanePosition {
  readonly boot: number;
  readonly number: number;
}

/**
 * The replicated machine. Same entries in, same results, events and digest out, on every member. Nothing here
 * reads a clock, draws a number or waits.
 */
export interface StateMachine {
  /**
   * Applies the entry at `index`, which must be above the last one applied (gaps are entries without commands).
   * Throws `UnknownCommandError` and `MalformedError`: then the entry is applied in part, and the machine is lost.
   */
  apply(index: number, term: number, data: Uint8Array, observer?: ApplyObserver): Applied;
  readonly appliedIndex: number;
  readonly appliedTerm: number;
  /** One per command attempt; below 2^53. */
  readonly revision: number;
  /** Largest stamp of an entry so far. */
  readonly clockMs: number;
  readonly limits: MachineLimits;
  /** The last sub-batch executed of a lane. */
  lane(node: NodeId): LanePosition | null;

  readonly tree: TreeView;
  readonly sessions: SessionsView;
  readonly agents: AgentsView;
  readonly frameworks: FrameworksView;
  readonly tasks: TasksView;
  readonly roles: RolesView;
  readonly checkpoints: CheckpointsView;
  /** Stands while the members' copies differ and nobody can tell who is right; null: all is well. */
  readonly alarm: AlarmView | null;
  /** How a write is refused while the alarm stands. */
  alarmFault(): Refusal | null;
  readonly cluster: ClusterView;
  readonly coordination: CoordinationView;
  readonly membership: MembershipView;
  readonly restores: RestoresView;
  /** Sweeps that wait for slices; the leader proposes them while there are any. */
  readonly sweeps: readonly SweepView[];

  usage(): Usage;
  /** Asked at each tick. */
  changes(): Changes;
  /**
   * Freezes the set of changed keys as of `index`, the last applied entry or one without commands after it. One
   * cut at a time: the one before must be complete.
   */
  beginCut(index: number, term: number): Cut;
  /** Into an empty machine only, records in any order (key order is fastest). */
  load(record: StateRecord): void;
  /** Relations are complete, the digest is right: else throws TepuiError DAMAGED. */
  finishLoad(meta: LoadMeta): void;
}
