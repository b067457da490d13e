import { TepuiError, type TimerHandle } from '../../base/index.js';
import {
  Framework,
  hasEnded,
  taskInfo,
  timesFitting,
  type Offer,
  type TaskSpec,
  type TaskStatus,
} from '../../client/index.js';
import { Deferred, type Ports } from '../../client/internal.js';
import type { Context } from '../context.js';
import { EXIT } from '../exit.js';
import { loadState, saveState, type SampleState } from './state.js';

const LONG_TASKS = 4;
const DEMAND = { cpus: 0.1, memMb: 32 };
const LONG_COMMAND = 'while :; do echo "$(date +%T) $TEPUI_TASK_ID is alive"; sleep 1; done';
const SHORT_COMMAND = 'sleep 2';
const PERIOD_MS = 1000;
/** Tasks outlive a stopped sample, and even a stopped cluster, for as long. */
const FAILOVER_TIMEOUT_MS = 3_600_000;
/** Until `revive`: the sample leaves offers to others except when it wants one. */
const NOT_WANTED_S = 3600;
/** Short tasks that may be on their way at once; a cluster without room is not flooded. */
const MOST_SHORT = 10;

type LongTask =
  /** Launched by a former run, perhaps: the group is being asked. */
  'doubtful' | 'wanted' | 'launching' | 'running';

/**
 * The framework that `tepui dev` shows: long tasks that write a line per second, and a short one every second.
 * It survives its own restart: the state file says who it was and which long tasks to look for.
 */
export class Sample {
  private readonly context: Context;
  private readonly file: string | null;
  private readonly ports: Ports;
  private state: SampleState;
  private readonly long: LongTask[];
  private readonly short: Set<string> = new Set();
  private wantedShort = 0;
  private launchedShort = 0;
  private framework: Framework;
  private timer: TimerHandle | null = null;
  private readonly stopped: Deferred<number> = new Deferred();
  /** Makes the ids of short tasks unique over restarts. */
  private readonly run: string;

  constructor(context: Context, file: string | null) {
    this.context = context;
    this.file = file;
    this.ports = context.io.ports(context.connection);
    this.run = this.ports.world.clock.wallMs().toString(36);
    this.state = loadState(file, LONG_TASKS);
    this.long = this.state.generations.map(() => (this.state.frameworkId === null ? 'wanted' : 'doubtful'));
    this.framework = this.makeFramework();
  }

  /** Runs until interrupted; its tasks go on. */
  async start(): Promise<number> {
    const forget = this.context.io.onInterrupt(() => this.stopped.resolve(EXIT.interrupted));
    try {
      this.follow();
      this.timer = this.ports.world.timers.after(PERIOD_MS, () => this.tick());
      return await this.stopped.promise;
    } finally {
      forget();
      this.timer?.cancel();
      await this.framework.close();
    }
  }

  private makeFramework(): Framework {
    const { frameworkId } = this.state;
    return new Framework(
      {
        ...this.context.connection,
        name: 'sample',
        failoverTimeoutMs: FAILOVER_TIMEOUT_MS,
        ...(frameworkId === null ? {} : { id: frameworkId }),
        saveId: (id) => this.save({ ...this.state, frameworkId: id }),
        handlers: {
          subscribed: ({ frameworkId: id, resumed }) => {
            this.tell({ event: 'subscribed', frameworkId: id, resumed });
            this.reconcile();
          },
          disconnected: (reason) => this.tell({ event: 'disconnected', reason: reason.message }),
          offers: (offers) => {
            for (const offer of offers) this.use(offer);
          },
          update: (status) => this.update(status),
          error: (error) => this.stopped.reject(error),
        },
      },
      this.ports,
    );
  }

  private follow(): void {
    const { framework } = this;
    framework.start().catch(() => undefined);
    void framework.whenEnded().then((error) => {
      if (error !== null) this.ended(error);
    });
  }

  /** A framework that the group no longer knows begins again as a new one; anything else is an error. */
  private ended(error: TepuiError): void {
    this.tell({ event: 'ended', code: error.code, reason: error.message });
    const forgotten = error.code === 'FRAMEWORK_REMOVED' || error.code === 'UNKNOWN_FRAMEWORK';
    if (!forgotten || this.state.frameworkId === null) {
      this.stopped.reject(error);
      return;
    }
    this.state = { ...this.state, frameworkId: null };
    this.long.fill('wanted');
    this.short.clear();
    this.framework = this.makeFramework();
    this.follow();
  }

