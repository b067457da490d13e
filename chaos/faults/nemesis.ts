import { setTimeout as pause } from 'node:timers/promises';
import type { Cluster } from '../cluster/cluster.js';
import type { History } from '../history/history.js';
import type { Fault } from './fault.js';
import { groupsOf, type FaultKind, type Plan, type PlannedFault } from './plan.js';

/** A fault as it happened. It weighs on the cluster from `beginNs` until all masters serve again at `endNs`. */
export interface FaultWindow {
  readonly number: number;
  readonly kind: FaultKind;
  readonly victims: readonly string[];
  readonly beginNs: number;
  readonly endNs: number;
}

/** A fault of known victims. */
interface Begun {
  readonly planned: PlannedFault;
  readonly fault: Fault;
  readonly beginNs: number;
  /** Once it is healed. */
  healed: { readonly atNs: number; readonly confirmed: string } | null;
}

/** Chooses the victims as things stand now, but none of the `taken`: another fault has them. */
export type MakeFault = (planned: PlannedFault, taken: readonly string[]) => Promise<Fault>;

const SERVING_LIMIT_MS = 30_000;

/** Carries out a plan, and heals each fault whatever happens. */
export class Nemesis {
  readonly windows: FaultWindow[] = [];
  /** Faults that did not show, or did not heal. */
  readonly failures: string[] = [];
  private readonly plan: Plan;
  private readonly make: MakeFault;
  private readonly cluster: Pick<Cluster, 'awaitServing' | 'network'>;
  private readonly history: Pick<History, 'add'>;
  private readonly progress: (line: string) => void;

  constructor(
    plan: Plan,
    make: MakeFault,
    cluster: Pick<Cluster, 'awaitServing' | 'network'>,
    history: Pick<History, 'add'>,
    progress: (line: string) => void,
  ) {
    this.plan = plan;
    this.make = make;
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
    for (const group of groupsOf(this.plan)) {
      if (signal.aborted) return;
      await this.carryOut(group, signal);
      if (signal.aborted) return;
      if (this.failures.length > 0) return this.progress(`no more faults: ${this.failures.join('; ')}`);
      await rest(group.at(-1)!.quietMs, signal);
    }
  }

  /** Faults that are in force together: none is over before all are healed. */
  private async carryOut(group: readonly PlannedFault[], signal: AbortSignal): Promise<void> {
    const begun: Begun[] = [];
    const failedBefore = this.failures.length;
    try {
      await this.breakAll(group, begun, signal);
      if (this.failures.length > failedBefore || signal.aborted) return;
      const { planned } = begun.at(-1)!;
      await this.attempt(planned, this.cluster.awaitServing(SERVING_LIMIT_MS, signal));
      if (this.failures.length > failedBefore) return;
      for (const one of begun) await this.attempt(one.planned, this.conclude(one));
    } finally {
      for (const { fault } of begun) fault.close?.();
    }
  }

  /** Each begins in its time after the one before; resolves when all are healed. */
  private async breakAll(
    [planned, ...others]: readonly PlannedFault[],
    begun: Begun[],
    signal: AbortSignal,
  ): Promise<void> {
    const [next] = others;
    const later = async (): Promise<void> => {
      if (next === undefined) return;
      await rest(next.afterMs ?? 0, signal);
      if (!signal.aborted) await this.breakAll(others, begun, signal);
    };
    await this.attempt(planned!, this.begin(planned!, begun));
    const own = begun.find((one) => one.planned === planned);
    if (own === undefined) return;
    await Promise.all([this.attempt(planned!, this.breakAndHeal(own, signal)), later()]);
  }

  private async begin(planned: PlannedFault, begun: Begun[]): Promise<void> {
    const { number, kind, durationMs } = planned;
    const taken = begun.flatMap(({ fault }) => fault.victims);
    const fault = await this.make(planned, taken);
    const { victims } = fault;
    const beginNs = this.history.add({ type: 'fault', data: { number, kind, victims, durationMs } });
    begun.push({ planned, fault, beginNs, healed: null });
  }

  private async breakAndHeal(one: Begun, signal: AbortSignal): Promise<void> {
    const { fault, planned } = one;
    const { number, kind, durationMs } = planned;
    const heal = async (): Promise<void> => {
      const confirmed = await fault.heal();
      const atNs = this.history.add({ type: 'fault', data: { number, kind, healed: true, confirmed } });
      one.healed = { atNs, confirmed };
    };
    try {
      await fault.inject();
      await rest(durationMs, signal);
    } catch (error) {
      // What was broken half-way is healed; that the heal fails, too, is no news.
      await heal().catch(() => this.cluster.network.healAll());
      throw error;
    }
    await heal().catch((error: unknown) => {
      this.cluster.network.healAll();
      throw error;
    });
  }

  /** All masters serve again: says what became of the fault. */
  private async conclude({ planned, fault, beginNs, healed }: Begun): Promise<void> {
    const { number, kind, durationMs, afterMs } = planned;
    const { victims } = fault;
    const became = (await fault.over?.()) ?? null;
    const endNs = this.history.add({ type: 'fault', data: { number, kind, over: true, became } });
    this.windows.push({ number, kind, victims, beginNs, endNs });
    const where = afterMs === null ? '' : ` on top of ${number - 1}, ${afterMs} ms after it began`;
    this.progress(
      `${number}/${this.plan.faults.length} ${kind} of ${victims.join(', ')} for ${durationMs} ms${where}: ` +
        `${healed!.confirmed}; all serve ${Math.round((endNs - healed!.atNs) / 1e6)} ms after the heal` +
        (became === null ? '' : `; ${became}`),
    );
  }

  /** A failure is noted; whoever goes on looks for it there. */
  private async attempt({ number, kind }: PlannedFault, step: Promise<void>): Promise<void> {
    await step.catch((error: unknown) => {
      const reason = error instanceof Error ? error.message : String(error);
      this.failures.push(`fault ${number} (${kind}): ${reason}`);
    });
  }
}

async function rest(ms: number, signal: AbortSignal): Promise<void> {
  await pause(ms, undefined, { signal }).catch(() => undefined);
}
