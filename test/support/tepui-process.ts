import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { TEPUI } from './dev-cluster.js';

export interface Ending {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ProcessOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Commands of bash that run before `tepui` in the same process: limits, mostly. */
  readonly before?: string;
}

/**
 * One `bin/tepui …` of a test. It holds a pipe from this process, so it ends with it, however that dies.
 */
export class TepuiProcess {
  readonly child: ChildProcess;
  readonly whenEnded: Promise<Ending>;
  private out = '';
  private err = '';

  constructor(args: readonly string[], options: ProcessOptions = {}) {
    const { cwd, env, before } = options;
    const argv = [process.execPath, TEPUI, ...args];
    const command = before === undefined ? argv : ['bash', '-c', `${before}; exec "$@"`, 'bash', ...argv];
    this.child = spawn(command[0]!, command.slice(1), {
      cwd: cwd ?? process.cwd(),
      env: { ...process.env, TEPUI_LIFELINE_FD: '3', ...env },
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    });
    this.child.stdout!.on('data', (data: Buffer) => (this.out += data.toString()));
    this.child.stderr!.on('data', (data: Buffer) => (this.err += data.toString()));
    this.child.stdio[3]?.on('error', () => undefined);
    // Not 'close': what the process leaves behind (a holder of tasks) goes on holding the pipe.
    const events = [
      once(this.child, 'exit'),
      once(this.child.stdout!, 'end'),
      once(this.child.stderr!, 'end'),
    ];
    this.whenEnded = Promise.all(events).then(() => {
      return { code: this.child.exitCode, stdout: this.out, stderr: this.err };
    });
  }

  get pid(): number {
    return this.child.pid!;
  }

  get stdout(): string {
    return this.out;
  }

  get stderr(): string {
    return this.err;
  }

  get hasEnded(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  /** Sends `signal` unless it has ended; resolves when it has. */
  async end(signal: NodeJS.Signals = 'SIGTERM'): Promise<Ending> {
    if (!this.hasEnded) this.child.kill(signal);
    const ending = await this.whenEnded;
    this.cut();
    return ending;
  }

  /** Closes the pipe: whatever still holds its other end ends itself. */
  cut(): void {
    this.child.stdio[3]?.destroy();
  }
}

/** Runs `bin/tepui …` to its end, and what it leaves behind. */
export async function tepui(args: readonly string[], options: ProcessOptions = {}): Promise<Ending> {
  const process = new TepuiProcess(args, options);
  const ending = await process.whenEnded;
  process.cut();
  return ending;
}

/** The last lines of a process's log, for the message of a failed test. */
export function logTail(folder: string, lines = 15): string {
  const file = path.join(folder, 'log.jsonl');
  if (!existsSync(file)) return `no ${file}`;
  return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-lines).join('\n');
}
