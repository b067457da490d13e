import { mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { SeededRandom, below, between, chance, type Random } from '../../lib/base/index.js';
import {
  Framework,
  TepuiError,
  taskInfo,
  timesFitting,
  type Offer,
  type TaskStatus,
} from '../../lib/client/index.js';
import type { History, LaunchedTask } from '../history/history.js';
import { isEnd, type Traces } from '../judges/tasks.js';

const FRAMEWORKS = 2;
const SIZE = { cpus: 0.1, memMb: 32 };
/** Tasks that one framework begins per second, at most. */
const RATE = 3;
const MOST_AT_ONCE = 4;
const START_LIMIT_MS = 20_000;
const CALL_TIMEOUT_MS = 15_000;

/** Frameworks that launch short tasks, each under an id never used twice; every task leaves traces of its own. */
export class TaskLauncher {
  private readonly folder: string;
  private readonly launchers: readonly Launcher[];

  constructor(addresses: readonly string[], history: History, random: SeededRandom, dir: string) {
    this.folder = path.join(dir, 'traces');
    mkdirSync(this.folder, { recursive: true });
    this.launchers = Array.from(
      { length: FRAMEWORKS },
      (_, i) => new Launcher(`f${i + 1}`, addresses, history, random.split(), this.folder),
    );
  }

  async start(): Promise<void> {
    await Promise.all(this.launchers.map((launcher) => launcher.start()));
  }

  /** No more launches; resolves when every one is answered or given up. */
  async stop(): Promise<void> {
    await Promise.all(this.launchers.map((launcher) => launcher.stop()));
  }

  /** Accepted tasks whose end was not told yet. */
  awaited(): string[] {
    return this.launchers.flatMap((launcher) => [...launcher.awaited]);
  }

  async close(): Promise<void> {
    await Promise.all(this.launchers.map((launcher) => launcher.close()));
  }

  tracesOf(task: string): Traces {
    let lines: string[] = [];
    try {
      lines = readFileSync(path.join(this.folder, task), 'utf8').split('\n');
    } catch {
      // It never ran.
    }
    const count = (word: string) => lines.filter((line) => line.startsWith(word)).length;
    return { starts: count('start'), ends: count('end') };
  }
}

class Launcher {
  readonly awaited: Set<string> = new Set();
  private readonly name: string;
  private readonly history: History;
  private readonly random: Random;
  private readonly folder: string;
  private readonly framework: Framework;
  private readonly ended: Set<string> = new Set();
  private readonly calls: Set<Promise<void>> = new Set();
  private readonly startMs: number = performance.now();
  private launched = 0;
  private stopped = false;

  constructor(name: string, addresses: readonly string[], history: History, random: Random, folder: string) {
    this.name = name;
    this.history = history;
    this.random = random;
    this.folder = folder;
    this.framework = new Framework({
      addresses,
      name: `chaos-${name}`,
      failoverTimeoutMs: 600_000,
      callTimeoutMs: CALL_TIMEOUT_MS,
      handlers: {
        offers: (offers) => {
          for (const offer of offers) this.track(this.use(offer));
        },
        update: (status, index) => this.update(status, index),
        error: (error) => history.add({ type: 'note', data: { process: name, error: String(error) } }),
      },
    });
  }

  async start(): Promise<void> {
    await this.framework.start(START_LIMIT_MS);
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await Promise.all(this.calls);
  }

  async close(): Promise<void> {
    await this.framework.teardown().catch(() => undefined);
    await this.framework.close();
  }

  private track(call: Promise<void>): void {
    const tracked: Promise<void> = call.finally(() => this.calls.delete(tracked));
    this.calls.add(tracked);
  }

  private async use(offer: Offer): Promise<void> {
    const due = this.stopped ? 0 : ((performance.now() - this.startMs) / 1000) * RATE - this.launched;
    const count = Math.floor(Math.min(due, MOST_AT_ONCE, timesFitting(offer, SIZE)));
    if (count > 0) await this.launch(offer, count);
    // The time until the next task is due; when stopped, for good.
    else await this.decline(offer, this.stopped ? 600 : 0.3);
  }

  private async decline(offer: Offer, seconds: number): Promise<void> {
    await this.framework.decline([offer.id.value], { refuse_seconds: seconds }).catch(() => undefined);
  }

  private async launch(offer: Offer, count: number): Promise<void> {
    const { history } = this;
    const tasks = Array.from({ length: count }, () => this.draw());
    const id = history.nextId();
    const launched: LaunchedTask[] = tasks.map((task) => ({ id: task.id, exitCode: task.exitCode }));
    history.add({ type: 'invoke', id, process: this.name, f: 'launch', tasks: launched });
    try {
      const infos = tasks.map((task) => taskInfo(offer, { id: task.id, command: task.command, ...SIZE }));
      const { index } = await this.framework.accept([offer.id.value], infos, { refuse_seconds: 0.3 });
      history.add({ type: 'ok', id, index });
      for (const task of tasks) if (!this.ended.has(task.id)) this.awaited.add(task.id);
    } catch (error) {
      const { code, certainty } =
        error instanceof TepuiError ? error : new TepuiError('INTERNAL', String(error));
      history.add({ type: certainty === 'not-done' ? 'fail' : 'info', id, code });
    }
  }

  private draw(): LaunchedTask & { readonly command: string } {
    const id = `${this.name}-${++this.launched}`;
    const exitCode = chance(this.random, 0.6) ? 0 : between(this.random, 1, 5);
    const seconds = (0.1 + below(this.random, 3000) / 1000).toFixed(2);
    // Outside the sandbox, and appended: a second execution would add a second line.
    const file = path.join(this.folder, id);
    const command = `echo start $$ >> '${file}'; sleep ${seconds}; echo end $$ >> '${file}'; exit ${exitCode}`;
    return { id, exitCode, command };
  }

  private update({ task_id: { value: task }, state, reason, uuid }: TaskStatus, index: number): void {
    const own = uuid !== undefined;
    this.history.add({
      type: 'update',
      process: this.name,
      task,
      state,
      reason: reason ?? '',
      index,
      own,
    });
    if (!own || !isEnd(state)) return;
    this.ended.add(task);
    this.awaited.delete(task);
  }
}
