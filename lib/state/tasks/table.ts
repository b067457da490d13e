import {
  must,
  TepuiError,
  utf8Decode,
  utf8Encode,
  ByteReader,
  ByteWriter,
  type AgentId,
  type FrameworkId,
  type TaskId,
} from '../../base/index.js';
import { readResources, writeResources } from '../codec.js';
import type { Resources } from '../resources.js';
import type { BytesColumn } from '../store/bytes-column.js';
import { ColumnTable } from '../store/column-table.js';
import type { DerivedColumn, U32Column, UintColumn } from '../store/columns.js';
import type { Digest } from '../store/digest.js';
import { KeyBuffer } from '../store/keys.js';
import { exitNumbers, exitOf } from './codec.js';
import { TaskLists, type TaskPlace } from './lists.js';
import { FIRST_STATE } from './states.js';
import {
  NO_REASON,
  type LaunchTask,
  type PendingUpdate,
  type TaskExit,
  type TaskLaunch,
  type TaskState,
  type TaskView,
} from './types.js';
import { UpdateTable } from './updates.js';

const TASK_FIXED_BYTES = 288;

/** Bits of `flags`. */
const COMPLETED = 1;
/** Its framework was torn down: nobody is told of it any more. */
const ORPHANED = 2;

/** What a launch fixes for good. */
export interface TaskHead {
  readonly frameworkId: FrameworkId;
  readonly taskId: TaskId;
  readonly agentId: AgentId;
  readonly role: string;
  readonly name: string;
  readonly resources: Resources;
}

/** Tasks by framework and id, the bounded history included, and the queues of their updates. */
export class TaskTable {
  readonly table: ColumnTable;
  readonly updates: UpdateTable;
  readonly lists: TaskLists;
  private readonly order: UintColumn;
  private readonly stateColumn: U32Column;
  private readonly reportedColumn: U32Column;
  private readonly flags: U32Column;
  readonly sequence: UintColumn;
  private readonly launchedRevision: UintColumn;
  private readonly launchedMs: UintColumn;
  private readonly stateRevision: UintColumn;
  private readonly stateMs: UintColumn;
  private readonly killGraceMs: UintColumn;
  private readonly killOrderGraceMs: UintColumn;
  /** 0: no kill was asked for. */
  private readonly killRevision: UintColumn;
  private readonly reason: U32Column;
  private readonly exitKind: U32Column;
  private readonly exitValue: U32Column;
  private readonly head: BytesColumn;
  private readonly spec: BytesColumn;
  private readonly message: BytesColumn;
  private readonly firstUpdate: DerivedColumn;
  private readonly lastUpdate: DerivedColumn;
  private readonly updateCount: DerivedColumn;
  private readonly keys: KeyBuffer = new KeyBuffer();
  private readonly writer: ByteWriter = new ByteWriter(512);
  private readonly loaded: number[] = [];

  constructor(taskNumber: number, updateNumber: number, digest: Digest) {
    const fixedBytes = TASK_FIXED_BYTES;
    const table = new ColumnTable({ number: taskNumber, name: 'tasks', version: 1, fixedBytes, digest });
    this.table = table;
    this.order = table.uint();
    this.stateColumn = table.u32();
    this.reportedColumn = table.u32();
    this.flags = table.u32();
    this.sequence = table.uint();
    this.launchedRevision = table.uint();
    this.launchedMs = table.uint();
    this.stateRevision = table.uint();
    this.stateMs = table.uint();
    this.killGraceMs = table.uint();
    this.killOrderGraceMs = table.uint();
    this.killRevision = table.uint();
    this.reason = table.u32();
    this.exitKind = table.u32();
    this.exitValue = table.u32();
    this.head = table.bytesColumn();
    this.spec = table.bytesColumn();
    this.message = table.bytesColumn();
    this.firstUpdate = table.derived();
    this.lastUpdate = table.derived();
    this.updateCount = table.derived();
    this.lists = new TaskLists(table);
    this.updates = new UpdateTable(updateNumber, digest);
  }

