import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export const TEPUI = path.join(path.dirname(fileURLToPath(import.meta.url)), '../../../bin/tepui');

export interface MasterProcess {
  readonly id: string;
  readonly pid: number;
  readonly http: string | null;
  readonly grpc: string;
  readonly peer: string;
  readonly zk: string | null;
}

export interface AgentProcess {
  readonly id: string;
  readonly pid: number;
  readonly http: string | null;
}

interface Announcement {
  readonly masters: readonly MasterProcess[];
  readonly agents: readonly AgentProcess[];
  readonly leader: string;
}

export interface DevClusterOptions {
  readonly masters?: number;
  readonly agents?: number;
  readonly sample?: boolean;
  readonly respawn?: boolean;
  /** Kept between two clusters; a new temporary folder otherwise, removed at the end. */
  readonly dir?: string;
}

/** A real cluster started by `tepui dev --json`, on ports of its own. */
export class DevCluster {
  readonly dir: string;
  readonly process: ChildProcess;
  readonly announcement: Announcement;
  private readonly ownsDir: boolean;

  private constructor(dir: string, ownsDir: boolean, child: ChildProcess, announcement: Announcement) {
    this.dir = dir;
    this.ownsDir = ownsDir;
    this.process = child;
    this.announcement = announcement;
  }

  static async start(options: DevClusterOptions = {}): Promise<DevCluster> {
    const dir = options.dir ?? mkdtempSync(path.join(tmpdir(), 'tepui-test-'));
    const masters = options.masters ?? 3;
    const offset = await freeOffset(masters);
    const args = [TEPUI, 'dev', '--json', '--dir', dir, '--port-offset', String(offset)];
    args.push('--masters', String(masters), '--agents', String(options.agents ?? 0));
    if (options.sample !== true) args.push('--no-sample');
    if (options.respawn === true) args.push('--respawn');
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let errors = '';
    child.stderr.on('data', (data: Buffer) => (errors = (errors + data.toString()).slice(-4000)));
    const first = new Promise<string>((resolve, reject) => {
      createInterface(child.stdout).once('line', resolve);
      child.once('exit', (code) => reject(new Error(`dev ended with ${code} before it served: ${errors}`)));
    });
    const announcement = JSON.parse(await first) as Announcement;
    return new DevCluster(dir, options.dir === undefined, child, announcement);
  }

  get grpcAddresses(): string[] {
    return this.announcement.masters.map(({ grpc }) => grpc);
  }

  master(id: string): MasterProcess {
    return this.announcement.masters.find((master) => master.id === id)!;
  }

  /** The pid that the process of `id` has now: it changes when it is respawned. */
  pid(id: string): number {
    return Number(readFileSync(path.join(this.dir, id, 'pid'), 'utf8').trim());
  }

  signal(id: string, signal: NodeJS.Signals): number {
    const pid = this.pid(id);
    process.kill(pid, signal);
    return pid;
  }

  /** Ends everything as Ctrl-C would; resolves when `dev` has ended. */
  async stop(): Promise<void> {
    await this.end('SIGINT');
  }

  async end(signal: NodeJS.Signals): Promise<void> {
    if (this.process.exitCode === null && this.process.signalCode === null) {
      const ended = new Promise((resolve) => this.process.once('exit', resolve));
      this.process.kill(signal);
      await ended;
    }
    if (this.ownsDir) rmSync(this.dir, { recursive: true, force: true });
  }
}

/** An offset at which all ports of a cluster of `masters` are free now. */
export async function freeOffset(masters: number): Promise<number> {
  for (let attempt = 0; attempt < 50; attempt++) {
    // Below the ports that the kernel gives to outgoing connections, which could take one before we do.
    const offset = 5_000 + Math.floor(Math.random() * 21_000);
    const ports = Array.from({ length: masters }, (_, i) => [
      5050 + 100 * i,
      5060 + 100 * i,
      5070 + 100 * i,
      2181 + i,
    ]).flat();
    const free = await Promise.all(ports.map((port) => isFree(port + offset)));
    if (free.every(Boolean)) return offset;
  }
  throw new Error('no free range of ports found');
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1' }, () => server.close(() => resolve(true)));
  });
}
