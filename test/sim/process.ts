import { chance, pick, type NodeId, type Random } from '../../lib/base/index.js';
import {
  RAFT_DEFAULTS,
  RaftNode,
  type InstallSnapshot,
  type LogIndex,
  type Message,
  type NewsHold,
  type Persist,
  type ProposeResult,
  type RaftConfig,
  type ReadState,
  type Ready,
} from '../../lib/raft/index.js';
import type { Cause } from '../../lib/raft/check/cluster-checker.js';
import { Applier, type ApplierEvents } from './applier.js';
import type { SimDisk } from './disk.js';
import type { Cut } from './machine.js';
import { exponentialUs } from './network.js';
import type { SwarmOptions } from './options.js';
import { MS, type Schedule } from './schedule.js';

/** Length of a tick of the host's timer. */
export const TICK_US = 20 * MS;

/** Mean time (ms) of a write after the heal, at most: a backlog then takes work, not waiting. */
const CALM_DISK_MS = 1;

/** States received and not yet installed; older ones are forgotten. */
const STASH_LIMIT = 16;

/** News of the commit index may be kept back until the next tick. */
const HOLDS: readonly NewsHold[] = ['none', 'idle', 'all'];

const OTHER: Cause = { type: 'other' };
const TICK: Cause = { type: 'tick' };

/** Places inside a step where a crash is worth trying: between two things that a host does one after another. */
export type CrashPoint = 'before-send' | 'mid-send' | 'durable-unreported' | 'after-step';

/** Where a process reports what it does; the world checks, counts and carries. */
export interface ProcessPorts extends ApplierEventsOf {
  emitted(process: SimProcess, message: Message): void;
  writes(process: SimProcess, batch: Persist): void;
  wrote(process: SimProcess, batch: Persist): void;
  /** After each input and each piece of output, with the core between two steps. */
  stepped(process: SimProcess, cause: Cause): void;
  /** The core was told that its write is durable. */
  reported(process: SimProcess): void;
  /** A process begins: before its first input. */
  started(process: SimProcess): void;
  /** After each tick, with the core between two steps. */
  ticked(process: SimProcess): void;
  readAnswered(process: SimProcess, read: ReadState): void;
  snapshotWanted(process: SimProcess, peer: NodeId): void;
  /** Whether to end the process right here. */
  crashesAt(process: SimProcess, point: CrashPoint): boolean;
}

type ApplierEventsOf = {
  readonly [Name in keyof ApplierEvents]: (
    process: SimProcess,
    ...rest: Parameters<ApplierEvents[Name]>
  ) => void;
};

/** What the end of a process wipes out. */
interface Incarnation {
  readonly node: RaftNode;
  readonly applier: Applier;
  /** Complete states that came from a leader, by index. */
  readonly stash: Map<LogIndex, Cut>;
}

/** The streams of randomness that one process draws from. */
export interface ProcessRandom {
  readonly core: Random;
  readonly disk: Random;
  readonly host: Random;
}

/** One core with a host around it: timer, disk, machine. It can be killed and started at any point. */
export class SimProcess {
  readonly number: number;
  readonly id: NodeId;
  readonly disk: SimDisk;
  /** Raised at each start. */
  boot = 0;
  private current: Incarnation | null = null;
  /** Inputs that wait for the end of a pause; null: not paused. */
  private backlog: (() => void)[] | null = null;
  private turnPlanned = false;
  private turning = false;
  private slow = true;
  private readonly options: SwarmOptions;
  private readonly schedule: Schedule;
  private readonly random: ProcessRandom;
  private readonly ports: ProcessPorts;
  private readonly applyMs = (): number => (this.slow ? this.options.applyMs : 0);

  constructor(
    number: number,
    id: NodeId,
    disk: SimDisk,
    options: SwarmOptions,
    schedule: Schedule,
    random: ProcessRandom,
    ports: ProcessPorts,
  ) {
    this.number = number;
    this.id = id;
    this.disk = disk;
    this.options = options;
    this.schedule = schedule;
    this.random = random;
    this.ports = ports;
  }