  find(frameworkId: FrameworkId, taskId: TaskId): number {
    const key = this.keys.start().part(frameworkId).text(taskId);
    return this.table.find(key.bytes, 0, key.length);
  }

  launch(launch: TaskLaunch, task: LaunchTask, order: number, revision: number, nowMs: number): void {
    const key = this.keys.start().part(launch.frameworkId).text(task.taskId);
    const row = this.table.insert(key.bytes, 0, key.length);
    this.order.set(row, order);
    this.stateColumn.set(row, FIRST_STATE);
    this.reportedColumn.set(row, FIRST_STATE);
    this.launchedRevision.set(row, revision);
    this.launchedMs.set(row, nowMs);
    this.stateRevision.set(row, revision);
    this.stateMs.set(row, nowMs);
    this.killGraceMs.set(row, task.killGraceMs);
    this.head.set(row, this.encodeHead(launch, task));
    this.spec.set(row, task.spec);
    this.clearQueue(row);
    const { frameworkId, agentId, role } = launch;
    const { taskId, name, resources } = task;
    this.lists.enter(row, { frameworkId, taskId, agentId, role, name, resources }, 'active', true);
  }

  private encodeHead(launch: TaskLaunch, task: LaunchTask): Uint8Array {
    const w = this.writer;
    w.reset();
    w.text(launch.frameworkId).text(task.taskId).text(launch.agentId).text(launch.role).text(task.name);
    writeResources(w, task.resources);
    return w.view();
  }

  headOf(row: number): TaskHead {
    const r = new ByteReader(this.head.view(row));
    return {
      frameworkId: r.text() as FrameworkId,
      taskId: r.text() as TaskId,
      agentId: r.text() as AgentId,
      role: r.text(),
      name: r.text(),
      resources: readResources(r),
    };
  }

  state(row: number): TaskState {
    return this.stateColumn.get(row) as TaskState;
  }

  /** The last state that the agent told. */
  reported(row: number): TaskState {
    return this.reportedColumn.get(row) as TaskState;
  }

  setReported(row: number, state: TaskState): void {
    this.reportedColumn.set(row, state);
  }

  setState(row: number, state: TaskState, revision: number, nowMs: number): void {
    this.stateColumn.set(row, state);
    this.stateRevision.set(row, revision);
    this.stateMs.set(row, nowMs);
  }

  setDetail(row: number, reason: number, message: string, exit: TaskExit | null): void {
    this.reason.set(row, reason + 1);
    this.message.set(row, utf8Encode(message));
    if (exit === null) return;
    const [kind, value] = exitNumbers(exit);
    this.exitKind.set(row, kind);
    this.exitValue.set(row, value);
  }

  isCompleted(row: number): boolean {
    return (this.flags.get(row) & COMPLETED) !== 0;
  }

  isOrphaned(row: number): boolean {
    return (this.flags.get(row) & ORPHANED) !== 0;
  }

  /** Its framework is being torn down. */
  orphan(row: number): void {
    this.flags.set(row, this.flags.get(row) | ORPHANED);
    this.lists.move(row, this.headOf(row).frameworkId, 'active', 'leaving');
  }

  ownGraceMs(row: number): number {
    return this.killGraceMs.get(row);
  }

  orderKill(row: number, graceMs: number, revision: number): void {
    this.killOrderGraceMs.set(row, graceMs);
    this.killRevision.set(row, revision);
  }

  /** Moves a terminal task without updates into the history, and drops the oldest of it beyond `kept`. */
  complete(row: number, order: number, kept: number): void {
    const head = this.headOf(row);
    const place = this.placeOf(row);
    this.flags.set(row, this.flags.get(row) | COMPLETED);
    this.order.set(row, order);
    this.killRevision.set(row, 0);
    this.killOrderGraceMs.set(row, 0);
    this.lists.leaveAgent(row, head.agentId);
    this.lists.move(row, head.frameworkId, place, 'completed');
    const dropped = this.lists.dropCompleted(head.frameworkId, kept);
    for (const old of dropped) this.table.remove(old);
  }

