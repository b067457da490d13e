import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { stringify } from 'yaml';
import type { CliIo } from '../../cli/index.js';
import { EXIT } from '../../cli/index.js';
import { Operator } from '../../client/index.js';
import { announce, serves } from './announcement.js';
import { describeChanges } from './changes.js';
import { Children, type ChildSpec } from './children.js';
import { look } from './observe.js';
import type { Picture } from './picture.js';
import { configFiles, makePlan, type DevOptions, type DevPlan } from './plan.js';
import { checkPortsFree } from '../ports.js';
import { shutDown } from './shutdown.js';
import { renderTable } from './table.js';

const LOOK_MS = 200;
const CLEAR = '\u001B[H\u001B[J';

/** Runs a local cluster as separate processes until it is interrupted; resolves with the exit code. */
export async function runDev(options: DevOptions, io: CliIo): Promise<number> {
  const plan = makePlan(options);
  const doors = plan.masters.flatMap(({ grpc, peer }) => [grpc, peer]);
  await checkPortsFree(doors, 'move all ports with --port-offset');
  prepareFolder(options, plan);
  const dev = new Dev(options, plan, io);
  return dev.run();
}

function prepareFolder({ dir, fresh }: DevOptions, plan: DevPlan): void {
  if (fresh) rmSync(dir, { recursive: true, force: true });
  for (const [file, value] of configFiles(plan)) {
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, stringify(value));
  }
}

class Dev {
  private readonly options: DevOptions;
  private readonly plan: DevPlan;
  private readonly io: CliIo;
  private readonly children: Children;
  private readonly operator: Operator;
  private last: Picture | null = null;
  private serving = false;
  private interrupted = false;
  private wake: () => void = () => undefined;

  constructor(options: DevOptions, plan: DevPlan, io: CliIo) {
    this.options = options;
    this.plan = plan;
    this.io = io;
    this.children = new Children(options.respawn, ({ id, pid, how }) => {
      if (!this.interrupted) this.note(`${id} (pid ${pid}) ended: ${how}`);
    });
    this.operator = new Operator({ addresses: plan.masters.map(({ grpc }) => grpc), timeoutMs: LOOK_MS * 5 });
  }

  async run(): Promise<number> {
    const release = this.io.onInterrupt(() => {
      this.interrupted = true;
      this.wake();
    });
    for (const spec of this.specs()) this.children.start(spec);
    while (!this.interrupted) {
      await this.show();
      await this.pause(LOOK_MS);
    }
    this.note('stopping');
    this.operator.close();
    await shutDown(this.plan, this.children);
    release();
    return EXIT.interrupted;
  }

  private specs(): ChildSpec[] {
    const { masters, agents, sampleFolder } = this.plan;
    const config = (folder: string) => ['--config', path.join(folder, 'config.yaml')];
    return [
      ...masters.map(({ id, folder }) => ({ id, folder, args: ['master', ...config(folder)] })),
      ...agents.map(({ id, folder }) => ({ id, folder, args: ['agent', ...config(folder)] })),
      ...(this.options.sample
        ? [
            {
              id: 'sample',
              folder: sampleFolder,
              args: [
                'sample',
                '--masters',
                masters.map(({ grpc }) => grpc).join(','),
                '--state',
                path.join(sampleFolder, 'framework.json'),
              ],
            },
          ]
        : []),
    ];
  }

  private async show(): Promise<void> {
    const picture = await look(this.plan, this.children, this.operator);
    if (this.interrupted) return;
    if (this.options.json) this.announceOnce(picture);
    else if (process.stdout.isTTY) this.io.out(`${CLEAR}${renderTable(picture)}\n`);
    else for (const line of describeChanges(this.last, picture)) this.io.out(`${line}\n`);
    this.last = picture;
  }

  private announceOnce(picture: Picture): void {
    if (this.serving || !serves(picture)) return;
    this.serving = true;
    const peers = new Map(this.plan.masters.map(({ id, peer }) => [id, peer]));
    this.io.out(`${JSON.stringify(announce(picture, (id) => peers.get(id) ?? ''))}\n`);
  }

  /** Notes would spoil the live table, and standard output belongs to the one JSON line. */
  private note(text: string): void {
    if (this.options.json) this.io.err(`tepui dev: ${text}\n`);
    else if (!process.stdout.isTTY) this.io.out(`${text}\n`);
  }

  private pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
