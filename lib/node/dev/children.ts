import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, openSync, closeSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const BIN = path.join(path.dirname(fileURLToPath(import.meta.url)), '../../../../bin/tepui');

export interface ChildSpec {
  readonly id: string;
  readonly folder: string;
  readonly args: readonly string[];
}

export interface ChildExit {
  readonly id: string;
  readonly pid: number;
  readonly how: string;
}

interface Child {
  readonly spec: ChildSpec;
  readonly process: ChildProcess;
  exited: boolean;
}

/** How soon a process that died at once is started again. */
const RESPAWN_DELAY_MS = 100;

/**
 * The processes of a dev cluster, each in a group of its own and each holding one end of a pipe: when `dev`
 * dies, the kernel closes the other end and they end themselves.
 */
export class Children {
  private readonly children = new Map<string, Child>();
  private readonly onExit: (exit: ChildExit) => void;
  private readonly respawn: boolean;
  private stopping = false;

  constructor(respawn: boolean, onExit: (exit: ChildExit) => void) {
    this.respawn = respawn;
    this.onExit = onExit;
  }

  start(spec: ChildSpec): void {
    mkdirSync(spec.folder, { recursive: true });
    const output = openSync(path.join(spec.folder, 'output.log'), 'a');
    const child = spawn(process.execPath, [BIN, ...spec.args], {
      detached: true,
      stdio: ['ignore', output, output, 'pipe'],
      env: { ...process.env, TEPUI_LIFELINE_FD: '3' },
    });
    closeSync(output);
    const entry: Child = { spec, process: child, exited: false };
    this.children.set(spec.id, entry);
    // The pipe carries nothing; an error on it only means that the process is gone.
    child.stdio[3]?.on('error', () => undefined);
    child.once('error', (error) => this.ended(entry, `could not be started: ${error.message}`));
    child.once('exit', (code, signal) => this.ended(entry, signal ?? `exit ${code}`));
  }

  pid(id: string): number | null {
    const child = this.children.get(id);
    return child === undefined || child.exited ? null : (child.process.pid ?? null);
  }

  alive(ids: readonly string[]): string[] {
    return ids.filter((id) => this.pid(id) !== null);
  }

  /** From now on nothing is started again. */
  noRespawn(): void {
    this.stopping = true;
  }

  /** Sends `signal` to the processes and waits until they have ended, or `patienceMs`. */
  async end(ids: readonly string[], signal: NodeJS.Signals, patienceMs: number): Promise<boolean> {
    const waits = this.alive(ids).map((id) => {
      const { process: child } = this.children.get(id)!;
      const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
      child.kill(signal);
      return gone;
    });
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<boolean>((resolve) => {
      timer = setTimeout(() => resolve(false), patienceMs);
    });
    const all = Promise.all(waits).then(() => true);
    const inTime = await Promise.race([all, late]);
    clearTimeout(timer);
    return inTime;
  }

  /** Closes the pipes to processes: what still holds the other end of one (an agent's holder) ends itself. */
  cut(ids: readonly string[]): void {
    for (const id of ids) this.children.get(id)?.process.stdio[3]?.destroy();
  }

  private ended(child: Child, how: string): void {
    if (child.exited) return;
    child.exited = true;
    const { spec } = child;
    this.onExit({ id: spec.id, pid: child.process.pid ?? 0, how });
    if (!this.respawn || this.stopping) return;
    setTimeout(() => {
      if (!this.stopping) this.start(spec);
    }, RESPAWN_DELAY_MS);
  }
}
