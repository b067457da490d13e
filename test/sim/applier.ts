import type { Random } from '../../lib/base/index.js';
import {
  decodeConfiguration,
  type Configuration,
  type Entry,
  type LogIndex,
  type SnapshotMeta,
  type Term,
} from '../../lib/raft/index.js';
import type { SimDisk } from './disk.js';
import { applyEntry, type Cut, type MachineState } from './machine.js';
import { exponentialUs } from './network.js';
import type { SwarmOptions } from './options.js';
import type { Schedule } from './schedule.js';

/** Points remembered for compaction below the newest cut. */
const POINTS_LIMIT = 64;

export interface ApplierEvents {
  /** One entry took effect, or (null) a snapshot replaced the state. */
  applied(state: MachineState, entry: Entry | null): void;
  /** Everything up to `index` is applied: the core may know. */
  reached(index: LogIndex): void;
  cutWritten(cut: Cut): void;
}

/** Applies committed entries to the machine of one incarnation, and makes cuts of it. */
export class Applier {
  state: MachineState;
  private configuration: Configuration;
  private queue: Entry[] = [];
  private applying = false;
  private cutting = false;
  private ended = false;
  /** Where the log may be compacted to, oldest first: compaction keeps entries below the cut. */
  private points: SnapshotMeta[] = [];
  private readonly disk: SimDisk;
  private readonly options: SwarmOptions;
  private readonly schedule: Schedule;
  private readonly random: Random;
  /** Mean time (ms) to apply a batch, as of now. */
  private readonly applyMs: () => number;
  private readonly events: ApplierEvents;

  constructor(
    disk: SimDisk,
    options: SwarmOptions,
    schedule: Schedule,
    random: Random,
    applyMs: () => number,
    events: ApplierEvents,
  ) {
    this.disk = disk;
    this.options = options;
    this.schedule = schedule;
    this.random = random;
    this.applyMs = applyMs;
    this.events = events;
    this.state = disk.cut.state;
    this.configuration = disk.cut.meta.configuration;
  }

  /** The process ended: nothing planned may happen any more. */
  end(): void {
    this.ended = true;
  }

  /** Takes committed entries; they are applied in order, at once or after a while. */
  offer(entries: readonly Entry[], run: (work: () => void) => void): void {
    this.queue.push(...entries);
    if (this.applying) return;
    const applyMs = this.applyMs();
    if (applyMs === 0) return this.applyAll();
    this.applying = true;
    this.schedule.after(exponentialUs(this.random, applyMs), () => {
      run(() => {
        this.applying = false;
        if (!this.ended) this.applyAll();
      });
    });
  }

  /** A snapshot became durable: the state is what it carried. */
  install(cut: Cut): void {
    this.queue = this.queue.filter((entry) => entry.index > cut.meta.index);
    this.state = cut.state;
    this.configuration = cut.meta.configuration;
    this.points = [];
    this.events.applied(this.state, null);
  }

  private applyAll(): void {
    const batch = this.queue;
    this.queue = [];
    if (batch.length === 0) return;
    for (const entry of batch) {
      this.state = applyEntry(this.state, entry);
      if (entry.kind === 'configuration') this.configuration = decodeConfiguration(entry.data);
      this.events.applied(this.state, entry);
    }
    this.events.reached(this.state.index);
    this.cutWhenDue();
  }

  private meta(index: LogIndex, term: Term): SnapshotMeta {
    return { index, term, configuration: this.configuration };
  }

  private cutWhenDue(): void {
    const { index, term } = this.state;
    if (this.cutting || index < this.disk.cut.meta.index + this.options.compactEvery) return;
    const cut: Cut = { meta: this.meta(index, term), state: this.state };
    this.cutting = true;
    this.schedule.after(exponentialUs(this.random, this.options.disk.meanMs * 3), () => {
      this.cutting = false;
      if (this.ended || cut.meta.index <= this.disk.cut.meta.index) return;
      this.disk.writeCut(cut);
      this.events.cutWritten(cut);
      this.compact(cut.meta);
    });
  }

  /** Drops the log up to the newest point that leaves `trailing` entries below the cut. */
  private compact(newest: SnapshotMeta): void {
    this.points.push(newest);
    if (this.points.length > POINTS_LIMIT) this.points.shift();
    const limit = newest.index - this.options.trailing;
    const point = this.points.findLast((candidate) => candidate.index <= limit);
    if (point === undefined) return;
    this.points = this.points.filter((candidate) => candidate.index > point.index);
    this.disk.compact(point);
  }
}
