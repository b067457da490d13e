import { setTimeout as pause } from 'node:timers/promises';
import type { Cluster } from '../cluster/cluster.js';
import type { History } from '../history/history.js';
import type { Fault } from './fault.js';
import { makeFault } from './faults.js';
import type { FaultKind, Plan, PlannedFault } from './plan.js';

/** A fault as it happened. It weighs on the cluster from `beginNs` until all masters serve again at `endNs`. */
export interface FaultWindow {
  readonly number: number;
  readonly kind: FaultKind;
  readonly victims: readonly string[];
  readonly beginNs: number;
  readonly endNs: number;
}

const SERVING_LIMIT_MS = 30_000;

/** Carries out a plan, one fault after the other, and heals each whatever happens. */
export class Nemesis {
  readonly windows: FaultWindow[] = [];
  /** Faults that did not show, or did not heal. */
  readonly failures: string[] = [];
  private readonly plan: Plan;
  private readonly cluster: Cluster;
  private readonly history: History;
  private readonly progress: (line: string) => void;

  constructor(plan: Plan, cluster: Cluster, history: History, progress: (line: string) => void) {
    this.plan = plan;
    this.cluster = cluster;
    this.history = history;
    this.progress = progress;
  }

  /**
   * Resolves when the plan is carried out, or `signal` says stop; what goes wrong is in `failures`. A fault that
   * does not end as it should is the last one: the next would come on top of it, and be more than was promised.
   */
  async run(signal: AbortSignal): Promise<void> {
    this.history.add({ type: 'plan', data: this.plan });
    await rest(this.plan.warmUpMs, signal);
    for (const fault of this.plan.faults) {
      if (signal.aborted) return;
      await this.carryOut(fault, signal).catch((error: unknown) => {
        if (signal.aborted) return;
        const reason = error instanceof Error ? error.message : String(error);
        this.failures.push(`fault ${fault.number} (${fault.kind}): ${reason}`);
      });
      if (this.failures.length > 0) return this.progress(`no more faults: ${this.failures.join('; ')}`);
      await rest(fault.quietMs, signal);
    }
  }

  private async carryOut({ durationMs, ...planned }: PlannedFault, signal: AbortSignal): Promise<void> {
    const { cluster, history } = this;
    const { number, kind } = planned;
    const fault = await makeFault({ durationMs, ...planned }, cluster);
    const { victims } = fault;
    const beginNs = history.add({ type: 'fault', data: { number, kind, victims, durationMs } });
    try {
      const confirmed = await this.breakAndHeal(fault, durationMs, signal);
      const healedNs = history.add({ type: 'fault', data: { number, kind, healed: true, confirmed } });
      await cluster.awaitServing(SERVING_LIMIT_MS, signal);
      const became = (await fault.over?.()) ?? null;
      const endNs = history.add({ type: 'fault', data: { number, kind, over: true, became } });
      this.windows.push({ number, kind, victims, beginNs, endNs });
      this.progress(
        `${number}/${this.plan.faults.length} ${kind} of ${victims.join(', ')} for ${durationMs} ms: ${confirmed}; ` +
          `all serve ${Math.round((endNs - healedNs) / 1e6)} ms after the heal` +
          (became === null ? '' : `; ${became}`),
      );
    } finally {
      fault.close?.();
    }
  }

  /** Resolves to what confirms the fault. */
  private async breakAndHeal(fault: Fault, durationMs: number, signal: AbortSignal): Promise<string> {
    let confirmed = '';
    try {
      await fault.inject();
      await rest(durationMs, signal);
    } finally {
      // Also when `inject` failed half-way; its own error is then the one to tell.
      confirmed = await fault.heal().catch((error: unknown) => {
        this.cluster.network.healAll();
        throw error;
      });
    }
    return confirmed;
  }
}

async function rest(ms: number, signal: AbortSignal): Promise<void> {
  await pause(ms, undefined, { signal }).catch(() => undefined);
}
