import { assert, MalformedError, type ClusterId, type NodeId } from '../base/index.js';
import { growthBudgetBytes } from './admission.js';
import type { AgentsView } from './agents/types.js';
import { AgentStateView } from './agents/view.js';
import type { ClusterView } from './cluster/types.js';
import type { Command } from './command.js';
import type { CoordinationView } from './zookeeper/types.js';
import { CoordinationTableView } from './zookeeper/view.js';
import type { Cut, LoadMeta, StateRecord } from './cut.js';
import { decodeEntry, type SubBatch } from './entry.js';
import { execute } from './dispatch.js';
import type { StateEvent } from './events.js';
import type { FrameworksView } from './frameworks/types.js';
import { FrameworkStateView } from './frameworks/view.js';
import type { MachineLimits } from './limits.js';
import type { MembershipView } from './membership/types.js';
import type {
  Applied,
  AppliedBatch,
  ApplyObserver,
  Changes,
  LanePosition,
  StateMachine,
  Usage,
} from './machine-types.js';
import { divergenceFault } from './operations/alarms.js';
import type { AlarmView, CheckpointsView } from './operations/types.js';
import { COMMAND_LEVEL, UnknownCommandError, decodeCommand } from './registry.js';
import type { CommandResult } from './results.js';
import { ChunkPool } from './record-list.js';
import type { RestoresView } from './restores/types.js';
import type { RolesView } from './roles/types.js';
import { RunningCut } from './running-cut.js';
import type { SessionsView } from './sessions/types.js';
import { SessionTableView } from './sessions/view.js';
import { State } from './state.js';
import type { SweepView, TasksView } from './tasks/types.js';
import { TaskTableView } from './tasks/view.js';
import type { TreeView } from './tree/types.js';
import { NodeTableView } from './tree/view.js';
import { nextRevision, refuse, type Refusal, type Turn } from './turn.js';

export class Machine implements StateMachine {
  private state: State;
  private phase: Phase = { kind: 'empty' };
  private cut: RunningCut | null = null;
  private readonly pool: ChunkPool = new ChunkPool();
  private index = 0;
  private term = 0;
  /** The entry that put another state in force, since this machine was made. */
  private restoredAt = 0;

  tree!: TreeView;
  sessions!: SessionsView;
  agents!: AgentsView;
  frameworks!: FrameworksView;
  tasks!: TasksView;
  roles!: RolesView;
  checkpoints!: CheckpointsView;
  cluster!: ClusterView;
  coordination!: CoordinationView;
  membership!: MembershipView;
  restores!: RestoresView;

  /** `limits` hold until a `cluster-init` command or a load brings the group's own. */
  constructor(limits: MachineLimits) {
    this.state = new State(limits);
    this.show();
  }

  get appliedIndex(): number {
    return this.index;
  }

  get appliedTerm(): number {
    return this.term;
  }

  get revision(): number {
    return this.state.core.revision;
  }

  get clockMs(): number {
    return this.state.core.clockMs;
  }

  get limits(): MachineLimits {
    return this.state.core.limits;
  }

  get sweeps(): readonly SweepView[] {
    return this.state.sweeps.list();
  }

  get alarm(): AlarmView | null {
    return this.state.alarms.standing;
  }

  alarmFault(): Refusal | null {
    return divergenceFault(this.state.alarms);
  }

  lane(node: NodeId): LanePosition | null {
    return this.state.lanes.get(node);
  }

  apply(index: number, term: number, data: Uint8Array, observer?: ApplyObserver): Applied {
    this.begin();
    this.advance(index, term);
    const entry = decodeEntry(data);
    const { core } = this.state;
    core.clockMs = Math.max(core.clockMs, entry.timeMs);
    const events: StateEvent[] = [];
    const batches = entry.batches.map((batch): AppliedBatch => {
      const { lane, boot, number } = batch;
      const { lanes, restores } = this.state;
      const skipped = !lanes.advance(batch, restores.history);
      const results = skipped ? [] : this.runAll(batch, events, observer);
      return { lane, boot, number, skipped, results };
    });
    return { batches, events, malformed: entry.malformed };
  }

  usage(): Usage {
    const { state } = this;
    const budgetBytes = growthBudgetBytes(state);
    const budgetRecords = state.core.limits.records;
    const used = { bytes: state.bytes(), records: state.records() };
    return { ...used, budgetBytes, budgetRecords, ...this.changes() };
  }

  changes(): Changes {
    let changedBytes = 0;
    let changedRecords = 0;
    for (const table of this.state.tables) {
      changedBytes += table.changedBytes;
      changedRecords += table.changedRecords;
    }
    return { changedBytes, changedRecords };
  }

