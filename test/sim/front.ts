import type { NodeId } from '../../lib/base/index.js';
import type { Entry, LogIndex, ReadState } from '../../lib/raft/index.js';
import type { ClientDoor } from './clients.js';
import { operationOf } from './clients.js';
import type { History } from './history.js';
import type { MachineState } from './machine.js';
import type { SimProcess } from './process.js';
import type { RunCounts } from './report.js';
import type { Schedule } from './schedule.js';
import type { Trace } from './trace.js';
import { Waiters } from './waiters.js';

/** What the front needs of the cluster around it. */
export interface FrontSurroundings {
  readonly processes: readonly SimProcess[];
  readonly numberOf: ReadonlyMap<NodeId, number>;
  readonly history: History;
  readonly counts: RunCounts;
  readonly schedule: Schedule;
  readonly trace: Trace;
}

/** The side of the group that clients see: takes their calls at a node and tells them how each one ended. */
export class Front implements ClientDoor {
  private readonly around: FrontSurroundings;
  private readonly waiters: readonly Waiters[];
  private readonly ended = new Set<number>();
  /** Numbers reads over all restarts: a context must never repeat. */
  private contexts = 0;

  constructor(around: FrontSurroundings) {
    this.around = around;
    this.waiters = around.processes.map((process) => this.waitersOf(process));
  }

  get size(): number {
    return this.around.processes.length;
  }

  call(): number {
    return this.around.history.call();
  }

  finished(id: number): boolean {
    return this.ended.has(id);
  }

  propose(at: number, datas: readonly Uint8Array[], ids: readonly number[]): boolean {
    const process = this.around.processes[at]!;
    const result = process.propose(datas);
    if (result === null || !result.ok) {
      this.note('refuse', process, ids[0]!, ids.length, result?.reason ?? 'unreachable');
      return false;
    }
    this.around.counts.proposalsAccepted += ids.length;
    ids.forEach((id, i) => this.waiters[at]!.proposed(id, result.index + i, result.term));
    this.note('propose', process, ids[0]!, result.index);
    process.flush();
    return true;
  }

  /** A read that reaches a paused process waits in its sockets: nobody else may answer it first. */
  read(at: number): void {
    const process = this.around.processes[at]!;
    if (!process.running) return;
    const context = ++this.contexts;
    this.waiters[at]!.reading(context, this.around.history.readCalled());
    this.note('read', process, context, 0);
    process.input((node) => node.readIndex(context));
  }

  leaderHint(at: number): number | null {
    const process = this.around.processes[at]!;
    if (!process.running) return null;
    const { leader } = process.node.view;
    return leader === null ? null : this.around.numberOf.get(leader)!;
  }

  /** The machine of `process` moved by one entry, or by a snapshot (null); `first`: before all others. */
  applied(process: SimProcess, state: MachineState, entry: Entry | null, first: boolean): void {
    const { history } = this.around;
    if (first && entry?.kind === 'normal') history.takesEffect(operationOf(entry.data), entry.index);
    if (entry === null) this.waiters[process.number]!.skipped(state.index);
    else this.waiters[process.number]!.applied(entry.index, entry.term);
  }

  answered(process: SimProcess, read: ReadState): void {
    this.waiters[process.number]!.answered(read.context, read.index, process.applier.state.index);
  }

  /** The process is gone, and with it everyone who waited there. */
  processEnded(process: SimProcess): void {
    this.waiters[process.number]!.clear();
  }

  private waitersOf(process: SimProcess): Waiters {
    const { history, counts } = this.around;
    return new Waiters({
      acknowledged: (id, index) => {
        history.acknowledge(id, index);
        this.ended.add(id);
        this.note('acknowledge', process, id, index);
      },
      lost: (id, index, term) => {
        history.reportLost(id, index, term);
        this.ended.add(id);
        this.note('drop', process, id, index);
      },
      readDone: (floor: LogIndex, index: LogIndex) => {
        history.readDone(floor, index);
        this.note('read-done', process, floor, index);
      },
      readRefused: (context) => {
        counts.readsRefused++;
        this.note('read-refused', process, context, 0);
      },
    });
  }

  private note(
    kind: 'refuse' | 'propose' | 'read' | 'acknowledge' | 'drop' | 'read-done' | 'read-refused',
    process: SimProcess,
    x: number,
    y: number,
    detail?: string,
  ): void {
    this.around.trace.event(this.around.schedule.now, kind, process.number, x, y, detail);
  }
}
