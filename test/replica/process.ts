import assert from 'node:assert/strict';
import {
  TepuiError,
  type Clock,
  type MemberId,
  type Random,
  type TimerHandle,
  type Timers,
} from '../../lib/base/index.js';
import type { Configuration } from '../../lib/raft/index.js';
import { Member, type ReplicaLimits } from '../../lib/replica/index.js';
import type { LeadershipView, Outcome } from '../../lib/replica/index.js';
import { DEFAULT_LIMITS } from '../../lib/state/index.js';
import {
  openDataFolder,
  type DataFolder,
  type DiskAction,
  type MemoryDisk,
  type StateStore,
} from '../../lib/storage/index.js';
import {
  MemoryTransport,
  type FrameKind,
  type MemoryNetwork,
  type PeerDown,
  type PeerHello,
  type TransportHandlers,
} from '../../lib/transport/index.js';
import { quiet } from '../support/quiet.js';
import type { VirtualTime } from '../support/virtual-time.js';

/** Where a process lives: what it shares with the others. */
export interface Surroundings {
  readonly time: VirtualTime;
  readonly network: MemoryNetwork;
  readonly random: Random;
  readonly limits: ReplicaLimits;
  /** As `ReplicaOptions.leaseMs`. */
  readonly leaseMs?: number | null;
  readonly peers: ReadonlyMap<MemberId, string>;
  /** Where this process is. */
  readonly address: string;
  readonly invitation: { readonly token: string; readonly contacts: readonly string[] } | null;
  readonly release: string;
  /** Time that each slice of a load takes. */
  readonly loadMs: number;
  /** A cut of the state became durable somewhere. */
  readonly cut: (member: MemberId, index: number, digest: string) => void;
  /** The process ended by itself, with this error. */
  readonly ended: (process: TestProcess, error: unknown) => void;
}

/** The clock of one process: stands still with a machine that is frozen whole, and never finds out. */
class ProcessClock implements Clock {
  private readonly time: VirtualTime;
  private behindMs = 0;
  private stoppedMs: number | null = null;

  constructor(time: VirtualTime) {
    this.time = time;
  }

  monotonicMs(): number {
    return this.stoppedMs ?? this.time.monotonicMs() - this.behindMs;
  }

  wallMs(): number {
    return this.time.wallMs();
  }

  stop(): void {
    this.stoppedMs = this.monotonicMs();
  }

  go(): void {
    if (this.stoppedMs === null) return;
    this.behindMs = this.time.monotonicMs() - this.stoppedMs;
    this.stoppedMs = null;
  }
}

/** Timers of one process: none fires once it is dead, and while it is stopped they wait. */
class ProcessTimers implements Timers {
  private readonly time: VirtualTime;
  private readonly uncaught: (error: unknown) => void;
  alive = true;
  private stopped = false;
  private waiting: (() => void)[] = [];

  constructor(time: VirtualTime, uncaught: (error: unknown) => void) {
    this.time = time;
    this.uncaught = uncaught;
  }

  after(delayMs: number, callback: () => void): TimerHandle {
    let cancelled = false;
    const fire = (): void => {
      if (!cancelled) this.run(callback);
    };
    const handle = this.time.after(delayMs, () => this.whenGoing(fire));
    return {
      cancel: () => {
        cancelled = true;
        handle.cancel();
      },
    };
  }

  soon(callback: () => void): void {
    this.after(0, callback);
  }

  /** Now, or once the process goes on. */
  whenGoing(callback: () => void): void {
    if (this.stopped) this.waiting.push(callback);
    else callback();
  }

  stop(): void {
    this.stopped = true;
  }

  go(): void {
    this.stopped = false;
    const { waiting } = this;
    this.waiting = [];
    for (const callback of waiting) this.time.soon(callback);
  }

  private run(callback: () => void): void {
    if (!this.alive) return;
    try {
      callback();
    } catch (error) {
      this.uncaught(error);
    }
  }
}

/** One proposal and how it ended. */
export interface Proposal {
  readonly path: string;
  readonly at: MemberId;
  /** The process it was made in. */
  readonly life: TestProcess;
  outcome: Outcome | null;
}

/** One life of a member: from a start to a crash. */
export class TestProcess {
  readonly id: MemberId;
  readonly disk: DataFolder;
  readonly member: Member;
  readonly views: LeadershipView[] = [];
  readonly revisions: number[] = [];
  readonly downs: { readonly peer: MemberId; readonly down: PeerDown }[] = [];
  resets = 0;
  private readonly around: Surroundings;
  readonly timers: ProcessTimers;
  readonly clock: ProcessClock;
  private readonly transport: MemoryTransport;
  private readonly memory: MemoryDisk;

