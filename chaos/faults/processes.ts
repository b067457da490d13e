import { spawn, type ChildProcess } from 'node:child_process';
import type { Cluster } from '../cluster/cluster.js';
import { processState } from '../cluster/process-state.js';
import { CONFIRM_LIMIT_MS, RESTART_LIMIT_MS, type Fault } from './fault.js';

export class Kill implements Fault {
  readonly victims: readonly string[];
  private readonly cluster: Cluster;
  private killed: readonly number[] = [];

  constructor(cluster: Cluster, victims: readonly string[]) {
    this.cluster = cluster;
    this.victims = victims;
  }

  async inject(): Promise<void> {
    this.killed = await Promise.all(this.victims.map((id) => this.cluster.kill(id)));
  }

  async heal(): Promise<string> {
    for (const id of this.victims) this.cluster.startAgain(id);
    const pids = await Promise.all(
      this.victims.map((id) =>
        this.cluster.waitFor(`${id} runs again`, RESTART_LIMIT_MS, () => {
          const pid = this.cluster.writtenPid(id);
          return pid === this.cluster.pid(id) && !this.killed.includes(pid) ? pid : null;
        }),
      ),
    );
    return `pids ${this.killed.join(', ')} became ${pids.join(', ')}`;
  }
}

export class Pause implements Fault {
  readonly victims: readonly string[];
  private readonly cluster: Cluster;
  private stopped: readonly number[] = [];
  private guard: ChildProcess | null = null;

  constructor(cluster: Cluster, victims: readonly string[]) {
    this.cluster = cluster;
    this.victims = victims;
  }

  async inject(): Promise<void> {
    this.guard = wakeWhenWeDie(this.victims.map((id) => this.cluster.pid(id)));
    this.stopped = this.victims.map((id) => this.cluster.signal(id, 'SIGSTOP'));
    await this.awaitState('stopped');
  }

  async heal(): Promise<string> {
    for (const pid of this.stopped) {
      if (processState(pid) !== 'stopped') throw new Error(`pid ${pid} did not stay stopped`);
      process.kill(pid, 'SIGCONT');
    }
    this.guard?.kill('SIGKILL');
    await this.awaitState('alive');
    return `pids ${this.stopped.join(', ')} were stopped`;
  }

  private async awaitState(state: 'stopped' | 'alive'): Promise<void> {
    await this.cluster.waitFor(`pids ${this.stopped.join(', ')} are ${state}`, CONFIRM_LIMIT_MS, () =>
      this.stopped.every((pid) => processState(pid) === state) ? true : null,
    );
  }
}

/**
 * A stopped process does not notice that the pipe from us breaks: something else must wake it then. The reading
 * ends when somebody writes, or when we are gone; nobody writes.
 */
function wakeWhenWeDie(pids: readonly (number | null)[]): ChildProcess {
  const known = pids.flatMap((pid) => (pid === null ? [] : [String(pid)]));
  const script = 'read -r line; kill -CONT "$@"';
  return spawn('/bin/sh', ['-c', script, 'sh', ...known], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
}
