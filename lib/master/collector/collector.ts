import type { TimerHandle } from '../../base/index.js';
import type { MortalNode } from '../../state/index.js';
import { proposeCommand, type MasterContext } from '../context.js';
import type { LeaderLoop } from '../leader-loop.js';

export interface CollectorLimits {
  /** Between two rounds. */
  readonly intervalMs: number;
  /** Nodes that one round proposes to collect at most; the next one goes on. */
  readonly nodesPerRound: number;
  /** A container that never had a child is left alone for this long: somebody may be about to use it. */
  readonly unusedMs: number;
}

/** ZooKeeper's ContainerManager looks once a minute, at 10,000 nodes at most; the time for unused ones is its own. */
export const COLLECTOR_LIMITS: CollectorLimits = {
  intervalMs: 5_000,
  nodesPerRound: 1_000,
  unusedMs: 300_000,
};

/**
 * Finds nodes that end by themselves: containers that have no children any more, and nodes whose time to live is over.
 * Each is proposed by what it was when it was looked at; one that was touched or got a child meanwhile stays.
 */
export class Collector implements LeaderLoop {
  private readonly context: MasterContext;
  private readonly limits: CollectorLimits;
  private timer: TimerHandle | null = null;
  private term: number | null = null;
  /** Proposed in this term and not ended: the next round waits for them. */
  private inFlight = 0;

  constructor(context: MasterContext, limits: CollectorLimits) {
    this.context = context;
    this.limits = limits;
  }

  start(term: number): void {
    this.term = term;
    this.inFlight = 0;
    this.arm();
  }

  stop(): void {
    this.term = null;
    this.timer?.cancel();
    this.timer = null;
  }

  private arm(): void {
    this.timer = this.context.timers.after(this.limits.intervalMs, () => {
      this.arm();
      if (this.inFlight === 0) this.round();
    });
  }

  private round(): void {
    const { replica, clock } = this.context;
    const { unusedMs, nodesPerRound } = this.limits;
    // As the entry of the proposal will be stamped.
    const nowMs = Math.max(Math.floor(clock.wallMs()), replica.machine.clockMs);
    for (const node of replica.machine.coordination.over(nowMs, unusedMs, nodesPerRound)) this.collect(node);
  }

  private collect({ path, czxid, mzxid, pzxid }: MortalNode): void {
    const { term } = this;
    this.inFlight++;
    proposeCommand(this.context, { kind: 'coordination-collect', path, czxid, mzxid, pzxid }, () => {
      if (this.term === term) this.inFlight--;
    });
  }
}