  private constructor(
    id: MemberId,
    memory: MemoryDisk,
    disk: DataFolder,
    timers: ProcessTimers,
    around: Surroundings,
  ) {
    this.id = id;
    this.memory = memory;
    this.disk = disk;
    this.timers = timers;
    this.around = around;
    this.clock = new ProcessClock(around.time);
    const { time, network, random, limits, peers, address, invitation, release } = around;
    let transport: MemoryTransport | null = null;
    const others = new Map([...peers].filter(([peer]) => peer !== id));
    this.member = new Member({
      memberId: id,
      peers: others,
      invitation,
      doors: { http: null, grpc: null, zk: null, peer: address },
      release,
      pid: 1,
      memoryBudgetBytes: () => 1 << 30,
      disk,
      transport: (handlers) => {
        transport = new MemoryTransport({
          network,
          address,
          handlers: this.guard(handlers),
          clock: time,
          timers,
          random,
        });
        return transport;
      },
      clock: this.clock,
      timers,
      random,
      logger: quiet,
      limits,
      machineLimits: DEFAULT_LIMITS,
      heartbeatTicks: 5,
      leaseMs: around.leaseMs ?? null,
      fatal: (error) => this.die(error),
    });
    assert(transport !== null);
    this.transport = transport;
    this.member.listen({
      leadership: (view) => this.views.push(view),
      applied: (_events, revision) => this.revisions.push(revision),
      cut: (index, digest) => around.cut(id, index, digest),
      reset: () => this.resets++,
    });
  }

  static async start(id: MemberId, memory: MemoryDisk, around: Surroundings): Promise<TestProcess> {
    let process: TestProcess | null = null;
    const fail = (error: unknown): void => {
      if (process === null) throw error;
      process.die(error);
    };
    const timers = new ProcessTimers(around.time, fail);
    const opening = openDataFolder({
      source: memory,
      memberId: id,
      random: around.random,
      logger: quiet,
      onFailure: fail,
      wait: (delayMs) => new Promise((resolve) => timers.after(delayMs, resolve)),
    });
    const disk = await settled(around.time, opening);
    slowDown(disk, around.loadMs, timers);
    process = new TestProcess(id, memory, disk, timers, around);
    await settled(around.time, process.member.start());
    return process;
  }

  get alive(): boolean {
    return this.timers.alive;
  }

  /** The configuration in force here. */
  get configuration(): Configuration {
    return this.disk.log!.configuration;
  }

  get leads(): boolean {
    return this.alive && this.member.leadership().kind === 'leading';
  }

  /** As kill -9, or a power cut: of the writes in flight, those that `lands` picks reach the disk. */
  crash(lands: (action: DiskAction) => boolean = () => false): void {
    if (!this.alive) return;
    this.timers.alive = false;
    this.memory.powerCut(lands);
    this.transport.crash();
  }

  /** As `crash`, by a loss of power: the others are not told. */
  losePower(): void {
    if (!this.alive) return;
    this.timers.alive = false;
    this.memory.powerCut(() => false);
    this.transport.losePower();
  }

  async stop(): Promise<void> {
    await settled(this.around.time, this.member.stop());
    this.timers.alive = false;
  }

  /** As SIGSTOP: the process stands still; what is sent to it waits. */
  freeze(): void {
    this.timers.stop();
  }

  /** As a virtual machine that is frozen: its clock stands still as well. */
  freezeWithClock(): void {
    this.clock.stop();
    this.freeze();
  }

  thaw(): void {
    this.clock.go();
    this.timers.go();
  }

  /** Sends a frame that the member itself would not. */
  send(to: MemberId, kind: FrameKind, body: Uint8Array): void {
    assert(this.transport.send(to, kind, body));
  }

  private die(error: unknown): void {
    if (!this.alive) return;
    this.crash();
    this.around.ended(this, error);
  }

  /** What a handler throws beyond a coded error would end a real process. */
  private guard(handlers: TransportHandlers): TransportHandlers {
    const guarded = (call: () => void): void => {
      try {
        call();
      } catch (error) {
        if (error instanceof TepuiError) throw error;
        this.die(error);
      }
    };
    return {
      ...handlers,
      peerUp: (hello: PeerHello) => guarded(() => handlers.peerUp(hello)),
      peerDown: (peer, down) => {
        this.downs.push({ peer, down });
        guarded(() => handlers.peerDown(peer, down));
      },
      frames: (from, frames) => this.timers.whenGoing(() => guarded(() => handlers.frames(from, frames))),
    };
  }
}

function slowDown(disk: DataFolder, sliceMs: number, timers: Timers): void {
  if (sliceMs === 0) return;
  const slow = (state: StateStore): StateStore => {
    const load = state.load.bind(state);
    state.load = async function* (maxBytes) {
      for await (const slice of load(maxBytes)) {
        await new Promise<void>((resolve) => timers.after(sliceMs, resolve));
        yield slice;
      }
    };
    return state;
  };
  const switchState = disk.switchState.bind(disk);
  disk.switchState = async (folder) => slow(await switchState(folder));
  slow(disk.state);
}

/** Waits for a promise that needs virtual time to go on. */
export async function settled<T>(time: VirtualTime, promise: Promise<T>): Promise<T> {
  let over = false;
  promise.then(
    () => (over = true),
    () => (over = true),
  );
  // Something is always due, so that time goes on even while nobody else waits for it.
  const tick = (): void => {
    if (!over) time.after(1, tick);
  };
  tick();
  await time.until('a promise settles', () => over);
  return promise;
}
