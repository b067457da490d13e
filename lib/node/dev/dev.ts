import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { stringify } from 'yaml';
import { TepuiError } from '../../base/index.js';
import type { CliIo } from '../../cli/index.js';
import { EXIT } from '../../cli/index.js';
import { Operator } from '../../client/index.js';
import { SYSTEM } from '../../client/internal.js';
import { checkPortsFree } from '../ports.js';
import { livingPid } from '../process-folder.js';
import type { ChildExit, Children } from './children.js';
import { tepuiChildren } from './launch.js';
import { Observer } from './observe.js';
import { drawPicture } from './picture.js';
import { childSpecs, configFile, configFiles, makePlan, type DevOptions, type DevPlan } from './plan.js';
import { shutDown } from './shutdown.js';
import { Vacancy } from './vacancy.js';
import { JsonView, LinesView, TableView, type View } from './views.js';

const LOOK_MS = 200;
/** While nobody leads: a person watches the clock. */
const ANXIOUS_LOOK_MS = 50;

/** Runs a local cluster as separate processes until it is interrupted; resolves with the exit code. */
export async function runDev(options: DevOptions, io: CliIo): Promise<number> {
  const plan = makePlan(options);
  const doors = plan.masters.flatMap(({ grpc, peer, zookeeper, http }) =>
    [grpc, peer, zookeeper, http].filter((door) => door !== undefined),
  );
  await checkPortsFree(doors, 'move all ports with --port-offset');
  prepareFolder(options, plan);
  const dev = new Dev(options, plan, io, viewOf(options, plan, io));
  return dev.run();
}

function prepareFolder({ dir, fresh }: DevOptions, plan: DevPlan): void {
  try {
    if (fresh) rmSync(dir, { recursive: true, force: true });
    for (const [file, value] of configFiles(plan)) {
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, stringify(value));
    }
  } catch (error) {
    throw new TepuiError('STORAGE', `${dir} cannot be written: ${String(error)}`, { cause: error });
  }
}

function viewOf({ json }: DevOptions, plan: DevPlan, io: CliIo): View {
  const master = (id: string) => plan.masters.find((one) => one.id === id);
  if (json) return new JsonView(io, (id) => master(id) ?? null);
  if (!process.stdout.isTTY) return new LinesView(io);
  // A terminal that does not know its size says 0.
  const size = () => ({ columns: process.stdout.columns || 80, rows: process.stdout.rows || 24 });
  const command = fromHere(process.argv[1] ?? 'tepui');
  return new TableView(io, size, SYSTEM.clock, (id) => {
    const folder = master(id)?.folder;
    return folder === undefined ? null : `${command} master --config ${fromHere(configFile(folder))}`;
  });
}

/** The path as short as it can be typed. */
function fromHere(file: string): string {
  const relative = path.relative('', file);
  return relative.length < file.length ? relative : file;
}

/** Processes of the plan that live once ours have ended. */
function strangers({ masters, agents }: DevPlan): { readonly id: string; readonly pid: number }[] {
  return [...masters, ...agents].flatMap(({ id, folder }) => {
    const pid = livingPid(folder);
    return pid === null ? [] : [{ id, pid }];
  });
}

class Dev {
  private readonly options: DevOptions;
  private readonly plan: DevPlan;
  private readonly io: CliIo;
  private readonly view: View;
  private readonly children: Children;
  private readonly operator: Operator;
  private readonly observer: Observer;
  private readonly vacancy = new Vacancy();
  private interrupted = false;
  private wake: () => void = () => undefined;

  constructor(options: DevOptions, plan: DevPlan, io: CliIo, view: View) {
    this.options = options;
    this.plan = plan;
    this.io = io;
    this.view = view;
    this.children = tepuiChildren(options.respawn, (exit) => this.ended(exit));
    this.operator = new Operator({ addresses: plan.masters.map(({ grpc }) => grpc), timeoutMs: LOOK_MS * 5 });
    this.observer = new Observer(this.operator);
  }

  async run(): Promise<number> {
    const release = this.io.onInterrupt(() => {
      this.interrupted = true;
      this.wake();
    });
    for (const spec of childSpecs(this.plan, this.options.sample)) this.children.start(spec);
    while (!this.interrupted) {
      const leader = await this.show();
      await this.pause(leader === null ? ANXIOUS_LOOK_MS : LOOK_MS);
    }
    this.view.close('stopping');
    this.operator.close();
    await shutDown(this.plan, this.children);
    for (const { id, pid } of strangers(this.plan)) {
      this.view.close(`${id} (pid ${pid}) was started by somebody else and goes on running`);
    }
    release();
    return EXIT.interrupted;
  }

  /** Who leads, as far as this look could tell. */
  private async show(): Promise<string | null> {
    const seen = await this.observer.look();
    const { leader, term } = seen.status;
    if (this.interrupted) return leader;
    const withoutMs = this.vacancy.seen(leader, term, SYSTEM.clock.monotonicMs());
    const pids = { child: (id: string) => this.children.pid(id), folder: livingPid };
    this.view.show(drawPicture(this.plan, seen, pids), withoutMs);
    return leader;
  }

  private ended({ id, pid, how }: ChildExit): void {
    if (this.interrupted) return;
    this.vacancy.ended(id, SYSTEM.clock.monotonicMs());
    this.view.note(`${id}${pid === null ? '' : ` (pid ${pid})`} ended: ${how}`);
    this.wake();
  }

  private pause(ms: number): Promise<void> {
    if (this.interrupted) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
