import type { Entry, RaftNode } from '../raft/index.js';
import { Machine, type StateEvent } from '../state/index.js';
import type { NodeId } from '../base/index.js';
import type { CutMeta, InstalledState, RaftLog } from '../storage/types.js';
import type { SnapshotStart, Transport } from '../transport/types.js';
import { Applier } from './applier.js';
import { Compaction } from './compaction.js';
import { Cuts } from './cuts.js';
import { Halting } from './halting.js';
import type { Lane } from './lane.js';
import { Loading } from './loading.js';
import type { ReplicaOptions } from './ports.js';
import type { Roster } from './roster.js';
import type { SnapshotIntake } from './snapshot-receiver.js';
import { Snapshots } from './snapshots.js';

export interface StateInForceHost {
  readonly options: ReplicaOptions;
  readonly transport: Transport;
  readonly roster: Roster;
  readonly raft: RaftNode;
  readonly log: RaftLog;
  readonly lane: Lane;
  readonly stopped: () => boolean;
  readonly event: (event: StateEvent) => void;
  readonly events: (events: readonly StateEvent[], revision: number) => void;
  /** A cut is durable. */
  readonly cut: (meta: CutMeta) => void;
  /** Another machine took the place of the one before. */
  readonly reset: (machine: Machine) => void;
  /** The machine was taken back to a snapshot by an entry. */
  readonly restored: () => void;
  /** A machine is in place, and what waited for it is applied. */
  readonly loaded: () => void;
  /** Whether this member could lead may have changed. */
  readonly rightsChanged: () => void;
  readonly schedule: () => void;
  /** Nothing is applied or answered any more. */
  readonly halt: () => void;
  readonly fatal: (error: unknown) => void;
}

/**
 * The state of this member: the machine in memory, the cuts of it on disk with the log below them, and the states that
 * members send each other. Whatever puts another machine in the place of the one in force goes through here.
 */
export class StateInForce {
  private readonly host: StateInForceHost;
  private readonly halting: Halting;
  private readonly applier: Applier;
  private readonly cuts: Cuts;
  private readonly compaction: Compaction;
  private readonly loading: Loading;
  private readonly snapshots: Snapshots;
  private machineNow: Machine;

  constructor(host: StateInForceHost) {
    const { options, log, transport, roster, raft, stopped, rightsChanged, schedule, fatal } = host;
    const { limits, release, logger, machineLimits } = options;
    this.host = host;
    this.machineNow = new Machine(machineLimits);
    this.halting = new Halting({ log, release, logger, stop: () => host.halt(), fatal });
    this.applier = this.makeApplier();
    this.cuts = this.makeCuts();
    this.compaction = new Compaction({
      limits,
      log,
      appliedBytes: () => this.applier.appliedBytes,
      pinned: () => this.snapshots.pinnedIndex(),
      configurationAt: (index) => raft.configurationAt(index),
      fatal,
    });
    this.loading = new Loading({
      options,
      stopped,
      loaded: (machine, meta, replaced) => this.loaded(machine, meta, replaced),
      fatal,
    });
    this.snapshots = new Snapshots({
      options,
      transport,
      roster,
      raft,
      cuts: this.cuts,
      stopped: () => stopped() || this.loading.failed,
      appliedIndex: () => this.applier.appliedIndex,
      changed: rightsChanged,
      suspend: () => {
        this.loading.giveUp();
        this.applier.suspend();
      },
      load: () => this.loading.load(),
      schedule,
      fatal,
    });
  }

  /** Empty until the state is loaded. */
  get machine(): Machine {
    return this.machineNow;
  }

  get appliedIndex(): number {
    return this.applier.appliedIndex;
  }

  get appliedTerm(): number {
    return this.applier.appliedTerm;
  }

  /** The index that the machine holds; -1 while none is in place. */
  get readableIndex(): number {
    return this.applier.ready ? this.applier.appliedIndex : -1;
  }

  /** Whether a machine is in place. */
  get ready(): boolean {
    return this.applier.ready;
  }

