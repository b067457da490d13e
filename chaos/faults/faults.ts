import { spawn, type ChildProcess } from 'node:child_process';
import type { Cluster } from '../cluster/cluster.js';
import { processState } from '../cluster/process-state.js';
import { waitFor } from '../cluster/wait.js';
import type { Link } from './network.js';
import type { FaultKind, PlannedFault } from './plan.js';

/** A fault of known victims. Both steps throw when what they ask for did not happen. */
export interface Fault {
  readonly victims: readonly string[];
  /** Resolves when the fault is seen to be there; for cuts, see `heal`. */
  inject(): Promise<void>;
  /** Ends it and resolves to what confirms that it was there. */
  heal(): Promise<string>;
}

const LEADER_LIMIT_MS = 30_000;
const CONFIRM_LIMIT_MS = 5_000;
const RESTART_LIMIT_MS = 20_000;

/** Chooses the victims, as things stand now. */
export async function makeFault({ kind, draw }: PlannedFault, cluster: Cluster): Promise<Fault> {
  const one = cluster.masters[draw % cluster.masters.length]!;
  const leader = () => cluster.awaitLeader(LEADER_LIMIT_MS);
  const { network } = cluster;
  const around = (id: string) => [...network.linksFrom(id), ...network.linksTo(id)];
  const cut = (id: string, links: readonly Link[]) => new Cut(cluster, id, links);
  switch (kind) {
    case 'kill-leader':
      return new Kill(cluster, [await leader()]);
    case 'kill-one':
      return new Kill(cluster, [one]);
    case 'kill-all':
      return new Kill(cluster, cluster.masters);
    case 'kill-agent':
      return new Kill(cluster, [cluster.agents[draw % cluster.agents.length]!]);
    case 'pause-leader':
      return new Pause(cluster, [await leader()]);
    case 'pause-one':
      return new Pause(cluster, [one]);
    case 'pause-all':
      return new Pause(cluster, cluster.masters);
    case 'isolate-leader': {
      const id = await leader();
      return cut(id, around(id));
    }
    case 'isolate-one':
      return cut(one, around(one));
    case 'mute-leader': {
      const id = await leader();
      return cut(id, network.linksFrom(id));
    }
    case 'deafen-leader': {
      const id = await leader();
      return cut(id, network.linksTo(id));
    }
    case 'reset-links':
      return new Reset(cluster, one, around(one));
  }
}

/** What a fault does to a cluster without it, for the report. */
export function touchesMasters(kind: FaultKind): boolean {
  return kind !== 'kill-agent';
}

class Kill implements Fault {
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
        waitFor(`${id} runs again`, RESTART_LIMIT_MS, () => {
          const pid = this.cluster.writtenPid(id);
          return pid === this.cluster.pid(id) && !this.killed.includes(pid) ? pid : null;
        }),
      ),
    );
    return `pids ${this.killed.join(', ')} became ${pids.join(', ')}`;
  }
}

class Pause implements Fault {
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
    await waitFor(`pids ${this.stopped.join(', ')} are ${state}`, CONFIRM_LIMIT_MS, () =>
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

class Cut implements Fault {
  readonly victims: readonly string[];
  private readonly cluster: Cluster;
  private readonly links: readonly Link[];
  private blockedBefore = 0;

  constructor(cluster: Cluster, victim: string, links: readonly Link[]) {
    this.cluster = cluster;
    this.victims = [victim];
    this.links = links;
  }

  inject(): Promise<void> {
    this.blockedBefore = this.blocked();
    for (const link of this.links) this.cluster.network.link(link).cut();
    return Promise.resolve();
  }

  /** Only what a cut held back shows that it cut anything. */
  async heal(): Promise<string> {
    const bytes = await waitFor('a cut link blocks something', CONFIRM_LIMIT_MS, () => {
      return this.blocked() - this.blockedBefore || null;
    }).finally(() => {
      for (const link of this.links) this.cluster.network.link(link).heal();
    });
    return `${bytes} bytes were held back`;
  }

  private blocked(): number {
    return sum(this.links.map((link) => this.cluster.network.link(link).counters.bytesBlocked));
  }
}

/** Connections break at once, and new ones too, until it heals. */
class Reset implements Fault {
  readonly victims: readonly string[];
  private readonly cluster: Cluster;
  private readonly links: readonly Link[];
  private before = 0;

  constructor(cluster: Cluster, victim: string, links: readonly Link[]) {
    this.cluster = cluster;
    this.victims = [victim];
    this.links = links;
  }

  async inject(): Promise<void> {
    this.before = this.broken();
    for (const link of this.links) {
      const proxy = this.cluster.network.link(link);
      proxy.refuse();
      proxy.reset();
    }
    await waitFor('a connection is reset or refused', CONFIRM_LIMIT_MS, () => {
      return this.broken() > this.before ? true : null;
    });
  }

  heal(): Promise<string> {
    for (const link of this.links) this.cluster.network.link(link).heal();
    return Promise.resolve(`${this.broken() - this.before} connections were reset or refused`);
  }

  private broken(): number {
    return sum(
      this.links.map((link) => {
        const { connectionsRefused, connectionsReset } = this.cluster.network.link(link).counters;
        return connectionsRefused + connectionsReset;
      }),
    );
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}
