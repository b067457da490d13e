import { execFileSync, spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import path from 'node:path';
import { EXIT } from '../../lib/cli/index.js';
import type { Cluster } from '../cluster/cluster.js';
import { filesOf } from '../damage/data-folder.js';
import { RESTART_LIMIT_MS, type Fault } from './fault.js';

/** How much more the log may still grow: the write that does not fit ends in the middle of a record. */
const ROOM_BYTES = 8 << 10;
/** How much more the process may say in its log. */
const WORDS_BYTES = 64 << 10;
const FAIL_LIMIT_MS = 30_000;

/** Whether this machine has what these faults are made with, on the path of `env`. */
export function canLimitFiles(env: NodeJS.ProcessEnv = process.env): boolean {
  return spawnSync('prlimit', ['--version'], { stdio: 'ignore', env }).status === 0;
}

/**
 * Writes of one master fail from some byte on, as on a full disk: the limit on the size of files of the running
 * process is lowered to little more than the size of its log. Needs no root, but `prlimit` of util-linux.
 */
export class FullDisk implements Fault {
  readonly victims: readonly string[];
  private readonly cluster: Cluster;
  private readonly victim: string;
  private limit = 0;

  constructor(cluster: Cluster, victim: string) {
    this.cluster = cluster;
    this.victim = victim;
    this.victims = [victim];
  }

  async inject(): Promise<void> {
    const { cluster, victim } = this;
    const pid = cluster.pid(victim)!;
    const folder = cluster.folder(victim);
    const sizes = filesOf(folder, 'raft').map((file) => statSync(file).size);
    const words = statSync(path.join(folder, 'log.jsonl')).size;
    this.limit = Math.max(words + WORDS_BYTES, Math.max(...sizes) + ROOM_BYTES);
    cluster.expectEnd(victim, EXIT.storage);
    execFileSync('prlimit', [`--fsize=${this.limit}`, '--pid', `${pid}`]);
    await this.cluster.waitFor(`${victim} meets the end of its disk`, FAIL_LIMIT_MS, () => {
      return cluster.pid(victim) === null ? true : null;
    });
  }

  async heal(): Promise<string> {
    this.cluster.startAgain(this.victim);
    await this.cluster.waitFor(`${this.victim} runs again`, RESTART_LIMIT_MS, () =>
      this.cluster.pid(this.victim),
    );
    return `no byte after ${this.limit} of a file could be written: exit ${EXIT.storage}`;
  }

  close(): void {
    this.cluster.unsupervise(this.victim);
  }
}
