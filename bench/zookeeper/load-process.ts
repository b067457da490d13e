import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Reaper } from '../failover/support/reaper.js';

/** From dist/bench/zookeeper: the source is not compiled with the rest, and stays where it is. */
const SOURCE = fileURLToPath(new URL('../../../bench/zookeeper/load/load.c', import.meta.url));

/** The flags of load.c (its head says what they mean), without the hosts. */
export interface LoadOptions {
  readonly op: 'set' | 'get' | 'mixed' | 'create' | 'fill' | 'ready';
  readonly connections?: number;
  readonly window?: number;
  readonly bytes?: number;
  readonly keys?: number;
  readonly first?: number;
  readonly readPercent?: number;
  readonly rate?: number;
  readonly ramp?: number;
  readonly root?: string;
  readonly seconds?: number;
}

/** What became of the connections that were opened at one host. */
export interface HostResult {
  readonly host: string;
  readonly connections: number;
  readonly closed: number;
  readonly gap_ms: number;
}

export interface LoadResult {
  readonly ops_s: number;
  readonly done: number;
  readonly p50_us: number;
  readonly p99_us: number;
  readonly p999_us: number;
  readonly max_us: number;
  readonly gap_ms: number;
  readonly errors: number;
  /** As ZooKeeper numbers them; 0: none. */
  readonly first_error: number;
  /** On the way when a server closed the connection. */
  readonly dropped: number;
  readonly unanswered: number;
  readonly lost_sessions: number;
  readonly hosts: readonly HostResult[];
}

/** The load generator, compiled into a folder of its own. */
export class LoadGenerator {
  private readonly folder = mkdtempSync(path.join(tmpdir(), 'tepui-load-'));
  private readonly program = path.join(this.folder, 'load');
  private readonly reaper = new Reaper();
  private readonly running = new Set<ChildProcess>();

  compilerIsThere(): boolean {
    return spawnSync('gcc', ['--version']).status === 0;
  }

  compile(): void {
    execFileSync('gcc', ['-O2', '-Wall', '-o', this.program, SOURCE], {
      stdio: ['ignore', 'inherit', 'inherit'],
    });
  }

  /** Resolves to the result; `measuring` is called once the ramp is over. */
  async run(
    hosts: readonly string[],
    options: LoadOptions,
    measuring: () => void = () => undefined,
  ): Promise<LoadResult> {
    return JSON.parse(await this.output(loadArguments(hosts, options), measuring)) as LoadResult;
  }

  /** Milliseconds until every one of them had answered a write and a read. */
  async untilReady(hosts: readonly string[], limitSeconds: number): Promise<number> {
    const args = loadArguments(hosts, { op: 'ready', seconds: limitSeconds });
    return (JSON.parse(await this.output(args, () => undefined)) as { ms: number }).ms;
  }

  /** Ends what runs and removes the program. */
  stop(): void {
    for (const child of this.running) child.kill('SIGKILL');
    rmSync(this.folder, { recursive: true, force: true });
  }

  private output(args: readonly string[], measuring: () => void): Promise<string> {
    return new Promise((resolve, reject) => {
      const child = spawn(this.program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
      this.running.add(child);
      if (child.pid !== undefined) this.reaper.add(child.pid);
      let text = '';
      let complaint = '';
      child.stdout.on('data', (data: Buffer) => (text += data.toString()));
      createInterface(child.stderr).on('line', (line) => {
        if (line === 'measuring') measuring();
        else complaint += `${line}\n`;
      });
      child.once('error', reject);
      child.once('close', (code, signal) => {
        this.running.delete(child);
        if (child.pid !== undefined) this.reaper.remove(child.pid);
        if (code === 0) resolve(text);
        else reject(new Error(`the load generator ended with ${signal ?? code}: ${complaint.trim()}`));
      });
    });
  }
}

export function loadArguments(hosts: readonly string[], options: LoadOptions): string[] {
  const flags = Object.entries(options).flatMap(([name, given]: [string, string | number]) => {
    return [`--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`, String(given)];
  });
  return ['--hosts', hosts.join(','), ...flags];
}
