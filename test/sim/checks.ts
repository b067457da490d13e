import type { NodeId } from '../../lib/base/index.js';
import { ClusterChecker, type Cause } from '../../lib/raft/check/cluster-checker.js';
import type { Entry, Message, Persist } from '../../lib/raft/index.js';
import { Ghost } from './ghost.js';
import type { MachineState } from './machine.js';
import type { SimProcess } from './process.js';
import { check } from './violation.js';
import { Watch } from './watch.js';

/** Everything that is looked at while a run goes on. Each method throws at the first broken rule. */
export interface Checks {
  started(process: SimProcess): void;
  stopped(process: SimProcess): void;
  stepped(process: SimProcess, cause: Cause): void;
  ticked(process: SimProcess): void;
  emitted(process: SimProcess, message: Message): void;
  writes(process: SimProcess, batch: Persist): void;
  wrote(process: SimProcess, batch: Persist): void;
  reported(process: SimProcess): void;
  /** The machine took one entry, or (null) became that of a snapshot. True when its index is new to the group. */
  applied(process: SimProcess, state: MachineState, entry: Entry | null): boolean;
  finished(leader: SimProcess): void;
}

/**
 * S10 alone: one state per index. With it only outcomes count (states, answers to clients, progress), so a
 * defect has to do real harm before it is seen. Used to judge the faults that are injected, not in batches.
 */
export class OutcomeChecks implements Checks {
  private readonly digests: number[] = [];

  started(_process: SimProcess): void {}
  stopped(_process: SimProcess): void {}
  stepped(_process: SimProcess, _cause: Cause): void {}
  ticked(_process: SimProcess): void {}
  emitted(_process: SimProcess, _message: Message): void {}
  writes(_process: SimProcess, _batch: Persist): void {}
  wrote(_process: SimProcess, _batch: Persist): void {}
  reported(_process: SimProcess): void {}
  finished(_leader: SimProcess): void {}

  applied(process: SimProcess, { index, digest }: MachineState, _entry: Entry | null): boolean {
    const known = this.digests[index];
    check(
      known === undefined || known === digest,
      'S10',
      () => `n${process.number + 1} diverges at ${index}`,
    );
    this.digests[index] = digest;
    return known === undefined;
  }
}

/** All rules, after every step: those of this folder, and those that come with the core and see inside it. */
export class AllChecks implements Checks {
  private readonly outcomes: OutcomeChecks = new OutcomeChecks();
  private readonly checker: ClusterChecker = new ClusterChecker();
  private readonly ghost: Ghost;
  private readonly watch: Watch;

  constructor(processes: readonly SimProcess[], numberOf: ReadonlyMap<NodeId, number>) {
    const disks = processes.map((process) => process.disk);
    this.ghost = new Ghost(disks, numberOf);
    this.watch = new Watch(this.ghost, processes, numberOf);
  }

  started(process: SimProcess): void {
    this.watch.started(process);
    this.checker.started(process.node.view, process.disk);
  }

  stopped(process: SimProcess): void {
    this.checker.stopped(process.id);
  }

  stepped(process: SimProcess, cause: Cause): void {
    this.watch.stepped(process, cause);
    this.checker.stepped(process.id, cause);
  }

  ticked(process: SimProcess): void {
    this.watch.ticked(process);
  }

  emitted(process: SimProcess, message: Message): void {
    this.ghost.emitted(process.number, message);
    this.checker.emitted(process.id, [message]);
  }

  writes(process: SimProcess, batch: Persist): void {
    this.ghost.writes(process.number, batch);
  }

  wrote(process: SimProcess, batch: Persist): void {
    this.ghost.wrote(process.number, batch);
  }

  reported(process: SimProcess): void {
    this.checker.persisted(process.id);
  }

  applied(process: SimProcess, state: MachineState, entry: Entry | null): boolean {
    this.ghost.applied(process.number, state.index, state.term);
    if (entry === null) this.checker.installed(process.id, state.index);
    else this.checker.applied(process.id, entry);
    return this.outcomes.applied(process, state, entry);
  }

  finished(leader: SimProcess): void {
    this.checker.checkDurability(leader.node.view);
  }
}