  get running(): boolean {
    return this.current !== null;
  }

  get paused(): boolean {
    return this.backlog !== null;
  }

  /** The core of a running process. */
  get node(): RaftNode {
    return this.current!.node;
  }

  get applier(): Applier {
    return this.current!.applier;
  }

  /** Starts from the durable image alone. */
  start(): void {
    const { disk, schedule, random } = this;
    this.boot++;
    const applier = new Applier(
      disk,
      this.options,
      schedule,
      random.host,
      this.applyMs,
      this.applierEvents(),
    );
    const { cacheBytes, loadMs } = this.options;
    const campaignAllowed = loadMs === 0;
    const node = new RaftNode(this.config(), disk, disk.hardState, disk.configuration, {
      cacheBytes,
      campaignAllowed,
    });
    this.current = { node, applier, stash: new Map() };
    this.ports.started(this);
    this.tickFor(this.current);
    if (!campaignAllowed) this.allowCampaignLater(this.current);
    this.planTurn();
  }

  /** Ends the process; a write in flight becomes durable as a whole when `completes`, else it never happened. */
  kill(completes: boolean): void {
    if (this.current === null) return;
    this.current.applier.end();
    this.current = null;
    this.backlog = null;
    this.turnPlanned = false;
    if (!this.disk.busy) return;
    if (completes) this.ports.wrote(this, this.disk.complete());
    else this.disk.lose();
  }

  pause(): void {
    if (this.current !== null) this.backlog ??= [];
  }

  /** Ends a pause: everything that came in meanwhile is handled first, the late tick after it. */
  resume(): void {
    const backlog = this.backlog ?? [];
    this.backlog = null;
    const { current } = this;
    this.input((node) => node.stalled());
    for (const input of backlog) {
      if (this.current !== current) return;
      input();
    }
    this.tick();
  }

  /** Hands one input to the core, now or at the end of a pause. Its effects follow within a turn. */
  input(action: (node: RaftNode) => void, cause: Cause = OTHER): void {
    const { current } = this;
    if (current === null) return;
    this.whenAwake(current, () => {
      action(current.node);
      this.flush(cause);
    });
  }

  receive(message: Message): void {
    this.input((node) => node.step(message), { type: 'message', message });
  }

  /** A complete state came in, with the message that announces it. */
  receiveSnapshot(cut: Cut, message: InstallSnapshot): void {
    const { current } = this;
    if (current === null) return;
    current.stash.set(cut.meta.index, cut);
    if (current.stash.size > STASH_LIMIT) current.stash.delete(Math.min(...current.stash.keys()));
    this.receive(message);
  }

  /** From now on writes are quick, and applying takes no time. */
  calm(): void {
    this.slow = false;
  }

  /** Proposes at once; null when the process is not there to answer. The caller goes on with `flush`. */
  propose(datas: readonly Uint8Array[]): ProposeResult | null {
    if (this.current === null || this.paused) return null;
    return this.current.node.propose(datas);
  }

  /** What follows an input that was handed over directly. */
  flush(cause: Cause = OTHER): void {
    this.ports.stepped(this, cause);
    this.planTurn();
  }

  private config(): RaftConfig {
    const { options } = this;
    return {
      id: this.id,
      tickMs: RAFT_DEFAULTS.tickMs,
      heartbeatTicks: options.heartbeatTicks,
      electionTicks: options.electionTicks,
      maxInflightMessages: options.maxInflightMessages,
      maxInflightBytes: options.maxInflightBytes,
      maxAppendBytes: options.maxAppendBytes,
      maxCommittedBytes: options.maxCommittedBytes,
      maxUncommittedBytes: options.maxUncommittedBytes,
      random: this.random.core,
      applied: this.disk.cut.meta.index,
    };
  }

  private applierEvents(): ApplierEvents {
    return {
      applied: (state, entry) => this.ports.applied(this, state, entry),
      reached: (index) => this.ports.reached(this, index),
      cutWritten: (cut) => this.ports.cutWritten(this, cut),
    };
  }

