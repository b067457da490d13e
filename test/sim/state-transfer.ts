import { chance, type NodeId, type Random } from '../../lib/base/index.js';
import type { InstallSnapshot, Message } from '../../lib/raft/index.js';
import type { Cut } from './machine.js';
import { exponentialUs, type SimNetwork } from './network.js';
import type { SimProcess } from './process.js';
import type { Schedule } from './schedule.js';
import type { Trace } from './trace.js';

/** Mean time (ms) that the records of a state are on their way. */
const TRANSFER_MS = 60;

/** How often, and how much later on average (ms), a snapshot is announced again. */
const AGAIN_CHANCE = 0.2;
const AGAIN_MS = 300;

/** Carries whole states beside the messages of consensus, as a snapshot stream does: it arrives or breaks. */
export class StateTransfer {
  private readonly processes: readonly SimProcess[];
  private readonly numberOf: ReadonlyMap<NodeId, number>;
  private readonly network: SimNetwork<Message>;
  private readonly schedule: Schedule;
  private readonly random: Random;
  private readonly trace: Trace;
  private failChance: number;

  constructor(
    processes: readonly SimProcess[],
    numberOf: ReadonlyMap<NodeId, number>,
    network: SimNetwork<Message>,
    schedule: Schedule,
    random: Random,
    trace: Trace,
    failChance: number,
  ) {
    this.processes = processes;
    this.numberOf = numberOf;
    this.network = network;
    this.schedule = schedule;
    this.random = random;
    this.trace = trace;
    this.failChance = failChance;
  }

  heal(): void {
    this.failChance = 0;
  }

  /** Sends the newest cut of `process` to `peer`, and tells the leader how it ended. */
  wanted(process: SimProcess, peer: NodeId): void {
    const { boot, id: from } = process;
    const { cut } = process.disk;
    const { term } = process.node.view;
    const to = this.processes[this.numberOf.get(peer)!]!;
    this.note('snapshot-start', process, to.number, cut.meta.index);
    this.schedule.after(exponentialUs(this.random, TRANSFER_MS), () => {
      const fails = chance(this.random, this.failChance);
      const arrives = !fails && to.running && !to.paused && this.network.connected(process.number, to.number);
      if (arrives) this.deliver(to, cut, { type: 'snapshot', from, to: peer, term, meta: cut.meta });
      if (process.boot !== boot) return;
      this.note('snapshot-end', process, to.number, arrives ? 1 : 0);
      process.input((node) => (arrives ? node.snapshotSent(peer) : node.snapshotFailed(peer)));
    });
  }

  /** Some announcements come twice, the second time long after. */
  private deliver(to: SimProcess, cut: Cut, message: InstallSnapshot): void {
    to.receiveSnapshot(cut, message);
    if (!chance(this.random, AGAIN_CHANCE)) return;
    this.schedule.after(exponentialUs(this.random, AGAIN_MS), () => to.receiveSnapshot(cut, message));
  }

  private note(kind: 'snapshot-start' | 'snapshot-end', process: SimProcess, x: number, y: number): void {
    this.trace.event(this.schedule.now, kind, process.number, x, y);
  }
}
