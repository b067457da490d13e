import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { Reaper } from './reaper.js';

export interface ProcessSpec {
  readonly id: string;
  readonly command: string;
  readonly args: readonly string[];
  /** Where standard output and error go. */
  readonly output: string;
}

interface Running {
  readonly spec: ProcessSpec;
  readonly child: ChildProcess;
  readonly ended: Promise<void>;
}

/** Member processes that this process started and ends, whatever happens to it. */
export class Processes {
  private readonly running = new Map<string, Running>();
  private readonly reaper = new Reaper();
  private readonly killed = new WeakSet<ChildProcess>();
  private unexpected: string | null = null;

  /** Starts it once the last process of the same id is gone. */
  async start(spec: ProcessSpec): Promise<void> {
    await this.running.get(spec.id)?.ended;
    const output = openSync(spec.output, 'a');
    const child = spawn(spec.command, spec.args, { stdio: ['ignore', output, output], detached: true });
    closeSync(output);
    const ended = new Promise<void>((resolve) => {
      child.once('exit', (code, signal) => {
        this.noteEnd(spec, child, signal ?? `exit ${code}`);
        resolve();
      });
      child.once('error', (error) => {
        this.noteEnd(spec, child, error.message);
        resolve();
      });
    });
    if (child.pid !== undefined) this.reaper.add(child.pid);
    this.running.set(spec.id, { spec, child, ended });
  }

  /** The same command line again. */
  async restart(id: string): Promise<void> {
    await this.start(this.find(id).spec);
  }

  pid(id: string): number {
    const { pid } = this.find(id).child;
    if (pid === undefined) throw new Error(`${id} could not be started`);
    return pid;
  }

  kill(id: string): void {
    const { child } = this.find(id);
    this.killed.add(child);
    child.kill('SIGKILL');
  }

  pause(id: string): void {
    this.find(id).child.kill('SIGSTOP');
  }

  resume(id: string): void {
    this.find(id).child.kill('SIGCONT');
  }

  /** An error if one of them ended that nobody had killed. */
  check(): void {
    if (this.unexpected !== null) throw new Error(this.unexpected);
  }

  async end(): Promise<void> {
    for (const id of this.running.keys()) this.kill(id);
    await Promise.all([...this.running.values()].map(({ ended }) => ended));
  }

  private find(id: string): Running {
    const running = this.running.get(id);
    if (running === undefined) throw new Error(`no process ${id} was started`);
    return running;
  }

  private noteEnd(spec: ProcessSpec, child: ChildProcess, how: string): void {
    if (child.pid !== undefined) this.reaper.remove(child.pid);
    if (this.killed.has(child)) return;
    const last = readFileSync(spec.output, 'utf8').slice(-1500);
    this.unexpected ??= `${spec.command} (${spec.id}) ended by itself (${how}): ${last}`;
  }
}