  /** Whether this state could be led from: in place, not about to be replaced, with nothing ahead that breaks it. */
  get whole(): boolean {
    return this.applier.ready && !this.applier.mustHalt && !this.snapshots.installing;
  }

  /** Why nothing more is applied; null: it is. */
  get halt(): string | null {
    return this.applier.halted ? this.halts(this.applier.appliedIndex + 1) : null;
  }

  /** The same, although entries before that one are still to be applied: they may wait for a leader in vain. */
  get haltAhead(): string | null {
    return this.applier.mustHalt && this.halting.at !== null ? this.halts(this.halting.at) : null;
  }

  private halts(index: number): string {
    return `halted before entry ${index}, which broke this release${this.halting.why}`;
  }

  /** Whether proposals have to wait until a cut has caught up with the log. */
  get behind(): boolean {
    return this.compaction.behind;
  }

  /** What goes with the batch that replaces the log. */
  get installed(): InstalledState {
    return this.snapshots.installed;
  }

  load(): void {
    void this.loading.load();
  }

  stop(): void {
    this.cuts.stop();
  }

  tick(): void {
    this.cuts.poll();
  }

  take(committed: readonly Entry[]): void {
    this.applier.take(committed);
  }

  send(peer: NodeId): void {
    this.snapshots.send(peer);
  }

  offered(start: SnapshotStart): ReturnType<SnapshotIntake['offered']> {
    return this.snapshots.offered(start);
  }

  /** The batch that names a received state is durable. */
  installationCommitted(): void {
    this.snapshots.committed();
  }

  /** Whether a machine was in place since the start. */
  get everLoaded(): boolean {
    return this.applier.loaded;
  }

  private applied(events: readonly StateEvent[]): void {
    if (events[0]?.kind === 'restored') this.restored();
    for (const event of events) if (event.kind === 'checkpoint') this.cuts.checkpoint();
    this.host.events(events, this.machineNow.revision);
  }

  /** By an entry, the machine has another state: what this member had under way for the former one ends. */
  private restored(): void {
    const { options, lane, reset, restored } = this.host;
    const { restores } = this.machineNow;
    options.logger.warn({ restored: restores.last }, 'the group was taken back to a snapshot');
    lane.enter(restores.history);
    reset(this.machineNow);
    restored();
  }

  private loaded(machine: Machine, meta: CutMeta | null, replaced: boolean): void {
    this.machineNow = machine;
    if (replaced) {
      this.compaction.installed();
      this.host.lane.reset(machine);
      this.host.reset(machine);
    }
    this.host.lane.enter(machine.restores.history);
    this.applier.use(machine, meta?.index ?? 0, meta?.term ?? 0);
    this.host.loaded();
  }

  private cutWritten(meta: CutMeta): void {
    this.host.cut(meta);
    this.compaction.covered(meta);
  }

  private makeApplier(): Applier {
    const { lane, options } = this.host;
    const { identity, state } = options.disk;
    const host = {
      node: identity.nodeId,
      lane,
      event: (event: StateEvent) => this.host.event(event),
      events: (events: readonly StateEvent[]) => this.applied(events),
      broke: (index: number, error: unknown) => this.halting.broke(index, error),
      passed: () => this.halting.passed(),
    };
    return new Applier(host, state.meta?.index ?? 0, this.halting.at);
  }

  private makeCuts(): Cuts {
    const { options, raft, log, fatal } = this.host;
    const { limits, clock, timers, disk } = options;
    return new Cuts({
      limits,
      clock,
      timers,
      machine: () => (this.applier.ready ? this.machineNow : null),
      applied: () => ({ index: this.applier.appliedIndex, term: this.applier.appliedTerm }),
      store: () => disk.state,
      configurationAt: (index) => raft.configurationAt(index),
      chainAt: (index) => log.chainAt(index),
      begins: (index) => this.compaction.cutBegins(index),
      written: (meta) => this.cutWritten(meta),
      fatal,
    });
  }
}
