import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { eventually } from '../../support/eventually.js';

const SAID_LINES = 40;

/** A foreign client as a process: told what to do by lines, and heard line by line. */
export class ForeignProcess {
  readonly child: ChildProcess;
  /** What it wrote to standard output so far. */
  readonly lines: string[] = [];
  private readonly errors: string[] = [];
  private readonly whenEnded: Promise<unknown>;

  constructor(argv: readonly string[], env: Readonly<Record<string, string>> = {}) {
    const [command, ...args] = argv;
    this.child = spawn(command!, args, {
      // A group of its own: scripts start others.
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1', ...env },
    });
    this.child.stdin!.on('error', () => undefined);
    createInterface(this.child.stdout!).on('line', (line) => this.lines.push(line));
    createInterface(this.child.stderr!).on('line', (line) => {
      this.errors.push(line);
      if (this.errors.length > SAID_LINES) this.errors.shift();
    });
    this.whenEnded = once(this.child, 'close');
  }

  get pid(): number {
    return this.child.pid!;
  }

  get hasEnded(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  /** Its last words, for the message of a failed test. */
  get said(): string {
    return [...this.lines.slice(-SAID_LINES), ...this.errors].join('\n');
  }

  /** The last of what it wrote to standard error. */
  get complaints(): string {
    return this.errors.join('\n');
  }

  tell(line: string): void {
    this.child.stdin!.write(`${line}\n`);
  }

  /** The first line, from number `from` on, that is like `pattern`. */
  async heard(pattern: RegExp, deadlineMs: number, from = 0): Promise<string> {
    const look = (): string | false => {
      const line = this.lines.slice(from).find((one) => pattern.test(one));
      if (line === undefined && this.hasEnded) throw new Error('it ended');
      return line ?? false;
    };
    return eventually(look, deadlineMs, `a line like ${pattern}`).catch((error: unknown) => {
      throw new Error(`${String(error)}; it said:\n${this.said}`, { cause: error });
    });
  }

  /** Closes its input; resolves with its exit code. */
  async finish(): Promise<number | null> {
    this.child.stdin!.end();
    await this.whenEnded;
    return this.child.exitCode;
  }

  async kill(): Promise<void> {
    if (!this.hasEnded) process.kill(-this.pid, 'SIGKILL');
    await this.whenEnded;
  }
}
