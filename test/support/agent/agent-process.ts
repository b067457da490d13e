import { fork, type ChildProcess } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { AgentMessage, MasterMessage } from '../../../lib/agent/link.js';
import type { Registration } from '../../../lib/agent/types.js';
import { eventually } from '../eventually.js';
import { tempFolder } from '../temp-folder.js';
import { MasterDouble, type Connection } from './master-double.js';
import { killEverythingOf } from './processes.js';

export type FromAgent =
  | {
      readonly kind: 'connect';
      readonly link: number;
      readonly address: string;
      readonly registration: Registration;
    }
  | { readonly kind: 'send'; readonly link: number; readonly message: AgentMessage }
  | { readonly kind: 'close'; readonly link: number };

export type ToAgent =
  | { readonly kind: 'deliver'; readonly link: number; readonly message: MasterMessage }
  | { readonly kind: 'end'; readonly link: number; readonly reason: string };

const MAIN = fileURLToPath(new URL('./agent-main.js', import.meta.url));

export interface RigOptions {
  /** Environment of the agent process. */
  readonly env?: NodeJS.ProcessEnv;
  readonly holderMain?: string;
  /** Below the folder of the rig. */
  readonly subfolder?: string;
}

/** A folder, masters, and one agent process after another. Call `close()` whatever happens. */
export class AgentRig {
  readonly master: MasterDouble = new MasterDouble();
  readonly folder: string;
  agent: ChildProcess | undefined;
  private readonly options: RigOptions;
  private readonly temporary = tempFolder();
  private readonly atExit = (): void => this.close();

  constructor(options: RigOptions = {}) {
    this.options = options;
    this.folder = path.join(this.temporary.path, options.subfolder ?? 'a1');
    fs.mkdirSync(this.folder, { recursive: true });
    process.on('exit', this.atExit);
  }

  /** Starts an agent process and waits until it is registered. */
  async start(): Promise<void> {
    const before = this.master.connections.length;
    this.launch();
    await eventually(() => this.master.connections.length > before, 10_000, `no registration: ${this.log()}`);
  }

  launch(): ChildProcess {
    const output = fs.openSync(path.join(this.temporary.path, 'agent.out'), 'a');
    const { env = {}, holderMain } = this.options;
    const agent = fork(MAIN, [this.folder, ...(holderMain === undefined ? [] : [holderMain])], {
      // A group of its own, as `tepui dev` gives each of its processes.
      detached: true,
      stdio: ['ignore', output, output, 'pipe', 'ipc'],
      env: { PATH: process.env['PATH'], ...env, TEPUI_LIFELINE_FD: '3' },
    });
    fs.closeSync(output);
    const connections = new Map<number, Connection>();
    agent.on('message', (message: FromAgent) => this.receive(agent, connections, message));
    this.agent = agent;
    return agent;
  }

  /** Ends the pipe that every process of the rig holds, as the death of this process would. */
  cutLifeline(): void {
    (this.agent?.stdio[3] as { destroy(): void } | null)?.destroy();
  }

  /** Sends a signal to the process group of the agent and waits for its end; returns the exit code. */
  async signal(signal: NodeJS.Signals): Promise<number | null> {
    const agent = this.agent;
    if (agent === undefined || agent.exitCode !== null || agent.signalCode !== null) return null;
    const ended = new Promise<number | null>((resolve) => agent.once('exit', (code) => resolve(code)));
    process.kill(-agent.pid!, signal);
    return ended;
  }

  holderPid(): number {
    const lock = fs.readFileSync(path.join(this.folder, 'meta/holder.lock'), 'utf8');
    return (JSON.parse(lock) as { pid: number }).pid;
  }

  sandbox(task: string, file = ''): string {
    return path.join(this.folder, 'tasks', 'F1', task, file);
  }

  read(task: string, file: string): string {
    return fs.readFileSync(this.sandbox(task, file), 'utf8');
  }

  /** What agents and holders wrote, for the messages of failing tests. */
  log(): string {
    const files = [path.join(this.temporary.path, 'agent.out'), path.join(this.folder, 'meta/holder.out')];
    return files
      .filter((file) => fs.existsSync(file))
      .map((file) => fs.readFileSync(file, 'utf8'))
      .join('\n');
  }

  close(): void {
    process.off('exit', this.atExit);
    this.agent?.kill('SIGKILL');
    killEverythingOf(this.folder);
    this.temporary.remove();
  }

  private receive(agent: ChildProcess, connections: Map<number, Connection>, message: FromAgent): void {
    if (message.kind === 'connect') {
      const { link, address, registration } = message;
      const tell = (order: ToAgent): void => {
        // An agent that was killed may not have been noticed yet: what it is told is lost, as on a broken stream.
        if (agent.connected) agent.send(order, () => undefined);
      };
      const connection: Connection = {
        address,
        registration,
        deliver: (delivered) => tell({ kind: 'deliver', link, message: delivered }),
        end: (reason) => tell({ kind: 'end', link, reason }),
      };
      connections.set(link, connection);
      this.master.connected(connection);
      return;
    }
    const connection = connections.get(message.link);
    if (connection === undefined) return;
    if (message.kind === 'send') this.master.sent(connection, message.message);
    else connections.delete(message.link);
  }
}