  private tick(): void {
    const { current } = this;
    this.input((node) => {
      node.releaseNews();
      node.tick();
    }, TICK);
    if (current !== null && this.current === current) this.ports.ticked(this);
  }

  private whenAwake(of: Incarnation, action: () => void): void {
    if (this.current !== of) return;
    if (this.backlog === null) action();
    else this.backlog.push(() => action());
  }

  private allowCampaignLater(of: Incarnation): void {
    this.schedule.after(exponentialUs(this.random.host, this.options.loadMs), () => {
      if (this.current === of) this.input((node) => node.setCampaignAllowed(true));
    });
  }

  /** A tick that comes due during a pause is not made up for: the timer fires once, late. */
  private tickFor(of: Incarnation): void {
    const tick = (): void => {
      if (this.current !== of) return;
      if (this.backlog === null) this.tick();
      this.schedule.after(TICK_US, tick);
    };
    const phase = (this.random.host.uint32() / 0x1_0000_0000) * TICK_US;
    this.schedule.after(phase, tick);
  }

  /** Plans the next look at the core's effects. Inputs that come before it share it. */
  private planTurn(): void {
    const { current } = this;
    if (current === null || this.turnPlanned || this.turning) return;
    if (this.options.turnMs === 0) return this.turn(current);
    this.turnPlanned = true;
    const delay = (this.random.host.uint32() / 0x1_0000_0000) * this.options.turnMs * MS;
    this.schedule.after(delay, () => {
      this.whenAwake(current, () => {
        this.turnPlanned = false;
        this.turn(current);
      });
    });
  }

  private turn(current: Incarnation): void {
    this.turning = true;
    while (this.current === current && current.node.hasReady()) {
      this.handle(current, current.node.ready(pick(this.random.host, HOLDS)));
      if (this.current === current) this.ports.stepped(this, OTHER);
    }
    this.turning = false;
  }

  private handle(current: Incarnation, ready: Ready): void {
    const { ports } = this;
    if (ports.crashesAt(this, 'before-send')) return;
    if (ready.persist !== null) this.write(current, ready.persist);
    for (const message of ready.messages) {
      ports.emitted(this, message);
      if (ports.crashesAt(this, 'mid-send')) return;
    }
    for (const peer of ready.snapshotsWanted) ports.snapshotWanted(this, peer);
    for (const read of ready.reads) ports.readAnswered(this, read);
    if (ready.committed.length > 0) {
      current.applier.offer(ready.committed, (work) => this.whenAwake(current, work));
    }
    if (this.current === current) ports.crashesAt(this, 'after-step');
  }

  private write(current: Incarnation, batch: Persist): void {
    const { ports, disk } = this;
    const received = batch.snapshot === null ? null : (current.stash.get(batch.snapshot.index) ?? null);
    ports.writes(this, batch);
    disk.begin(batch, received);
    this.schedule.after(this.writeUs(), () => this.whenAwake(current, () => this.durable(current)));
  }

  private durable(current: Incarnation): void {
    const { ports, disk } = this;
    const batch = disk.complete();
    ports.wrote(this, batch);
    if (ports.crashesAt(this, 'durable-unreported')) return;
    // The state changes before the core learns of it: right after `persisted()` it hands out what comes next.
    if (batch.snapshot !== null) this.install(current);
    if (this.current !== current) return;
    this.input((node) => {
      node.persisted();
      ports.reported(this);
    });
  }

  private install(current: Incarnation): void {
    const { cut } = this.disk;
    current.applier.install(cut);
    this.input((node) => node.applied(cut.meta.index));
  }

  private writeUs(): number {
    const { meanMs, stall, stallMs } = this.options.disk;
    const { disk } = this.random;
    const stalls = chance(disk, stall) && this.slow;
    const usual = this.slow ? meanMs : Math.min(meanMs, CALM_DISK_MS);
    return stalls ? stallMs * MS : 1 + exponentialUs(disk, usual);
  }
}
