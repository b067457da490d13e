import { TepuiError, type ErrorCode, type TimerHandle } from '../../base/index.js';
import {
  Framework,
  amount,
  taskInfo,
  timesFitting,
  type Offer,
  type TaskStatus,
} from '../../client/index.js';
import type { Ports } from '../../client/internal.js';
import { Deferred } from '../../client/internal.js';
import type { Context } from '../context.js';
import { EXIT, describeError, errorJson } from '../exit.js';
import { count } from '../table.js';
import { Instances, type Instance } from './instances.js';

export interface RunSpec {
  readonly name: string;
  readonly instances: number;
  readonly cpus: number;
  readonly memMb: number;
  readonly retries: number;
  readonly command: readonly [string, ...string[]];
}

/** For so long the group keeps the tasks if this program dies, and waits for an unreachable agent. */
const FAILOVER_TIMEOUT_MS = 60_000;
/** How often what is doubtful is asked for, and what is late is looked at. */
const CHECK_MS = 2000;
const NO_OFFER_NOTE_MS = 10_000;
/** Until `revive`. */
const NOT_WANTED_S = 3600;
const TOO_SMALL_S = 2;

/** Refusals of a launch that another offer will not cure. */
const HOPELESS: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'INVALID_ARGUMENT',
  'MALFORMED',
  'TOO_LARGE',
  'UNSUPPORTED',
  'GROWTH_REFUSED',
  'FRAMEWORK_REMOVED',
  'UNKNOWN_FRAMEWORK',
  'UNAUTHENTICATED',
]);

/** Runs a number of instances of one command to their ends, as a framework of its own. */
export class TaskRunner {
  private readonly context: Context;
  private readonly spec: RunSpec;
  private readonly ports: Ports;
  private readonly instances: Instances;
  private readonly framework: Framework;
  private readonly outcome: Deferred<number> = new Deferred();
  private readonly startedAtMs: number;
  private check: TimerHandle | null = null;
  private noted = false;
  /** Offers were refused until further notice. */
  private refusingOffers = false;
  private subscribed = false;
  private stage: 'running' | 'finishing' | 'interrupted' = 'running';
  private largest = { cpus: 0, memMb: 0 };

  constructor(context: Context, spec: RunSpec) {
    this.context = context;
    this.spec = spec;
    this.ports = context.io.ports(context.connection);
    this.instances = new Instances(spec.name, spec.instances, spec.retries);
    this.startedAtMs = this.now();
    this.framework = new Framework(
      {
        ...context.connection,
        name: spec.name,
        failoverTimeoutMs: FAILOVER_TIMEOUT_MS,
        callTimeoutMs: FAILOVER_TIMEOUT_MS,
        handlers: {
          subscribed: ({ resumed }) => {
            this.subscribed = true;
            if (resumed) this.reconcile([...this.instances.at('launched'), ...this.instances.at('doubtful')]);
          },
          offers: (offers) => {
            for (const offer of offers) this.use(offer);
          },
          update: (status, index) => this.update(status, index),
          disconnected: (reason) => this.note(`connection lost (${reason.message}); going on`),
          error: (error) => this.outcome.reject(error),
        },
      },
      this.ports,
    );
  }

  /** Resolves with the exit code. */
  async run(): Promise<number> {
    const forget = this.context.io.onInterrupt(() => this.interrupt());
    try {
      await Promise.race([this.framework.start(this.context.timeoutMs), this.outcome.promise]);
      void this.framework.whenEnded().then((error) => {
        if (error !== null) this.endedByGroup(error);
      });
      this.watch();
      return await this.outcome.promise;
    } finally {
      forget();
      this.check?.cancel();
      await this.framework.close();
    }
  }

  private endedByGroup(error: TepuiError): void {
    this.context.io.err(`${this.context.json ? errorJson(error) : describeError(error)}\n`);
    this.printTally();
    this.outcome.resolve(EXIT.endedBadly);
  }

  private now(): number {
    return this.ports.world.clock.monotonicMs();
  }

  private note(text: string): void {
    if (!this.context.json) this.context.io.err(`tepui: ${text}\n`);
  }

  private use(offer: Offer): void {
    this.largest = {
      cpus: Math.max(this.largest.cpus, amount(offer, 'cpus')),
      memMb: Math.max(this.largest.memMb, amount(offer, 'mem')),
    };
    const waiting = this.stage === 'running' ? this.instances.at('waiting') : [];
    const chosen = waiting.slice(0, timesFitting(offer, this.spec));
    const enough = waiting.length === chosen.length;
    if (enough) this.refusingOffers = true;
    const filters = { refuse_seconds: enough ? NOT_WANTED_S : TOO_SMALL_S };
    if (chosen.length === 0) this.framework.decline([offer.id.value], filters).catch(() => undefined);
    else void this.launch(offer, chosen, filters);
  }