  /** Drops the whole history of a framework that is being forgotten. */
  forgetHistory(frameworkId: FrameworkId): void {
    for (const row of this.lists.dropCompleted(frameworkId, 0)) this.table.remove(row);
  }

  /** Gives the task's resources back: the task has just become terminal. */
  free(row: number): void {
    this.lists.free(this.headOf(row));
  }

  // Updates.

  pendingCount(row: number): number {
    return this.updateCount.get(row);
  }

  enqueue(row: number, order: number, update: PendingUpdate): void {
    this.link(row, this.updates.add(this.table.key(row), order, update));
  }

  /** Uuid of the oldest update that was not acknowledged, or null. */
  headUuid(row: number): Uint8Array | null {
    const first = this.firstUpdate.get(row);
    return first === 0 ? null : this.updates.uuidOf(first - 1);
  }

  dropHeadUpdate(row: number): void {
    const first = must(this.firstUpdate.get(row) || null, () => `task row ${row} has no update to drop`);
    const next = this.updates.next.get(first - 1);
    this.updates.table.remove(first - 1);
    this.firstUpdate.set(row, next);
    if (next === 0) this.lastUpdate.set(row, 0);
    this.updateCount.set(row, this.updateCount.get(row) - 1);
  }

  pending(row: number): PendingUpdate[] {
    const list: PendingUpdate[] = [];
    for (let at = this.firstUpdate.get(row); at !== 0; at = this.updates.next.get(at - 1)) {
      list.push(this.updates.view(at - 1));
    }
    return list;
  }

  private link(row: number, update: number): void {
    const last = this.lastUpdate.get(row);
    if (last === 0) this.firstUpdate.set(row, update + 1);
    else this.updates.next.set(last - 1, update + 1);
    this.lastUpdate.set(row, update + 1);
    this.updateCount.set(row, this.updateCount.get(row) + 1);
  }

  private clearQueue(row: number): void {
    this.firstUpdate.set(row, 0);
    this.lastUpdate.set(row, 0);
    this.updateCount.set(row, 0);
  }

  // Views and loading.

  view(row: number): TaskView {
    const killRevision = this.killRevision.get(row);
    return {
      ...this.headOf(row),
      spec: this.spec.get(row),
      killGraceMs: this.killGraceMs.get(row),
      state: this.state(row),
      launchedRevision: this.launchedRevision.get(row),
      launchedMs: this.launchedMs.get(row),
      stateRevision: this.stateRevision.get(row),
      stateMs: this.stateMs.get(row),
      sequence: this.sequence.get(row),
      kill: killRevision === 0 ? null : { graceMs: this.killOrderGraceMs.get(row), revision: killRevision },
      exit: exitOf(this.exitKind.get(row), this.exitValue.get(row)),
      reason: this.reason.get(row) === 0 ? NO_REASON : this.reason.get(row) - 1,
      message: utf8Decode(this.message.view(row)),
      pendingUpdates: this.updateCount.get(row),
      completed: this.isCompleted(row),
    };
  }

  launchedAt(row: number): number {
    return this.launchedRevision.get(row);
  }

  killedAt(row: number): number {
    return this.killRevision.get(row);
  }

  load(key: Uint8Array, value: Uint8Array): void {
    const row = this.table.load(key, value);
    this.clearQueue(row);
    this.loaded.push(row);
  }

  /** Rebuilds lists, sums and queues in the order in which they once came to be. */
  finishLoad(isTerminal: (state: TaskState) => boolean): void {
    this.loaded.sort((a, b) => this.order.get(a) - this.order.get(b));
    for (const row of this.loaded) {
      this.lists.enter(row, this.headOf(row), this.placeOf(row), !isTerminal(this.state(row)));
    }
    this.loaded.length = 0;
    this.updates.finishLoad((update, taskKey) => {
      const row = this.table.find(taskKey, 0, taskKey.length);
      if (row < 0) throw new TepuiError('DAMAGED', 'a status update of a task that is not there');
      this.link(row, update);
    });
  }

  private placeOf(row: number): TaskPlace {
    if (this.isCompleted(row)) return 'completed';
    return this.isOrphaned(row) ? 'leaving' : 'active';
  }
}