  private tick(): void {
    this.timer = this.ports.world.timers.after(PERIOD_MS, () => this.tick());
    if (this.short.size < MOST_SHORT) this.wantedShort = 1;
    if (this.long.includes('doubtful')) this.reconcile();
    if (this.wantedShort > 0 || this.long.includes('wanted')) this.framework.revive().catch(() => undefined);
  }

  private taskId(number: number): string {
    return `long-${number}.${this.state.generations[number] ?? 0}`;
  }

  private reconcile(): void {
    const ids = this.long.flatMap((stage, number) => (stage === 'wanted' ? [] : this.taskId(number)));
    if (ids.length > 0) this.framework.reconcile(ids).catch(() => undefined);
  }

  private use(offer: Offer): void {
    const room = timesFitting(offer, DEMAND);
    const numbers = this.long.flatMap((stage, number) => (stage === 'wanted' ? number : [])).slice(0, room);
    const tasks: TaskSpec[] = numbers.map((number) => ({
      id: this.taskId(number),
      command: LONG_COMMAND,
      ...DEMAND,
    }));
    if (tasks.length < room && this.wantedShort > 0) {
      this.wantedShort--;
      tasks.push({ id: `short-${this.run}-${this.launchedShort++}`, command: SHORT_COMMAND, ...DEMAND });
    }
    const filters = { refuse_seconds: NOT_WANTED_S };
    if (tasks.length === 0) this.framework.decline([offer.id.value], filters).catch(() => undefined);
    else void this.launch(offer, numbers, tasks);
  }

  private async launch(offer: Offer, numbers: readonly number[], tasks: readonly TaskSpec[]): Promise<void> {
    const shorts = tasks.slice(numbers.length).map(({ id }) => id);
    for (const number of numbers) this.long[number] = 'launching';
    for (const id of shorts) this.short.add(id);
    try {
      const infos = tasks.map((spec) => taskInfo(offer, spec));
      await this.framework.accept([offer.id.value], infos, { refuse_seconds: NOT_WANTED_S });
      for (const { id } of tasks) this.tell({ event: 'launched', task: id, agentId: offer.agent_id.value });
      this.settle(numbers, 'running');
    } catch (error) {
      const surelyNot = error instanceof TepuiError && error.certainty === 'not-done';
      const code = error instanceof TepuiError ? error.code : 'INTERNAL';
      for (const { id } of tasks) this.tell({ event: 'not launched', task: id, code, surely: surelyNot });
      for (const id of shorts) this.short.delete(id);
      this.settle(numbers, surelyNot && code !== 'TASK_EXISTS' ? 'wanted' : 'doubtful');
    }
  }

  private settle(numbers: readonly number[], stage: LongTask): void {
    for (const number of numbers) if (this.long[number] === 'launching') this.long[number] = stage;
  }

  private update(status: TaskStatus): void {
    const { state, reason, message, task_id: task } = status;
    const agentId = status.agent_id?.value ?? null;
    this.tell({
      event: 'update',
      task: task.value,
      state,
      agentId,
      reason: reason ?? null,
      message: message ?? null,
    });
    const over = hasEnded(state) || state === 'TASK_UNKNOWN';
    if (over) this.short.delete(task.value);
    const number = this.long.findIndex((_, index) => this.taskId(index) === task.value);
    if (number === -1 || this.long[number] === 'wanted') return;
    if (!over) this.long[number] = 'running';
    else if (this.long[number] !== 'launching' || status.uuid !== undefined) this.again(number);
  }

  /** Another long task takes the place of one that is gone, under an id of its own. */
  private again(number: number): void {
    const generations = this.state.generations.with(number, (this.state.generations[number] ?? 0) + 1);
    this.save({ ...this.state, generations });
    this.long[number] = 'wanted';
  }

  private save(state: SampleState): void {
    this.state = state;
    saveState(this.file, state);
  }

  private tell(event: Readonly<Record<string, unknown>>): void {
    this.context.print(event, () => {
      return `${Object.values(event)
        .filter((value) => value !== null)
        .map(String)
        .join('  ')}\n`;
    });
  }
}