  private async launch(
    offer: Offer,
    chosen: readonly Instance[],
    filters: { readonly refuse_seconds: number },
  ): Promise<void> {
    const { cpus, memMb, command } = this.spec;
    const taskIds = chosen.map(({ taskId }) => taskId);
    for (const instance of chosen) instance.stage = { kind: 'launching' };
    try {
      const tasks = taskIds.map((id) => taskInfo(offer, { id, cpus, memMb, command }));
      await this.framework.accept([offer.id.value], tasks, filters);
      this.instances.accepted(taskIds);
    } catch (error) {
      this.launchFailed(taskIds, error);
    }
  }

  private launchFailed(taskIds: readonly string[], error: unknown): void {
    if (!(error instanceof TepuiError) || HOPELESS.has(error.code)) {
      this.outcome.reject(error);
      return;
    }
    // An id that exists was launched by an ACCEPT whose answer got lost.
    const surelyNot = error.certainty === 'not-done' && error.code !== 'TASK_EXISTS';
    const open = taskIds
      .map((id) => this.instances.get(id))
      .filter(({ stage }) => stage.kind === 'launching');
    for (const instance of open) instance.stage = { kind: surelyNot ? 'waiting' : 'doubtful' };
    if (surelyNot) this.wantOffers();
    else this.reconcile(open);
  }

  private update(status: TaskStatus, index: number): void {
    if (!this.instances.update(status, this.now())) return;
    const { state, reason, message, agent_id: agent } = status;
    const task = status.task_id.value;
    const agentId = agent?.value ?? null;
    this.context.print(
      { task, state, agentId, reason: reason ?? null, message: message ?? null, index },
      () => {
        const why = [reason, message].filter((text) => text !== undefined && text !== '').join(': ');
        return `${task}  ${state}${agentId === null ? '' : `  on ${agentId}`}${why === '' ? '' : `  (${why})`}\n`;
      },
    );
    // The update is acknowledged first, when this handler has returned.
    queueMicrotask(() => this.goOn());
  }

  /** After any change: offers for what waits, the end when all have ended. */
  private goOn(): void {
    if (this.instances.allEnded) void this.finish();
    else this.wantOffers();
  }

  private wantOffers(): void {
    const wanted = this.stage === 'running' && this.instances.at('waiting').length > 0;
    if (!wanted || !this.refusingOffers) return;
    this.refusingOffers = false;
    this.framework.revive().catch(() => undefined);
  }

  private reconcile(instances: readonly Instance[]): void {
    if (instances.length === 0) return;
    // A failure needs no care: the next check asks again.
    this.framework.reconcile(instances.map(({ taskId }) => taskId)).catch(() => undefined);
  }

  private watch(): void {
    this.check = this.ports.world.timers.after(CHECK_MS, () => {
      this.watch();
      this.reconcile(this.instances.at('doubtful'));
      this.instances.giveUpUnreachable(this.now() - FAILOVER_TIMEOUT_MS);
      this.noteMissingOffers();
      if (this.instances.allEnded) void this.finish();
    });
  }

  private noteMissingOffers(): void {
    const waiting = this.instances.at('waiting').length;
    if (this.noted || waiting === 0 || this.now() - this.startedAtMs < NO_OFFER_NOTE_MS) return;
    this.noted = true;
    const { cpus, memMb } = this.spec;
    const wanted = `${count(cpus)} CPUs and ${count(memMb)} MB`;
    const seen = `${count(this.largest.cpus)} CPUs and ${count(this.largest.memMb)} MB`;
    this.note(`${waiting} instances wait for an offer of ${wanted}; the largest so far had ${seen}`);
  }

  private async finish(): Promise<void> {
    if (this.stage !== 'running') return;
    this.stage = 'finishing';
    const tally = this.instances.tally();
    // The tasks have ended whatever becomes of this; the group removes the framework later by itself.
    await this.framework.teardown().catch(() => undefined);
    this.printTally();
    this.outcome.resolve(tally.finished === this.spec.instances ? EXIT.done : EXIT.endedBadly);
  }

  /** First Ctrl-C: kills the tasks and removes the framework. Second: leaves at once. */
  private interrupt(): void {
    if (this.stage === 'interrupted' || !this.subscribed) {
      this.outcome.resolve(EXIT.interrupted);
      return;
    }
    this.stage = 'interrupted';
    this.note('killing the tasks and removing the framework; Ctrl-C again to leave at once');
    this.framework
      .teardown()
      .catch((error: unknown) => this.context.io.err(`${describeError(error)}\n`))
      .finally(() => {
        this.printTally();
        this.outcome.resolve(EXIT.interrupted);
      });
  }

  private printTally(): void {
    const { finished, failed, lost } = this.instances.tally();
    this.context.print({ finished, failed, lost }, () => {
      return `${finished} finished, ${failed} failed, ${lost} lost\n`;
    });
  }
}
