import { accessSync, constants } from 'node:fs';
import path from 'node:path';
import { EtcdGroup } from './etcd/etcd-group.js';
import type { Group } from './group.js';
import { JAR, ZooKeeperGroup } from './zookeeper/zookeeper-group.js';

export interface RivalOptions {
  /** How long an etcd client waits for one write before it gives it up; null: 200 to 300 ms, each time another. */
  readonly etcdPatienceMs: number | null;
}

export interface Rival {
  /** What must be there before it can run: what is missing, or null. */
  missing(): string | null;
  /** How Debian installs it. */
  readonly install: string;
  make(options: RivalOptions): Group;
}

/** What the same rounds can be run against, by name. */
export const RIVALS: ReadonlyMap<string, Rival> = new Map<string, Rival>([
  [
    'zookeeper',
    {
      missing: () => missingCommand('java') ?? missingFile(JAR),
      install: 'apt-get install zookeeper',
      make: () => new ZooKeeperGroup(),
    },
  ],
  [
    'etcd',
    {
      missing: () => missingCommand('etcd'),
      install: 'apt-get install etcd-server',
      make: ({ etcdPatienceMs }) => new EtcdGroup(etcdPatienceMs),
    },
  ],
]);

/** What is wrong with the names given to `--with`, one line each; empty: all of them can run. */
export function objections(names: readonly string[]): string[] {
  return names.flatMap((name) => {
    const rival = RIVALS.get(name);
    if (rival === undefined) return [`--with ${name}: unknown; known are ${[...RIVALS.keys()].join(', ')}`];
    const missing = rival.missing();
    return missing === null ? [] : [`--with ${name}: ${missing}; on Debian: ${rival.install}`];
  });
}

function missingCommand(name: string): string | null {
  const folders = (process.env['PATH'] ?? '').split(path.delimiter);
  const found = folders.some((folder) => isThere(path.join(folder, name), constants.X_OK));
  return found ? null : `no command ${name} in PATH`;
}

function missingFile(file: string): string | null {
  return isThere(file, constants.R_OK) ? null : `no file ${file}`;
}

function isThere(file: string, mode: number): boolean {
  try {
    accessSync(file, mode);
    return true;
  } catch {
    return false;
  }
}