  beginCut(index: number, term: number): Cut {
    assert(this.cut?.complete ?? true, () => `the cut at ${this.cut?.index} is not complete`);
    this.begin();
    if (index !== this.index) this.advance(index, term);
    this.cut = new RunningCut(this.state, index, term, this.pool);
    return this.cut;
  }

  load(record: StateRecord): void {
    assert(this.phase.kind !== 'running', () => `records are loaded into a machine at index ${this.index}`);
    this.phase = { kind: 'loading' };
    this.state.load(record);
  }

  finishLoad(meta: LoadMeta): void {
    assert(this.phase.kind === 'loading', () => `a load ends that never began (${this.phase.kind})`);
    this.state.finishLoad(meta);
    this.index = meta.index;
    this.term = meta.term;
    this.phase = { kind: 'running' };
  }

  /**
   * Makes the state that of another cluster. Only for a history that begins offline from a copy of this one: members
   * of a running group would differ.
   */
  adopt(clusterId: ClusterId): void {
    assert(this.phase.kind === 'running' && this.cut === null, 'adopted in the middle of something');
    this.state.core.clusterId = clusterId;
  }

  /** What is seen is the state in force. */
  private show(): void {
    const { state } = this;
    this.tree = new NodeTableView(state.tree);
    this.sessions = new SessionTableView(state.sessions);
    this.agents = new AgentStateView(state);
    this.frameworks = new FrameworkStateView(state);
    this.tasks = new TaskTableView(state.tasks);
    this.roles = state.roles;
    this.checkpoints = state.checkpoints;
    this.cluster = state.cluster;
    this.coordination = new CoordinationTableView(state);
    this.membership = state.membership;
    this.restores = state.restores;
  }

  /** A restore was committed. A cut that is being encoded goes on with the former state, which changes no more. */
  private succeed(successor: State, events: StateEvent[]): void {
    this.state = successor;
    this.restoredAt = this.index;
    this.show();
    events.length = 0;
    events.push({ kind: 'restored', revision: this.revision, history: successor.restores.history });
  }

  private begin(): void {
    assert(this.phase.kind !== 'loading', 'the machine is used before its load has finished');
    if (this.phase.kind === 'running') return;
    this.state.tree.addRoot();
    this.phase = { kind: 'running' };
  }

  private advance(index: number, term: number): void {
    const order = `entry ${index} of term ${term} after ${this.index} of term ${this.term}`;
    assert(index > this.index && term >= this.term, order);
    this.index = index;
    this.term = term;
  }

  /** Whoever proposed it told the group what it runs: that is the release to start. */
  private namingRelease({ number, version }: UnknownCommandError): UnknownCommandError {
    const newer = this.cluster.members().filter(({ commandLevel }) => commandLevel > COMMAND_LEVEL);
    return new UnknownCommandError(number, version, newer);
  }

  private runAll(
    batch: SubBatch,
    events: StateEvent[],
    observer: ApplyObserver | undefined,
  ): CommandResult[] {
    return batch.commands.map((command, position) => {
      const { restoredAt } = this;
      const before = events.length;
      const result = this.run(command, events);
      if (observer === undefined) return result;
      // A restore takes the events of what was before it back.
      for (let i = this.restoredAt === restoredAt ? before : 0; i < events.length; i++) {
        observer.event(events[i]!);
      }
      observer.result(batch, position, result);
      return result;
    });
  }

  /** One attempt: takes a revision whatever comes of it. */
  private run(bytes: Uint8Array, events: StateEvent[]): CommandResult {
    const { core } = this.state;
    core.revision = nextRevision(core.revision);
    const { revision, clockMs: nowMs, limits } = core;
    const turn: Turn = { revision, nowMs, index: this.index, term: this.term, limits, events };
    // It came together with the command that began this history: it was meant for the former one.
    if (this.restoredAt === this.index) {
      return refuse(turn, 'RESTORED', 'the group was taken back to a snapshot just before');
    }
    if (bytes.length > limits.commandBytes) {
      return refuse(
        turn,
        'TOO_LARGE',
        `a command of ${bytes.length} bytes; the limit is ${limits.commandBytes}`,
      );
    }
    let command: Command;
    try {
      command = decodeCommand(bytes);
    } catch (cause) {
      if (cause instanceof MalformedError) return refuse(turn, 'MALFORMED', cause.message);
      if (cause instanceof UnknownCommandError) throw this.namingRelease(cause);
      throw cause;
    }
    const result = execute(this.state, turn, command, bytes.length);
    if (this.state.successor !== null) this.succeed(this.state.successor, events);
    return result;
  }
}

/** A machine is filled by a load, or by entries from the first on. */
type Phase = { readonly kind: 'empty' } | { readonly kind: 'loading' } | { readonly kind: 'running' };
